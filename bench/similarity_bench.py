#!/usr/bin/env python3
"""How well embd's embeddings rank pairs as people do, with each of its dtypes.

    make bench-similarity                       or, by hand:
    .venv/bin/python bench/similarity_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

The sets are three that people have scored, from gensim's test data: WordSim-353 and SimLex-999 (pairs of words) and the 50
news texts of Lee, Pincombe and Welsh (each of the 1,225 pairs judged by some ten people). The package is fetched from PyPI
once, for its data alone; it is not installed. For each set and dtype: Spearman's correlation between the
cosines and the people's scores, in points (hundredths), and its difference to the first dtype's.

Prints a table and, with --json FILE, writes it. Exits with 1 where another dtype loses more than 0.5 points.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import zipfile

import http_bench
import numpy as np

PACKAGE = "gensim==4.4.0"
DATA = "gensim/test/test_data/"
ALLOWED_LOSS = 0.5


def fetch(folder):
    """Path of the package's wheel, downloaded unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("gensim-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--dest", str(folder), PACKAGE], check=True)
    return next(folder.glob("gensim-*.whl"))


def word_pairs(text):
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [(a, b, float(score)) for a, b, score in rows]


def news_pairs(texts, matrix):
    texts = texts.splitlines()
    scores = [line.split("\t") for line in matrix.splitlines()]
    return [(texts[i], texts[j], float(scores[i][j])) for i in range(len(texts)) for j in range(i + 1, len(texts))]


def read_sets(wheel):
    with zipfile.ZipFile(wheel) as archive:

        def read(name):
            return archive.read(DATA + name).decode("latin-1")

        return {
            "WordSim-353": word_pairs(read("wordsim353.tsv")),
            "SimLex-999": word_pairs(read("simlex999.txt")),
            "Lee's news": news_pairs(read("lee.cor"), read("similarities0-1.txt")),
        }


def ranks(values):
    """From 0; those that are equal share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count + 1) / 2)[place]


def spearman(a, b):
    return 100 * float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def correlations(args, dtype, sets):
    with http_bench.Server(args.binary, args.model, ["--dtype", dtype, "--auto-truncate"]) as server:
        texts = sorted({text for pairs in sets.values() for a, b, _ in pairs for text in (a, b)})
        rows = dict(zip(texts, np.asarray(http_bench.embed_all(server, texts))))
    return {
        name: spearman([float(rows[a] @ rows[b]) for a, b, _ in pairs], [score for _, _, score in pairs])
        for name, pairs in sets.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--dtypes", default="float32,float16,bfloat16,int8")
    parser.add_argument("--cache", default="build/bench", help="folder for what is fetched once")
    parser.add_argument("--json", help="file for the table")
    args = parser.parse_args()

    assert spearman([1, 2, 3, 3], [10, 20, 30, 40]) < 100 and abs(spearman([1, 5, 9], [2, 4, 8]) - 100) < 1e-9
    sets = read_sets(fetch(pathlib.Path(args.cache)))
    dtypes = args.dtypes.split(",")
    found = {dtype: correlations(args, dtype, sets) for dtype in dtypes}
    print(f"{'Spearman, points':22}" + "".join(f"{dtype:>18}" for dtype in dtypes))
    worst = 0.0
    for name, pairs in sets.items():
        losses = {dtype: found[dtypes[0]][name] - found[dtype][name] for dtype in dtypes}
        worst = max(worst, *losses.values())
        cells = [f"{found[dtype][name]:.2f} ({0 - losses[dtype]:+.2f})" for dtype in dtypes]
        print(f"{name} ({len(pairs)})".ljust(22) + "".join(f"{cell:>18}" for cell in cells))
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps({"model": args.model, "spearman": found}, indent=1) + "\n")
    if worst > ALLOWED_LOSS:
        sys.exit(f"similarity_bench.py: a dtype loses {worst:.2f} points, more than {ALLOWED_LOSS}")


if __name__ == "__main__":
    main()
