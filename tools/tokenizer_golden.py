#!/usr/bin/env python3
"""Writes tests/golden/tokenizer: small tokenizer files, and what `tokenizers` makes of some texts.

    python3 -m pip install -r tools/requirements-tokenizers.txt
    python3 tools/tokenizer_golden.py tests/golden/tokenizer [NAME...]

Each NAME.jsonl has one case a line: "text" or "pair", the options that are not the default, and the
expected ids, type_ids, special_tokens_mask, offsets (bytes) and decoded (with special tokens).
"""

import json
import pathlib
import sys

import tokenizer_make_files
import tokenizer_texts

TEXTS = [
    "", " ", "a", "Hello, world! This isn't a test.", "What is Deep Learning?",
    "D\u00e9j\u00e0 vu \u00c5ngstr\u00f6m \u0130stanbul \u1e9eTRASSE", "e\u0301a\u0323\u0302 o\u0302\u0323",
    "\u4f60\u597d\uff0c\u4e16\u754c 2024\u5e74", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e", "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f600!", "tabs\tand\nnewlines\r\n\u00a0\u3000end ",
    "\x00zero\x07bell\ufffd\ufeff\u200bx", "\U0001d15e\u0301 \u302e\u0301a\u302f\u0316", "x" * 101, "x" * 100, "ab " * 40,
    "[CLS] not special? [SEP][MASK]", "user@example.com a_b #hash $5.00 50%", "do not  ,  n't 's .",
]
PAIRS = [("How are you?", "Fine, thanks."), ("", "only second"), ("only first", ""),
         ("\u00e9t\u00e9 \u4f60\u597d", "\U0001f600 smile"), ("one two three four five six", "a b c")]
OPTIONS = [{}, {"add_special_tokens": False}, {"max_length": 6},
           {"max_length": 7, "truncation_side": "left"}]


def byte_offsets(encoding, texts):
    places = []
    for text in texts:
        place = [0]
        for char in text:
            place.append(place[-1] + len(char.encode()))
        places.append(place)
    return [[places[side or 0][begin], places[side or 0][end]]
            for (begin, end), side in zip(encoding.offsets, encoding.sequence_ids)]


def exact(name, item):
    """Whether characters tell what the reference does with bytes: where it cuts whitespace off the
    offsets only for ASCII."""
    return name not in (*tokenizer_make_files.TRIMMED, "llama3") or "".join(item).isascii()


def case(tokenizer, item, options):
    if "max_length" in options:
        tokenizer.enable_truncation(options["max_length"],
                                    direction=options.get("truncation_side", "right"))
    else:
        tokenizer.no_truncation()
    texts = [item] if isinstance(item, str) else item
    encoding = tokenizer.encode(*texts, add_special_tokens=options.get("add_special_tokens", True))
    return {"text" if isinstance(item, str) else "pair": item, **options, "ids": encoding.ids,
            "type_ids": encoding.type_ids, "special_tokens_mask": encoding.special_tokens_mask,
            "offsets": byte_offsets(encoding, texts),
            "decoded": tokenizer.decode(encoding.ids, skip_special_tokens=False)}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or tokenizer_make_files.BUILDERS:
        if name in ("t5", "deberta_v2", "camembert"):  # carry the same large map as xlm_roberta
            continue
        tokenizer = tokenizer_make_files.BUILDERS[name](small=True)
        tokenizer.save(str(folder / f"{name}.json"), pretty=False)
        fuzzed = tokenizer_texts.fuzzed(40, 7, tokenizer_make_files.bits(name))
        items = TEXTS + PAIRS + tokenizer_make_files.bits(name)
        items += [text for text in fuzzed if len(text) < 100]
        with open(folder / f"{name}.jsonl", "w", encoding="ascii") as out:
            for number, item in enumerate(items):
                if not exact(name, item):
                    continue
                several = number < 8 or not isinstance(item, str)
                for options in OPTIONS if several else OPTIONS[:1]:
                    out.write(json.dumps(case(tokenizer, item, options)) + "\n")


if __name__ == "__main__":
    main()
