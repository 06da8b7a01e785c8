#!/usr/bin/env python3
"""Compares embd's tokenizer with the PyPI package `tokenizers`: ids, type ids, masks, offsets.

    python3 tools/tokenizer_make_files.py /tmp/tokenizers
    python3 tools/tokenizer_diff.py --driver BUILD/embd_tokenizer_driver /tmp/tokenizers/*.json

Every scalar value alone and inside a word (--step takes every n-th), fuzzed strings, prose, pairs,
truncation, decoding. Exits with 1 and shows the first differences when there are any.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import tokenizers

import tokenizer_make_files
import tokenizer_texts

SHOWN = 5
CHUNK = 20000


def char_offsets(text, offsets):
    """Places in bytes as places in characters, which is what the reference's Python interface shows;
    None for one inside a character. That happens where a post-processor has cut off a space: it cuts
    bytes off byte offsets and characters off character offsets."""
    place = {}
    at = 0
    for index, char in enumerate(text):
        place[at] = index
        at += len(char.encode())
    place[at] = len(text)
    return [(place.get(begin), place.get(end)) for begin, end in offsets]


def same_offsets(expected, found):
    return len(expected) == len(found) and all(
        b in (None, a) for pair in zip(expected, found) for a, b in zip(*pair))


class Comparison:
    def __init__(self, driver, path):
        self.driver, self.path = driver, path
        self.reference = tokenizers.Tokenizer.from_file(str(path))
        self.reference.no_padding()
        self.failures = 0
        self.compared = 0

    def run_driver(self, command, lines, *flags):
        with tempfile.TemporaryFile("w+") as source:
            source.writelines(json.dumps(line) + "\n" for line in lines)
            source.seek(0)
            done = subprocess.run([self.driver, command, self.path, *flags], stdin=source,
                                  stdout=subprocess.PIPE, check=True)
        return [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]

    def show(self, what, text, expected, found):
        self.failures += 1
        if self.failures <= SHOWN:
            print(f"{self.path.name}: {what} of {text!r}\n  expected {expected}\n  found    {found}")

    def encode(self, texts, special=True, max_length=0, side="right"):
        flags = [] if special else ["--no-special-tokens"]
        if max_length:
            self.reference.enable_truncation(max_length, direction=side)
            flags += ["--max-length", str(max_length), *(["--left"] if side == "left" else [])]
        else:
            self.reference.no_truncation()
        texts = iter(texts)
        while chunk := list(itertools.islice(texts, CHUNK)):
            ours = self.run_driver("tokenize", chunk, *flags)
            theirs = self.reference.encode_batch(chunk, add_special_tokens=special)
            assert len(ours) == len(chunk), (len(ours), len(chunk))
            for text, a, b in zip(chunk, ours, theirs):
                self.compare(text, a, b)

    def compare(self, text, ours, theirs):
        self.compared += 1
        if "error" in ours:
            return self.show("error", text, theirs.ids, ours["error"])
        for name, expected in (("ids", theirs.ids), ("type_ids", theirs.type_ids),
                               ("special_tokens_mask", theirs.special_tokens_mask)):
            if ours[name] != expected:
                return self.show(name, text, expected, ours[name])
        offsets = [tuple(pair) for pair in ours["offsets"]]
        if isinstance(text, str):
            offsets = char_offsets(text, offsets)
        else:
            sides = [char_offsets(side, offsets) for side in text]
            offsets = [sides[side or 0][i] for i, side in enumerate(theirs.sequence_ids)]
        if not same_offsets(theirs.offsets, offsets):
            self.show("offsets", text, theirs.offsets, offsets)

    def decode(self, count):
        import random
        pick = random.Random(3)
        size = self.reference.get_vocab_size()
        lists = [[pick.randrange(size + 20) for _ in range(pick.randrange(12))] for _ in range(count)]
        texts = list(tokenizer_texts.fuzzed(count, 4, tokenizer_make_files.bits(self.path.stem)))
        self.reference.no_truncation()
        lists += [encoding.ids for encoding in self.reference.encode_batch(texts)]
        for flags, skip in (([], True), (["--keep-special-tokens"], False)):
            ours = self.run_driver("decode", lists, *flags)
            theirs = self.reference.decode_batch(lists, skip_special_tokens=skip)
            assert len(ours) == len(lists)
            for ids, a, b in zip(lists, ours, theirs):
                self.compared += 1
                if a != b:
                    self.show(f"decoding (skip {skip})", ids, repr(b), repr(a))

    def fuzzed(self, count, seed, bits):
        """Fuzzed texts. Where added tokens swallow whitespace and a post-processor cuts it off again,
        only ASCII may stand around them: characters do not tell what happens to the bytes."""
        for text in tokenizer_texts.fuzzed(count, seed, bits):
            if self.path.stem == "roberta" and "<mask>" in text:
                text = "".join(c for c in text if c <= "\x7f" or not c.isspace())
            yield text

    def run(self, step, fuzzed):
        scalars = tokenizer_texts.SCALARS[::step]
        self.encode(map(chr, scalars), special=False)
        self.encode((f"ab{chr(c)}Cd" for c in scalars), special=False)
        bits = tokenizer_make_files.bits(self.path.stem)
        self.encode(self.fuzzed(fuzzed, 1, bits))
        self.encode(tokenizer_texts.prose(fuzzed // 10))
        texts = list(self.fuzzed(fuzzed // 5, 2, bits))
        pairs = list(zip(texts[::2], texts[1::2]))
        self.encode(pairs)
        self.encode(pairs, special=False)
        # Short ones only: the reference keeps every combination of what it cuts off.
        short = [pair for pair in pairs if sum(map(len, pair)) < 80]
        for length in (5, 6, 17):
            for side in ("right", "left"):
                self.encode(map("".join, short), max_length=length, side=side)
                self.encode(short, max_length=length, side=side)
                self.encode(short, special=False, max_length=length, side=side)
        self.decode(fuzzed // 10)
        print(f"{self.path.name}: {self.compared} compared, {self.failures} different", flush=True)
        return self.failures == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driver", required=True)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--fuzzed", type=int, default=200000)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    results = [Comparison(options.driver, path).run(options.step, options.fuzzed)
               for path in options.files]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
