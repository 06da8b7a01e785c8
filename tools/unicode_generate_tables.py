#!/usr/bin/env python3
"""Writes src/unicode/tables.cc: the Unicode behaviour of the PyPI package `tokenizers`.

The reference is built from Rust crates and a regex engine which each pin a Unicode version of their
own, so no published Unicode data file describes it. This script asks the reference itself, for every
one of the 1,112,064 scalar values.

    python3 -m pip install tokenizers==0.23.3
    python3 tools/unicode_generate_tables.py > src/unicode/tables.cc
"""

import struct
import sys

import tokenizers
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
LIMIT = 0x110000

CATEGORIES = ("Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp "
              "Cc Cf Cs Co").split()
# Bit numbers in `combos`; char_properties.h has the same list.
FLAGS = ("BertRemoved Whitespace BertPunctuation NonspacingMark CombiningMark Chinese Lowercases "
         "Decomposes CompatDecomposes NonStarter AddedTokenWord Numeric RegexSpace RegexWord "
         "Alphabetic NmtRemoved NmtSpace NfcChanges NfkcChanges GraphemeExtends GraphemeControl "
         "GraphemePrepend Pictographic PictographicExtends ConjunctConsonant ConjunctLinker "
         "ConjunctExtends").split()
CATEGORY_SHIFT = 27


def matching(pattern):
    """The scalars that the reference's regex engine matches with the class `pattern`."""
    everything = "".join(map(chr, SCALARS))
    kept = normalizers.Replace(Regex(f"[^{pattern}]"), "").normalize_str(everything)
    return set(map(ord, kept))


def changed(normalizer, targets=None):
    """scalar -> its normal form, for those that the normalizer changes."""
    result = {}
    for c in SCALARS:
        out = normalizer.normalize_str(chr(c))
        if out != chr(c) and (targets is None or out in targets):
            result[c] = out
    return result


def isolated_by(pre_tokenizer):
    """The scalars that do not stay in one piece with a letter before them."""
    found = set()
    for c in SCALARS:
        pieces = pre_tokenizer.pre_tokenize_str("a" + chr(c))
        if len(pieces) != 1 or pieces[0][0] != "a" + chr(c):
            found.add(c)
    return found


