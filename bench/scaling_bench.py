#!/usr/bin/env python3
"""How throughput grows from one compute thread to one on each core, in process, without HTTP.

    make bench-scaling                          or, by hand:
    python3 bench/scaling_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

For each class of texts, rounds of `embd bench` with one thread and with all, in turn the one or the other first; reported are
medians of tokens a second and of the ratio within a round. No run is kept from any core: beside one compute thread texts
are tokenized on another core, beside all of them on the same ones. Before each run the peak of bare products on as many
cores is sampled (embd_peak): `peak_scaling` is how many times as much all cores gave then, at best their number; cores that
share their units, their clock or their host with others give less.

Prints a table and, with --json FILE, writes the numbers of every round. Machines differ, so no result is a failure.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import machine
from texts import CLASSES, make_texts

# Texts under way for each thread of the larger number: some steps of each worker, and few seconds to the last answer.
UNDER_WAY = {"short": 64, "medium": 16, "long": 8, "mix": 16}


def tokens_per_second(args, file, threads):
    command = [args.binary, "bench", "--model-id", args.model, "--dtype", args.dtype, "--input", str(file), "--json"]
    command += ["--threads", str(threads), "--seconds", str(args.seconds)]
    under_way = str(args.threads * UNDER_WAY[file.name])
    command += ["--concurrency", under_way, "--max-concurrent-requests", under_way]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"scaling_bench.py: {args.binary} ended with {done.returncode}")
    return json.loads(done.stdout)["tokens_per_second"]


def measure_round(args, file, peak, number):
    peaks, tokens = {}, {}
    for threads in sorted((1, args.threads), reverse=number % 2 == 1):
        peaks[threads] = peak.sample(threads)
        tokens[threads] = tokens_per_second(args, file, threads)
    one, all_peaks = peaks[1], peaks[args.threads]
    return {
        "tokens_per_s_of_1": tokens[1],
        f"tokens_per_s_of_{args.threads}": tokens[args.threads],
        "scaling": tokens[args.threads] / tokens[1],
        "peak_gflops_of_1": one,
        f"peak_gflops_of_{args.threads}": all_peaks,
        "peak_scaling": args.threads * all_peaks / one if one and all_peaks else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=machine.CORES, help="to compare with one")
    parser.add_argument("--classes", default="short,medium,long")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each run's throughput (its latency takes as long again)")
    machine.add_peak_option(parser)
    parser.add_argument("--json", help="file for the numbers of every round")
    args = parser.parse_args()
    if args.threads < 2:
        print("scaling_bench.py: there is one core, so nothing to compare")
        return

    peak = machine.Peak(args.peak)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.classes.split(","):
            file = pathlib.Path(folder) / name
            file.write_text("\n".join(make_texts(name)))
            results[name] = [measure_round(args, file, peak, number) for number in range(args.rounds)]
            print(f"\n{name}: {CLASSES[name][0]}-{CLASSES[name][1]} words, {args.dtype}")
            machine.print_rounds(results[name])
            sys.stdout.flush()
    machine.write_json(args.json, model=args.model, dtype=args.dtype, threads=args.threads, rounds=results)


if __name__ == "__main__":
    main()
