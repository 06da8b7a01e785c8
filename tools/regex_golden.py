#!/usr/bin/env python3
"""Writes more of tests/golden/tokenizer: files with regular expressions where a component takes one.

    python3 -m pip install -r tools/requirements-tokenizers.txt
    python3 tools/regex_golden.py tests/golden/tokenizer [NAME...]

The form is that of tokenizer_golden.py. With --files it writes just the tokenizer files.
"""

import json
import pathlib
import sys

from tokenizers import Regex, decoders, normalizers, pre_tokenizers, processors

import tokenizer_golden
import tokenizer_make_files
import tokenizer_texts

# For the general engine: look-behind, laziness, a reference, case, nested classes, empty matches.
GENERAL = r"(?<=[a-z])[A-Z]|(\w)\1|(?i:st|ss)|\b\d+?(?=\d)|[\p{L}&&[^\p{Latin}]]+?|\R|(?<!\w)(?>'+)|x*"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
START, ENDING = r"[^\r\n\p{L}\p{N}]?", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = "|".join([f"{START}{UPPER}*{LOWER}+{ENDING}", f"{START}{UPPER}+{LOWER}*{ENDING}", r"\p{N}{1,3}",
                  r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
BITS = ["aB", "ABc", "oo", "street", "STRASSE", "\ufb06", "'''", "\r\n", "xx", "\u0416\u0436", "you'LL", "//\n"]


def split(behavior, invert=False):
    return tokenizer_make_files.words(True, pre_tokenizers.Split(Regex(GENERAL), behavior, invert))


def replace():
    return tokenizer_make_files.words(
        True, pre_tokenizers.WhitespaceSplit(),
        normalizers.Sequence([normalizers.Replace(Regex(r"(?<=\w)(?=[A-Z])"), " "),
                              normalizers.Replace(Regex(r"(.)\1+"), "\u00e9"),
                              normalizers.Replace(Regex(r"\s+$|^\s+"), "")]),
        decoders.Sequence([decoders.Replace(Regex("(?i)[aeiou]"), "_"), decoders.Fuse(),
                           decoders.Replace(Regex(r"_+|$"), "-")]))


def o200k():
    tokenizer = tokenizer_make_files.byte_level(
        True, ["<|endoftext|>"], tokenizer_make_files.split_then_bytes(O200K))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


BUILDERS = {
    "expression_isolated": lambda: split("isolated"), "expression_removed": lambda: split("removed"),
    "expression_previous": lambda: split("merged_with_previous"),
    "expression_next": lambda: split("merged_with_next"),
    "expression_contiguous": lambda: split("contiguous"),
    "expression_inverted": lambda: split("merged_with_next", True),
    "expression_replace": replace, "o200k": o200k,
}


def main():
    names = [argument for argument in sys.argv[2:] if argument != "--files"]
    folder = pathlib.Path(sys.argv[1])
    for name in names or BUILDERS:
        tokenizer = BUILDERS[name]()
        tokenizer.save(str(folder / f"{name}.json"), pretty=False)
        if "--files" in sys.argv:
            continue
        items = tokenizer_golden.TEXTS + tokenizer_golden.PAIRS + BITS
        items += [text for text in tokenizer_texts.fuzzed(40, 7, BITS) if len(text) < 100]
        with open(folder / f"{name}.jsonl", "w", encoding="ascii") as out:
            for number, item in enumerate(items):
                several = number < 4 or not isinstance(item, str)
                for options in tokenizer_golden.OPTIONS if several else tokenizer_golden.OPTIONS[:1]:
                    out.write(json.dumps(tokenizer_golden.case(tokenizer, item, options)) + "\n")


if __name__ == "__main__":
    main()
