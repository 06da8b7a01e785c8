#!/usr/bin/env python3
"""What embeddings lose with other dtypes: their cosine to float32's on 5,000 varied texts, over HTTP.

    make bench-loss                             or, by hand:
    .venv/bin/python bench/loss_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

The texts are drawn with a fixed seed from what is at hand wherever this repository is: the model's vocabulary, its own
sources and golden texts, the documentation and the sources that come with Python. As long as these are the same, so are
the texts; the hash tells.

Prints a table by dtype and by kind of text, and the texts that lose most; with --json FILE, writes them. Exits with 1 where
a dtype's mean or least cosine is lower than allowed.
"""

import argparse
import hashlib
import json
import pathlib
import pydoc_data.topics
import random
import re
import string
import sys
import sysconfig

import http_bench
import machine
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEAST_MEAN, LEAST = 0.995, 0.98
# Marks first: there are hardly more, and numbers and noise may be some of them.
COUNTS = {
    "mark": 120, "word": 660, "phrase": 800, "sentence": 1200, "paragraph": 700, "code": 600, "other script": 500,
    "number": 200, "noise": 180, "very long": 40,
}  # fmt: skip
MARKS = string.punctuation + string.ascii_letters + string.digits + "…–—“”‘’«»¿¡·•§¶†‡°±×÷€£¥©®™"
# First and last letter.
SCRIPTS = [
    "αω", "ая", "את", "اي", "अह", "অহ", "அஹ", "กฮ", "აჰ", "աֆ", "ぁん", "ァン", "一龥", "가힣", "àÿ", "ᚠᛪ", "ሀፚ", "កអ",
]  # fmt: skip


def vocabulary(model):
    """The whole words of the tokenizer, as text."""
    document = json.loads((pathlib.Path(model) / "tokenizer.json").read_text(encoding="utf-8"))
    tokens = document["model"]["vocab"]
    tokens = [token if isinstance(token, str) else token[0] for token in tokens]
    return [word for token in tokens if (word := token.strip("▁Ġ")).isalpha() and len(word) > 1]


def python_sources():
    return sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))


class Sources:
    def __init__(self, model):
        self.words = vocabulary(model)
        golden = json.loads((ROOT / "tests/golden/minilm/texts.json").read_text(encoding="utf-8"))
        self.golden = [case["text"] for case in golden["cases"] if not case["text"].isascii()]
        prose = "\n\n".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics))
        prose += "\n\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
        self.paragraphs = [" ".join(part.split()) for part in prose.split("\n\n") if len(part.split()) > 12]
        self.sentences = [s for part in self.paragraphs for s in re.split(r"(?<=[.!?]) ", part) if len(s.split()) > 3]
        files = sorted((ROOT / "src").rglob("*.cc")) + python_sources()
        self.code = [path.read_text(encoding="utf-8", errors="replace").splitlines() for path in files]


def draw_code(draw, sources, most_lines):
    lines = draw.choice(sources.code)
    begin = draw.randrange(len(lines))
    return "\n".join(lines[begin : begin + draw.randint(1, most_lines)])


def draw_script(draw, sources):
    if draw.random() < 0.3:
        words = draw.choice(sources.golden).split()
        begin = draw.randrange(max(1, len(words)))
        return " ".join(words[begin : begin + draw.randint(1, 12)])
    first, last = map(ord, draw.choice(SCRIPTS))
    letters = [draw.randint(first, last) for _ in range(draw.randint(1, 60))]
    return "".join(chr(letter) + (" " if draw.random() < 0.15 else "") for letter in letters)


def draw_number(draw):
    return draw.choice(
        [
            lambda: str(draw.randrange(10 ** draw.randint(1, 20))),
            lambda: f"{draw.uniform(-1e6, 1e6):.{draw.randint(0, 8)}f}",
            lambda: f"{draw.uniform(0, 10):.3e}",
            lambda: hex(draw.getrandbits(draw.choice([16, 32, 64, 128]))),
            lambda: f"{draw.randint(1900, 2100)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}T{draw.randint(0, 23):02}:30",
            lambda: ".".join(str(draw.randrange(256)) for _ in range(4)),
            lambda: f"${draw.randrange(10**6):,}.{draw.randrange(100):02}",
            lambda: " ".join(str(draw.randrange(1000)) for _ in range(draw.randint(2, 40))),
        ]
    )()


def draw_noise(draw):
    count = draw.randint(2, 80)
    return draw.choice(
        [
            lambda: "".join(draw.choice(string.printable) for _ in range(count)),
            lambda: "".join(draw.choice(string.ascii_lowercase) for _ in range(count)),
            lambda: "".join(draw.choice(string.punctuation) for _ in range(count)),
            lambda: draw.choice(MARKS) * count,
            lambda: "".join(chr(draw.choice([draw.randint(0xA0, 0xD7FF), draw.randint(0x10000, 0x1FFFF)])) for _ in range(count)),
        ]
    )()


