#!/usr/bin/env python3
"""Compares `embd tokenize` and `embd decode` with the PyPI package `tokenizers`: ids, type ids, masks, offsets and
decoded texts must be equal, and tokens what the reference calls these ids. (Its own list of tokens sometimes has
pieces of the text instead: what stands for an unknown piece, or a token with the spaces that it swallowed.)

    make test-tokenizers [FILES='gpt2 xlm_roberta']        or, by hand:
    .venv/bin/python tools/tokenizer_diff.py --binary build/release/src/app/embd --folder build/tokenizers

The files are those of tools/tokenizer_make_files.py, made first where they are missing, all-MiniLM-L6-v2's real
one (`minilm`), or paths. For each of them: every scalar value alone and inside a word (--step: every n-th),
fuzzed texts, English prose, passages in 42 languages, pairs, truncation on both sides, decoding with and without
special tokens. Files are compared side by side, one process each. Prints a table, shows the first differences
of a file, and exits with 1 when there is any.
"""

import argparse
import collections
import concurrent.futures
import gc
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the files are what runs side by side

import orjson
import tokenizers

import tokenizer_make_files
import tokenizer_texts

ROOT = pathlib.Path(__file__).resolve().parent.parent
MINILM = ROOT / "models/all-MiniLM-L6-v2/tokenizer.json"
SHOWN = 5
CHUNK = 5000


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
    """All comparisons for one file."""

    def __init__(self, binary, path, name):
        self.binary, self.path, self.name = binary, path, name
        self.reference = tokenizers.Tokenizer.from_file(str(path))
        self.reference.no_padding()
        self.reference.no_truncation()
        self.compared = collections.Counter()
        self.different = collections.Counter()
        self.section = ""
        self.spelling = {}  # of token ids, by the reference
        self.report = []

    def run_embd(self, command, lines, *flags):
        """The answers to the lines, one by one, while embd computes the next ones."""
        with tempfile.TemporaryFile() as source:
            source.writelines(orjson.dumps(line) + b"\n" for line in lines)
            source.seek(0)
            command = [self.binary, command, "--tokenizer", str(self.path), *flags]
            with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE) as process:
                yield from map(orjson.loads, process.stdout)
        if process.returncode != 0:
            raise RuntimeError(f"{command} ended with {process.returncode}")

    def show(self, what, text, expected, found):
        self.different[self.section] += 1
        if self.different.total() <= SHOWN:
            self.report.append(f"{self.name}: {self.section}: {what} of {text!r}\n"
                               f"  expected {expected}\n  found    {found}")

    def encode(self, texts, special=True, max_length=0, side="right"):
        flags = [] if special else ["--no-special-tokens"]
        if max_length:
            self.reference.enable_truncation(max_length, direction=side)
            flags += ["--max-length", str(max_length), "--truncation-side", side]
        else:
            self.reference.no_truncation()
        texts = list(texts)
        ours = self.run_embd("tokenize", texts, *flags)
        for at in range(0, len(texts), CHUNK):
            chunk = texts[at:at + CHUNK]
            for text, theirs in zip(chunk, self.reference.encode_batch(chunk, add_special_tokens=special)):
                self.compare(text, next(ours), theirs)
        if next(ours, None) is not None:
            raise RuntimeError("embd wrote more lines than it read")

    def token_texts(self, ids):
        for token_id in ids:
            if token_id not in self.spelling:
                self.spelling[token_id] = self.reference.id_to_token(token_id)
        return [self.spelling[token_id] for token_id in ids]

    def compare(self, text, ours, theirs):
        self.compared[self.section] += 1
        ids = theirs.ids
        if "error" in ours:
            return self.show("error", text, ids, ours["error"])
        for name, expected in (("ids", ids), ("tokens", self.token_texts(ids)), ("type_ids", theirs.type_ids),
                               ("special_tokens_mask", theirs.special_tokens_mask)):
            if ours[name] != expected:
                return self.show(name, text, expected, ours[name])
        if isinstance(text, str):
            offsets = list(map(tuple, ours["offsets"]))
            if not text.isascii():
                offsets = char_offsets(text, offsets)
        else:
            sides = [char_offsets(side, ours["offsets"]) for side in text]
            offsets = [sides[side or 0][i] for i, side in enumerate(theirs.sequence_ids)]
        if theirs.offsets != offsets and not same_offsets(theirs.offsets, offsets):
            self.show("offsets", text, theirs.offsets, offsets)

    def decode(self, count):
        pick = random.Random(3)
        size = self.reference.get_vocab_size()
        lists = [[pick.randrange(size + 20) for _ in range(pick.randrange(12))] for _ in range(count)]
        texts = list(tokenizer_texts.fuzzed(count, 4, tokenizer_make_files.bits(self.name)))
        self.reference.no_truncation()
        lists += [encoding.ids for encoding in self.reference.encode_batch(texts)]
        for flags, skip in (([], True), (["--keep-special-tokens"], False)):
            theirs = self.reference.decode_batch(lists, skip_special_tokens=skip)
            for ids, a, b in zip(lists, self.run_embd("decode", lists, *flags), theirs, strict=True):
                self.compared[self.section] += 1
                if a != b:
                    self.show(f"decoding (skip {skip})", ids, repr(b), repr(a))

    def fuzzed(self, count, seed, bits):
        """Fuzzed texts, with only ASCII whitespace where characters do not tell what happens to bytes."""
        for text in tokenizer_texts.fuzzed(count, seed, bits):
            if self.name in tokenizer_make_files.TRIMMED and "<mask>" in text:
                text = "".join(c for c in text if c <= "\x7f" or not c.isspace())
            yield text

    def pairs(self, texts):
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

    def run(self, step, fuzzed, passages):
        scalars = tokenizer_texts.SCALARS[::step]
        bits = tokenizer_make_files.bits(self.name)
        for section, work in {
            "alone": lambda: self.encode(map(chr, scalars), special=False),
            "in a word": lambda: self.encode((f"ab{chr(c)}Cd" for c in scalars), special=False),
            "fuzzed": lambda: self.encode(self.fuzzed(fuzzed, 1, bits)),
            "prose": lambda: self.encode(tokenizer_texts.prose(fuzzed // 20)),
            "languages": lambda: self.encode(passages),
            "pairs": lambda: self.pairs(list(self.fuzzed(fuzzed // 10, 2, bits))),
            "decoded": lambda: self.decode(fuzzed // 10),
        }.items():
            self.section = section
            work()


# Made to show what one component does, which needs fewer texts.
PARTS = tokenizer_make_files.part_builders()
SECTIONS = ["alone", "in a word", "fuzzed", "prose", "languages", "pairs", "decoded"]
HEAD = (f"| {'file':24} |" + "".join(f" {section:>9} |" for section in SECTIONS) + " different | seconds |\n"
        f"|{'-' * 26}|" + f"{'-' * 10}:|" * len(SECTIONS) + "----------:|--------:|")


def compare_file(path, name, options, passages):
    """The row of the table, the differences to show, whether there were none."""
    begin = time.monotonic()
    gc.disable()  # nothing here is cyclic, and collecting takes as long as comparing
    try:
        comparison = Comparison(options.binary, path, name)
        fuzzed = options.fuzzed // 4 if name in PARTS else options.fuzzed
        comparison.run(options.step, fuzzed, passages)
    except Exception as error:  # a file that one side cannot load is a difference
        return f"| {name:24} | {error}", [f"{name}: {error}"], False
    different = comparison.different.total()
    row = (f"| {name:24} |" + "".join(f" {comparison.compared[section]:>9} |" for section in SECTIONS)
           + f" {different:>9} | {time.monotonic() - begin:>7.0f} |")
    return row, comparison.report, different == 0


def find_files(folder, wanted):
    """Paths and names; makes the files that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in wanted or ["minilm", *tokenizer_make_files.BUILDERS]:
        path = MINILM if name == "minilm" else folder / f"{name}.json"
        if name in tokenizer_make_files.BUILDERS:
            if not path.exists():
                half = path.with_suffix(".half")
                tokenizer_make_files.BUILDERS[name]().save(str(half))
                os.replace(half, path)
        elif name != "minilm":
            path = pathlib.Path(name)
        files.append((path, name if path.parent == folder or name == "minilm" else path.stem))
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="of the files to compare")
    parser.add_argument("--step", type=int, default=1, help="every n-th scalar value only")
    parser.add_argument("--fuzzed", type=int, default=200000, help="how many fuzzed texts")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("files", nargs="*", help="names or paths; default: all")
    options = parser.parse_args()
    files = find_files(options.folder, options.files)
    passages = list(tokenizer_texts.natural(tokenizer_texts.LANGUAGES, options.fuzzed * 15))
    good = True
    print(HEAD, flush=True)
    begin = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs, max_tasks_per_child=1) as pool:
        jobs = [pool.submit(compare_file, path, name, options, passages) for path, name in files]
        reports = []
        for job in concurrent.futures.as_completed(jobs):
            row, report, same = job.result()
            print(row, flush=True)
            reports += report
            good = good and same
    print(*reports, sep="\n", end="\n" if reports else "")
    print(f"{len(files)} files in {(time.monotonic() - begin) / 60:.1f} minutes, "
          + ("no differences" if good else "DIFFERENCES"))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
