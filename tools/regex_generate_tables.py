#!/usr/bin/env python3
"""Writes src/tokenizer/patterns/regex_tables.cc: sets of characters and letter cases as the regular
expressions of the PyPI package `tokenizers` see them, beyond what src/unicode/tables.cc holds.

    python3 -m pip install tokenizers==0.23.3
    python3 tools/regex_generate_tables.py > src/tokenizer/patterns/regex_tables.cc
"""

import sys

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
EVERYTHING = "".join(map(chr, SCALARS))

# Names as \p{...} takes them; case, spaces, '-' and '_' do not count.
NAMES = """
Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali
Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma
Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari
Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Garay Georgian Glagolitic
Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Gurung_Khema Han Hangul Hanifi_Rohingya Hanunoo
Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese
Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai
Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic
Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive
Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari
New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Ol_Onal Old_Hungarian Old_Italic
Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage
Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan
Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar
Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana
Thai Tibetan Tifinagh Tirhuta Todhri Toto Tulu_Tigalari Ugaritic Unknown Vai Vithkuqi Wancho Warang_Citi
Yezidi Yi Zanabazar_Square
Arab Armn Beng Bopo Cans Cher Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira Kana Khmr Knda Laoo
Latn Mlym Mong Mymr Orya Sinh Syrc Taml Telu Thaa Tibt Yiii Zinh Zyyy Zzzz
Bidi_Control Case_Ignorable Cased Dash Default_Ignorable_Code_Point Diacritic Emoji Emoji_Component
Emoji_Modifier Emoji_Modifier_Base Emoji_Presentation Extended_Pictographic Extender Grapheme_Extend
Hex_Digit Hyphen Ideographic Join_Control Lowercase Math Noncharacter_Code_Point Quotation_Mark
Regional_Indicator Sentence_Terminal Terminal_Punctuation Unified_Ideograph Uppercase Variation_Selector
"""


def ranges(scalars):
    result = []
    for c in sorted(scalars):
        if result and (result[-1][1] == c - 1 or (result[-1][1], c) == (0xD7FF, 0xE000)):
            result[-1][1] = c
        else:
            result.append([c, c])
    return tuple(map(tuple, result))


def matching(name):
    pieces = pre_tokenizers.Split(Regex(rf"[^\p{{{name}}}]+"), "removed").pre_tokenize_str(EVERYTHING)
    return ranges({SCALARS[i] for _, (begin, end) in pieces for i in range(begin, end)})


def matched(expression, separated):
    """The parts of `separated`, a string of texts each followed by U+0001, that match whole."""
    marked = normalizers.Replace(Regex("(?<=\x01)(?:" + expression + ")(?=\x01)"), "\x02")
    kept = marked.normalize_str("\x01" + separated)
    texts, marks = separated.split("\x01"), kept[1:].split("\x01")
    return [text for text, mark in zip(texts, marks) if mark == "\x02"]


def quoted(text):
    return "".join(rf"\x{{{ord(c):X}}}" for c in text)


def case_groups():
    """Lists of characters that equal each other without case, and characters that equal strings."""
    cased = [chr(c) for begin, end in matching("Changes_When_Casemapped")
             for c in range(begin, end + 1)]
    cased = sorted(set(cased) | {c for c in map(chr, SCALARS) if c.casefold() != c}
                   | {f for c in cased for f in c.casefold()})
    singles = "\x01".join(cased) + "\x01"
    groups, seen = [], set()
    for c in cased:
        if c not in seen:
            group = matched(f"(?i:{quoted(c)})", singles)
            seen.update(group)
            if len(group) > 1:
                folded = c.casefold()
                first = folded if folded in group else group[0]
                groups.append([first] + [other for other in group if other != first])
    strings = []
    for c in cased:
        folded = c.casefold()
        if len(folded) > 1 and matched(f"(?i:{quoted(c)})", folded + "\x01"):
            strings.append((c, folded))
    return groups, strings


def lines(name, kind, items, per_line):
    print(f"const {kind} {name}[] = {{")
    for i in range(0, len(items), per_line):
        print("    " + " ".join(item + "," for item in items[i:i + per_line]))
    print("};")
    print()


def main():
    pool, places, sets = [], {}, []
    for name in NAMES.split():
        found = matching(name)
        if found not in places:
            places[found] = len(pool)
            pool += found
        sets.append((name.replace("_", "").lower(), places[found], len(found)))
        print(name, len(found), file=sys.stderr)
    groups, strings = case_groups()
    print(f"// Generated from tokenizers {tokenizers.__version__} by:")
    print("//   python3 tools/regex_generate_tables.py > src/tokenizer/patterns/regex_tables.cc")
    print("// clang-format off")
    print('#include "tokenizer/patterns/regex_tables.h"')
    print("\nnamespace embd::regex_tables {\n")
    lines("kRanges", "CharRange", [f"{{0x{b:X}, 0x{e:X}}}" for b, e in pool], 5)
    lines("kNamedSets", "NamedSet", [f'{{"{n}", {at}, {count}}}' for n, at, count in sorted(sets)], 3)
    print(f"const std::size_t kNamedSetCount = {len(sets)};\n")
    lines("kCaseGroups", "char32_t",
          [", ".join(f"0x{ord(c):X}" for c in group) + ", 0" for group in groups], 4)
    print(f"const std::size_t kCaseGroupsSize = {sum(map(len, groups)) + len(groups)};\n")
    lines("kCaseStrings", "CaseString",
          ["{{0x{:X}, {{{}}}}}".format(ord(c), ", ".join(f"0x{ord(f):X}" for f in folded))
           for c, folded in strings], 3)
    print(f"const std::size_t kCaseStringCount = {len(strings)};\n")
    print("}  // namespace embd::regex_tables")


if __name__ == "__main__":
    main()