def make_texts(model):
    """Pairs of a kind and a text, no text twice, in an order that mixes the kinds."""
    sources = Sources(model)
    draw = random.Random(5000)
    makers = {
        "word": lambda: draw.choice(sources.words),
        "phrase": lambda: " ".join(draw.choice(sources.words) for _ in range(draw.randint(2, 8))),
        "sentence": lambda: draw.choice(sources.sentences),
        "paragraph": lambda: draw.choice(sources.paragraphs),
        "code": lambda: draw_code(draw, sources, 12),
        "other script": lambda: draw_script(draw, sources),
        "number": lambda: draw_number(draw),
        "noise": lambda: draw_noise(draw),
        "mark": lambda: draw.choice(MARKS),
        "very long": lambda: "\n".join(draw.sample(sources.paragraphs, 40))[: draw.randint(2000, 10000)],
    }
    kinds = {}
    for kind, count in COUNTS.items():
        wanted = len(kinds) + count
        for _ in range(100 * count):
            if (text := makers[kind]()).strip():
                kinds.setdefault(text, kind)
            if len(kinds) == wanted:
                break
        else:
            sys.exit(f"loss_bench.py: there are not {count} different texts of kind '{kind}'")
    texts = [(kind, text) for text, kind in kinds.items()]
    draw.shuffle(texts)
    return texts


def embeddings(args, dtype, texts):
    with http_bench.Server(args.binary, args.model, ["--dtype", dtype, "--auto-truncate"]) as server:
        rows = np.asarray(http_bench.embed_all(server, [text for _, text in texts]))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def loss(rows, reference, texts):
    cosines = (rows * reference).sum(axis=1)
    kinds = np.asarray([kind for kind, _ in texts])
    of_kind = {kind: cosines[kinds == kind] for kind in COUNTS if kind in kinds}
    worst = [{"cosine": float(cosines[i]), "kind": texts[i][0], "text": texts[i][1]} for i in np.argsort(cosines)[:10]]
    return {
        "mean": float(cosines.mean()),
        "least": float(cosines.min()),
        "by_kind": {kind: {"mean": float(c.mean()), "least": float(c.min())} for kind, c in of_kind.items()},
        "worst": worst,
    }


def print_losses(found, texts):
    print(f"{'cosine to float32':24}" + "".join(f"{dtype + ', mean':>18}{'least':>10}" for dtype in found))
    kinds = [kind for kind, _ in texts]
    for kind in dict.fromkeys(["all", *sorted(kinds, key=list(COUNTS).index)]):
        rows = [result if kind == "all" else result["by_kind"][kind] for result in found.values()]
        title = f"{kind} ({len(kinds) if kind == 'all' else kinds.count(kind)})"
        print(f"{title:24}" + "".join(f"{row['mean']:18.7f}{row['least']:10.6f}" for row in rows))
    for dtype, result in found.items():
        print(f"\n1 - cosine of those that lose most in {dtype}:")
        for row in result["worst"]:
            text = row["text"] if len(row["text"]) <= 80 else f"{row['text'][:80]}..."
            print(f"  {1 - row['cosine']:.1e}  {row['kind']:14}{text!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--dtypes", default="float16,bfloat16,int8")
    parser.add_argument("--texts", type=int, default=sum(COUNTS.values()), help="fewer, for a quick look")
    parser.add_argument("--json", help="file for the table and the texts that lose most")
    args = parser.parse_args()

    texts = make_texts(args.model)[: args.texts]
    digest = hashlib.sha256("\0".join(text for _, text in texts).encode()).hexdigest()
    lengths = [len(text) for _, text in texts]
    print(f"{len(texts)} texts, median {int(np.median(lengths))} characters, longest {max(lengths)}, sha256 {digest[:16]}\n")
    reference = embeddings(args, "float32", texts)
    found = {dtype: loss(embeddings(args, dtype, texts), reference, texts) for dtype in args.dtypes.split(",")}
    print_losses(found, texts)
    machine.write_json(args.json, model=args.model, texts=len(texts), sha256=digest, loss=found)
    if low := [dtype for dtype, result in found.items() if result["mean"] < LEAST_MEAN or result["least"] < LEAST]:
        sys.exit(f"loss_bench.py: lower than {LEAST_MEAN} in the mean or than {LEAST} at the least: {', '.join(low)}")


if __name__ == "__main__":
    main()
