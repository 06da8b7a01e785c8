"""Texts to try tokenizers with: English prose, fuzzed strings, every scalar value."""

import itertools
import pydoc_data.topics
import random

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]

# Ranges of characters, each a style of text to draw words from.
STYLES = {
    "latin": [(0x61, 0x7A)], "capital": [(0x41, 0x5A)], "accented": [(0xC0, 0x24F)],
    "greek": [(0x370, 0x3FF)], "cyrillic": [(0x400, 0x4FF)], "hebrew": [(0x590, 0x5FF)],
    "arabic": [(0x600, 0x6FF)], "devanagari": [(0x900, 0x97F)], "bengali": [(0x980, 0x9FF)],
    "thai": [(0xE00, 0xE7F)], "tibetan": [(0xF00, 0xFFF)], "jamo": [(0x1100, 0x11FF)],
    "hangul": [(0xAC00, 0xD7A3)], "kana": [(0x3040, 0x30FF)], "han": [(0x4E00, 0x9FFF)],
    "rare_han": [(0x20000, 0x2A6DF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)],
    "vietnamese": [(0x1E00, 0x1EFF)], "polytonic": [(0x1F00, 0x1FFF)],
    "marks": [(0x300, 0x36F)], "more_marks": [(0x1AB0, 0x1AFF), (0x20D0, 0x20F0), (0x302A, 0x302F)],
    "digits": [(0x30, 0x39)], "fullwidth": [(0xFF01, 0xFFEE)], "punctuation": [(0x21, 0x2F)],
    "more_punctuation": [(0x2010, 0x205E), (0x3001, 0x3020)], "math": [(0x1D400, 0x1D7FF)],
    "music": [(0x1D100, 0x1D1FF)], "emoji": [(0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF)],
    "flags": [(0x1F1E6, 0x1F1FF)], "controls": [(0x00, 0x1F), (0x7F, 0x9F)],
    "format": [(0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F)],
    "private": [(0xE000, 0xE010), (0xF0000, 0xF0010)], "any": [(0, 0xD7FF), (0xE000, 0x10FFFF)],
}
SPACES = [" ", " ", " ", " ", "  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2009", "\u2028", ""]
BITS = ["'s", "'t", "'re", "'ll", " '", "n't", "don't", "I'M", "it's", "e\u0301", "o\u0323\u0302",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\u0130", "\u1e9e", "\ufb01",
        "\u0345\u0301", "\U0001d15e", "\u302e\u0301", "\u0f73\u0f71", "\u0344", "12345678", "3.14",
        "1,000", "a_b", "__init__", "http://x.y/z?a=b", "#", "##", "##ing", "\u2581", "\u2581a", "\u0120",
        "\ufffd", "\x00", "\ufeff", "<", ">", "[", "]", "\u212a", "\u03a3\u03c3\u03c2", "...", "\u2026"]


def words():
    """Some 100,000 words of English prose, always the same."""
    return [word for topic in sorted(pydoc_data.topics.topics)
            for word in pydoc_data.topics.topics[topic].split()]


def prose(count, seed=1):
    """`count` passages of English."""
    topics = pydoc_data.topics.topics
    lines = [line.strip() for topic in sorted(topics) for line in topics[topic].splitlines()]
    lines = [line for line in lines if line]
    pick = random.Random(seed)
    for _ in range(count):
        begin = pick.randrange(len(lines))
        yield " ".join(lines[begin:begin + pick.randrange(1, 12)])


LANGUAGES = ("ar bg bn ca cs da de el en es fa fi fil fr he hi hu id is it ja ko lt lv mk ms nb nl pl pt ro ru "
             "sh sk sl sv ta tr uk ur vi zh").split()
ENDS = {"zh": "\u3002\uff0c\uff1f", "ja": "\u3002\u3001\uff1f", "hi": "\u0964,?", "bn": "\u0964,?",
        "ar": ".\u060c\u061f", "fa": ".\u060c\u061f", "ur": "\u06d4\u060c\u061f"}


def lexicon(language, size=50000):
    """The commonest words of a language and how common they are, from the package wordfreq."""
    import wordfreq
    frequencies = wordfreq.get_frequency_dict(language, "small" if language == "fil" else "best")
    return sorted(frequencies.items(), key=lambda item: (-item[1], item[0]))[:size]


def natural(languages, size, seed=1):
    """Passages of some hundred characters, each in one of the languages, `size` bytes in all: words as
    common as they are, in sentences with capitals, numbers and punctuation."""
    pick = random.Random(seed)
    words = {}
    for language in languages:
        items = lexicon(language)
        words[language] = [word for word, _ in items], list(itertools.accumulate(f for _, f in items))
    while size > 0:
        language = pick.choice(languages)
        lines, weights = words[language]
        stop, comma, question = ENDS.get(language, ".,?")
        sentences = []
        for _ in range(pick.randrange(1, 9)):
            sentence = pick.choices(lines, cum_weights=weights, k=pick.randrange(4, 25))
            sentence[0] = sentence[0].capitalize()
            for at in range(1, len(sentence)):
                kind = pick.random()
                if kind < 0.04:
                    sentence[at] = sentence[at].capitalize()
                elif kind < 0.06:
                    sentence[at] = str(pick.randrange(3000))
                elif kind < 0.12:
                    sentence[at - 1] += comma
            sentence[-1] += stop if pick.random() < 0.9 else question
            sentences.append(("" if language in ("zh", "ja") else " ").join(sentence))
        text = " ".join(sentences)
        size -= len(text.encode()) + 1
        yield text


def word(pick, style=None):
    ranges = STYLES[style or pick.choice(list(STYLES))]
    letters = []
    for _ in range(pick.choice([1, 1, 2, 3, 4, 5, 6, 8, 12])):
        low, high = pick.choice(ranges)
        letters.append(chr(pick.randint(low, high)))
    return "".join(letters).encode("utf-8", "ignore").decode()


def fuzzed(count, seed=1, bits=()):
    """`count` random strings; `bits` are strings that some of them contain."""
    pick = random.Random(seed)
    bits = list(bits) + BITS
    english = words()
    for _ in range(count):
        parts = []
        styles = [pick.choice(list(STYLES)) for _ in range(2)]
        for _ in range(pick.choice([0, 1, 1, 2, 3, 5, 8, 13, 30])):
            kind = pick.random()
            if kind < 0.25:
                parts.append(pick.choice(english))
            elif kind < 0.45:
                parts.append(pick.choice(bits))
            elif kind < 0.75:
                parts.append(word(pick, pick.choice(styles)))
            else:
                parts.append(word(pick))
            if kind > 0.97:
                parts.append(parts[-1] * pick.randrange(2, 40))
            parts.append(pick.choice(SPACES))
        if pick.random() < 0.5 and parts:
            parts.pop()
        yield "".join(parts)


def corpus(small=False, seed=1):
    """Training text: words of a small random lexicon in each of many scripts, and English. The small
    one has few scripts, so that a small vocabulary holds their characters."""
    pick = random.Random(seed)
    yield from prose(3000, seed)
    for style in ("accented", "greek", "cyrillic", "arabic") if small else STYLES:
        if style in ("controls", "any", "format"):
            continue
        lexicon = [word(pick, style) for _ in range(300)]
        for _ in range(60):
            yield " ".join(pick.choice(lexicon) for _ in range(20))