def added_token_words():
    """What the word test of single-word added tokens takes for part of a word."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.add_tokens([tokenizers.AddedToken("\x01", single_word=True, normalized=False)])
    mark = tokenizer.token_to_id("\x01")
    return {c for c in SCALARS if c != 1 and mark not in tokenizer.encode(chr(c) + "\x01").ids}


def combining_classes(candidates, nfd):
    """Classes of the non-starters: only their order is observable, and it is all that counts."""

    def swaps(a, b):
        return nfd.normalize_str(chr(a) + chr(b)) == chr(b) + chr(a) and a != b

    above, overlay, iota = 0x301, 0x334, 0x345  # classes 230, 1 and 240
    marks = [c for c in candidates
             if c in (above, overlay, iota) or swaps(iota, c) or swaps(c, overlay)]
    ladder = []  # lists of equal class, in ascending order
    for c in marks:
        low, high = 0, len(ladder)
        while low < high:
            middle = (low + high) // 2
            if swaps(ladder[middle][0], c):  # c sorts before it
                high = middle
            elif swaps(c, ladder[middle][0]):
                low = middle + 1
            else:
                ladder[middle].append(c)
                break
        else:
            ladder.insert(low, [c])
    return {c: rank + 1 for rank, group in enumerate(ladder) for c in group}


def compositions(decomposition, nfc):
    pairs = {}
    for c, parts in decomposition.items():
        if len(parts) < 2 or nfc.normalize_str(chr(c)) != chr(c) or 0xAC00 <= c <= 0xD7A3:
            continue
        first = nfc.normalize_str(parts[:-1])
        assert len(first) == 1 and nfc.normalize_str(first + parts[-1]) == chr(c), hex(c)
        pairs[(ord(first), ord(parts[-1]))] = c
    return pairs


def scripts():
    """Script number of every scalar as the UnicodeScripts pre-tokenizer sees it; 0 joins anything."""
    splitter = pre_tokenizers.UnicodeScripts()

    def same(a, b):
        return len(splitter.pre_tokenize_str(chr(a) + chr(b))) == 1

    # Runs of one script, by one pass over everything.
    runs = []
    position = 0
    text = "".join(map(chr, SCALARS))
    for piece, (begin, end) in splitter.pre_tokenize_str(text):
        assert begin == position
        position = end
        runs.append((SCALARS[begin], SCALARS[end - 1]))
    # A run may hide neutral scalars, which join both neighbours: find them by a two-sided probe.
    latin, greek = ord("a"), 0x3B1
    numbers = {}
    representatives = []
    for begin, end in runs:
        for c in range(begin, end + 1):
            if 0xD800 <= c <= 0xDFFF:
                continue
            if same(latin, c) and same(greek, c):
                numbers[c] = 0
                continue
            previous = numbers.get(c - 1)
            if previous and same(representatives[previous - 1], c):
                numbers[c] = previous
                continue
            for index, other in enumerate(representatives):
                if same(other, c):
                    numbers[c] = index + 1
                    break
            else:
                representatives.append(c)
                numbers[c] = len(representatives)
    return numbers


def any_char_map():
    """A Precompiled map that makes an X of every character, and of the whole of a grapheme cluster of
    fewer than six bytes: it lets the reference count clusters."""
    root, leaf = 256, 1280
    more = {1: 512, 2: 768, 3: 1024}  # states that wait for so many continuation bytes
    units = [0] * 1536

    def step(state, byte, target, ends):
        place = state ^ byte
        units[place] = (place ^ target) << 10 | ends << 8 | byte

    units[0] = root << 10
    for byte in range(1, 0x80):
        step(root, byte, leaf, 1)
    for byte in range(0xC2, 0xF5):
        step(root, byte, more[1 if byte < 0xE0 else 2 if byte < 0xF0 else 3], 0)
    for waiting, state in more.items():
        for byte in range(0x80, 0xC0):
            step(state, byte, leaf if waiting == 1 else more[waiting - 1], int(waiting == 1))
    blob = struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + b"X\0"
    return normalizers.Precompiled(blob)


def grapheme_sets():
    """Properties for the boundaries of grapheme clusters, as far as the Precompiled normalizer,
    which only treats those of fewer than six bytes as one, lets them show."""
    normalizer = any_char_map()
    count = lambda text: len(normalizer.normalize_str(text))
    ka, virama, acute, zwj, copyright_sign = "\u0915", "\u094d", "\u0301", "\u200d", "\u00a9"
    characters = list(map(chr, SCALARS[1:]))
    extends = {c for c in characters if count("a" + c) == 1}
    sets = {
        "GraphemeExtends": extends,
        "GraphemeControl": {c for c in characters if count(c + acute + "\u0302") == 2} | {"\0"},
        "GraphemePrepend": {c for c in characters if count(c + "a") == 1},
        "Pictographic": {c for c in characters
                         if c not in extends and count(copyright_sign + zwj + c) == 3},
        "PictographicExtends": {c for c in extends
                                if count(copyright_sign + c + zwj + copyright_sign + acute) == 5},
        "ConjunctConsonant": {c for c in characters if c not in extends
                              and count(c + virama + ka + acute) == 4},
        "ConjunctLinker": {c for c in extends if count(ka + c + ka + acute) == 4},
        "ConjunctExtends": {c for c in extends if count(ka + c + virama + ka + acute) == 5},
    }
    return {name: set(map(ord, members)) for name, members in sets.items()}


def two_stage(values, shift):
    """Splits a dense list into an index of blocks and the distinct blocks."""
    size = 1 << shift
    seen, index, blocks = {}, [], []
    for begin in range(0, LIMIT, size):
        block = tuple(values[begin:begin + size])
        if block not in seen:
            seen[block] = len(seen)
            blocks.extend(block)
        index.append(seen[block])
    return index, blocks


def emit(kind, name, values):
    values = list(values)
    print(f"const {kind} {name}[{len(values)}] = {{")
    line = "   "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > 100:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};")


def emit_mapping(name, mapping, note):
    """A two-stage index into a pool of [length, scalar...]; entry 0 means `maps to itself`."""
    pool, offsets, dense = [0], {}, [0] * LIMIT
    for c, text in mapping.items():
        if text not in offsets:
            offsets[text] = len(pool)
            pool.extend([len(text), *map(ord, text)])
        dense[c] = offsets[text]
    assert len(pool) < 65536
    index, blocks = two_stage(dense, 6)
    print(f"\n// {note}")
    emit("std::uint8_t" if max(index) < 256 else "std::uint16_t", f"k{name}Index", index)
    emit("std::uint16_t", f"k{name}Blocks", blocks)
    emit("char32_t", f"k{name}Pool", pool)


def main():
    bert = lambda **on: normalizers.BertNormalizer(**{
        "clean_text": False, "handle_chinese_chars": False, "strip_accents": False,
        "lowercase": False, **on})
    nfd, nfc = normalizers.NFD(), normalizers.NFC()
    decomposition = changed(nfd)
    compat = changed(normalizers.NFKD())
    lowercase = changed(normalizers.Lowercase())
    cleaned = changed(bert(clean_text=True))
    nmt = changed(normalizers.Nmt())
    mark_candidates = sorted(matching(r"\p{M}") | set(changed(bert(strip_accents=True), {""})))
    classes = combining_classes(mark_candidates, nfd)

    pairs = sorted(compositions(decomposition, nfc).items())
    seconds = ({second for (_, second), _ in pairs} | set(range(0x1161, 0x1176))
               | set(range(0x11A8, 0x11C3)))

    sets = {
        **grapheme_sets(),
        "NfcChanges": set(changed(nfc)) | seconds,
        "NfkcChanges": set(changed(normalizers.NFKC())) | seconds,
        "BertRemoved": {c for c, out in cleaned.items() if out == ""},
        "Whitespace": isolated_by(pre_tokenizers.WhitespaceSplit()),
        "BertPunctuation": isolated_by(pre_tokenizers.Punctuation()),
        "NonspacingMark": set(changed(bert(strip_accents=True), {""})),
        "CombiningMark": set(changed(normalizers.StripAccents(), {""})),
        "Chinese": set(changed(bert(handle_chinese_chars=True))),
        "Lowercases": set(lowercase),
        "Decomposes": set(decomposition),
        "CompatDecomposes": set(compat),
        "NonStarter": set(classes),
        "AddedTokenWord": added_token_words(),
        "Numeric": isolated_by(pre_tokenizers.Digits(individual_digits=False)),
        "RegexSpace": matching(r"\s"),
        "RegexWord": matching(r"\w"),
        "Alphabetic": matching(r"\p{Alphabetic}"),
        "NmtRemoved": {c for c, out in nmt.items() if out == ""},
        "NmtSpace": {c for c, out in nmt.items() if out == " "},
    }
    assert set(sets) == set(FLAGS)
    category = [0] * LIMIT
    for number, name in enumerate(CATEGORIES):
        if name not in ("Cn", "Cs"):
            for c in matching(rf"\p{{{name}}}"):
                category[c] = number
    script = scripts()

    flags = [number << CATEGORY_SHIFT for number in category]
    for bit, name in enumerate(FLAGS):
        for c in sets[name]:
            flags[c] |= 1 << bit
    combos = sorted(set(flags))
    number_of = {combo: number for number, combo in enumerate(combos)}
    assert len(combos) <= 256
    flag_index, flag_blocks = two_stage([number_of[f] for f in flags], 7)
    class_index, class_blocks = two_stage([classes.get(c, 0) for c in range(LIMIT)], 7)
    script_index, script_blocks = two_stage([script.get(c, 0) for c in range(LIMIT)], 7)
    for index in (class_index, script_index):
        assert max(index) < 65536

    print(f"// Generated from tokenizers {tokenizers.__version__} by:\n"
          "//   python3 tools/unicode_generate_tables.py > src/unicode/tables.cc\n"
          "// clang-format off\n"
          '#include "unicode/tables.h"\n\n'
          "namespace embd::unicode::tables {\n")
    print("// Flags of a scalar: kFlagCombos[kFlagBlocks[kFlagIndex[c >> 7] * 128 + (c & 127)]].")
    emit("std::uint16_t", "kFlagIndex", flag_index)
    emit("std::uint8_t", "kFlagBlocks", flag_blocks)
    emit("std::uint32_t", "kFlagCombos", combos)
    print("\n// Rank of the canonical combining class; 0 is a starter.")
    emit("std::uint16_t", "kClassIndex", class_index)
    emit("std::uint8_t", "kClassBlocks", class_blocks)
    print("\n// Script numbers; 0 goes with any script.")
    emit("std::uint16_t", "kScriptIndex", script_index)
    emit("std::uint8_t", "kScriptBlocks", script_blocks)
    hangul = range(0xAC00, 0xD7A4)
    without_hangul = lambda m: {c: t for c, t in m.items() if c not in hangul}
    emit_mapping("Lower", lowercase, "Lowercase.")
    emit_mapping("Canonical", without_hangul(decomposition), "NFD, Hangul syllables excepted.")
    emit_mapping("Compat", without_hangul(compat), "NFKD, Hangul syllables excepted.")
    print("\n// Canonical compositions, sorted by first, then second.")
    print(f"const Composition kCompositions[{len(pairs)}] = {{")
    for (first, second), composed in pairs:
        print(f"    {{{first}, {second}, {composed}}},")
    print("};\n"
          f"const std::size_t kCompositionCount = {len(pairs)};\n\n"
          "}  // namespace embd::unicode::tables")
    print({name: len(members) for name, members in sets.items()}, "combos", len(combos),
          "blocks", len(flag_blocks) // 128, "classes", max(classes.values()),
          "scripts", max(script.values()), file=sys.stderr)


if __name__ == "__main__":
    main()
