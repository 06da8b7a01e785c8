#!/usr/bin/env python3
"""Compares the speed of `embd bench tokenizer` with the PyPI package `tokenizers`, on one thread and on all.

    make bench-tokenizers                       or, by hand:
    .venv/bin/python bench/tokenizer_bench.py --binary build/release/src/app/embd --folder build/tokenizers

Both encode the same texts from the same file, one after the other within each round, so that both see the same
moods of the machine; the table has the medians of the rounds. embd gives ids, the reference is `encode_batch`
of lists of texts (--fast: `encode_batch_fast`, which leaves out offsets). The files and texts are those of
tools/tokenizer_make_large.py, made first where they are missing, and all-MiniLM-L6-v2's real one.

Prints a table and, with --json FILE, writes every number of every round.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent
MINILM = ROOT / "models/all-MiniLM-L6-v2/tokenizer.json"
BATCH = 500


def run_reference(file, text, seconds, method):
    """In a process of its own, whose environment says how many threads it has."""
    import tokenizers
    begin = time.perf_counter()
    tokenizer = tokenizers.Tokenizer.from_file(file)
    load_ms = (time.perf_counter() - begin) * 1e3
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encode = getattr(tokenizer, method)
    lines = [line for line in pathlib.Path(text).read_text(encoding="utf-8").split("\n") if line]
    batches = [lines[at:at + BATCH] for at in range(0, len(lines), BATCH)]
    sizes = [sum(len(line.encode()) for line in batch) for batch in batches]
    encode(batches[0])
    done = tokens = number = 0
    spent = 0.0
    while spent < seconds:
        batch = batches[number % len(batches)]
        begin = time.perf_counter()
        encodings = encode(batch)
        spent += time.perf_counter() - begin
        done += sizes[number % len(batches)]
        tokens += sum(map(len, encodings))
        number += 1
    print(json.dumps({"mb_per_s": done / 1e6 / spent, "tokens_per_s": tokens / spent, "load_ms": load_ms}))


def measure_reference(file, text, threads, options):
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads),
                   "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}
    command = [sys.executable, __file__, "--reference", str(file), str(text), str(options.seconds),
               "encode_batch_fast" if options.fast else "encode_batch"]
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def measure_embd(file, text, threads, options):
    command = [options.binary, "bench", "tokenizer", "--tokenizer", str(file), "--input", str(text),
               "--threads", str(threads), "--seconds", str(options.seconds), "--json"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def run_rounds(file, text, threads, options):
    rounds = []
    for number in range(options.rounds):
        sides = [("embd", measure_embd), ("reference", measure_reference)]
        # Whoever comes second finds the processor warmer.
        rounds.append({name: measure(file, text, threads, options)
                       for name, measure in (sides if number % 2 == 0 else sides[::-1])})
    return rounds


def median(rounds, side, what):
    return statistics.median(one[side][what] for one in rounds)


HEAD = ("| tokenizer | text | threads | embd MB/s | reference MB/s | ratio | embd Mtokens/s | embd load ms (first) "
        "| reference load ms | embd MiB | of the vocabulary | of the file |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")


def row(file, text, threads, rounds):
    size = rounds[0]["embd"]
    ours, theirs = median(rounds, "embd", "mb_per_s"), median(rounds, "reference", "mb_per_s")
    name = "all-MiniLM-L6-v2" if file == MINILM else file.stem
    return (f"| {name} | {text.stem} | {threads} | {ours:.1f} | {theirs:.2f} | {ours / theirs:.1f} "
            f"| {median(rounds, 'embd', 'tokens_per_s') / 1e6:.1f} | {median(rounds, 'embd', 'load_ms'):.1f} "
            f"({median(rounds, 'embd', 'first_load_ms'):.1f}) "
            f"| {median(rounds, 'reference', 'load_ms'):.1f} "
            f"| {size['resident_bytes'] / 2**20:.1f} | {size['resident_bytes'] / size['vocabulary_bytes']:.2f} "
            f"| {size['resident_bytes'] / size['file_bytes']:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="of the large files; filled when empty")
    parser.add_argument("--files", nargs="*", default=[], help="names such as bpe_50k or minilm, or paths; default: all")
    parser.add_argument("--texts", nargs="*", default=["english", "mixed"], help="names in the folder, or paths")
    parser.add_argument("--threads", nargs="*", type=int, default=sorted({1, machine.CORES}))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1, help="of each measurement")
    parser.add_argument("--fast", action="store_true", help="let the reference leave out offsets")
    parser.add_argument("--json", type=pathlib.Path, help="file for every number of every round")
    options = parser.parse_args()

    sys.path.insert(0, str(ROOT / "tools"))
    import tokenizer_make_large
    names = options.files or ["minilm", *tokenizer_make_large.BUILDERS]
    known = [name for name in names if name in tokenizer_make_large.BUILDERS]
    tokenizer_make_large.write(options.folder, known)
    files = [MINILM if name == "minilm" else options.folder / f"{name}.json" if name in known
             else pathlib.Path(name) for name in names]
    texts = [options.folder / f"{name}.txt" if "/" not in name else pathlib.Path(name) for name in options.texts]

    results = []
    print(HEAD, flush=True)
    for file in files:
        for text in texts:
            for threads in options.threads:
                rounds = run_rounds(file, text, threads, options)
                results.append({"file": file.name if file != MINILM else "all-MiniLM-L6-v2", "text": text.name,
                                "threads": threads, "rounds": rounds})
                print(row(file, text, threads, rounds), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--reference"]:
        run_reference(sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5])
    else:
        main()
