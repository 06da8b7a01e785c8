"""What the benchmarks of this folder share: the machine's own peak beside each sample, and how rounds are told."""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

CORES = len(os.sched_getaffinity(0))


def add_peak_option(parser):
    parser.add_argument("--peak", default="build/release/src/kernels/embd_peak", help="the binary that times bare products")


class Peak:
    """GFLOP/s that bare products reach on each of some cores now, by embd_peak in 50 ms."""

    def __init__(self, binary):
        self.binary = binary
        if not self._run(1):
            script = pathlib.Path(sys.argv[0]).name
            print(f"{script}: {binary} is not built, or not for this machine: no peak beside the numbers", file=sys.stderr)
            self.binary = None

    def _run(self, threads):
        try:
            return subprocess.run([self.binary, str(threads), "50"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return None

    def sample(self, threads=CORES):
        """A core's, or None where there is no binary to ask."""
        told = self._run(threads) if self.binary else None
        return float(told.split()[0]) if told else None


def spread(values):
    """Median, least and most, in columns of twelve."""
    return f"{statistics.median(values):12.4g}{min(values):12.4g}{max(values):12.4g}"


def print_rounds(rounds):
    """A row for each number of the rounds; what a round lacks is None."""
    print(f"{'':32}{'median':>12}{'least':>12}{'most':>12}")
    for name in rounds[0]:
        values = [numbers[name] for numbers in rounds if numbers[name] is not None]
        print(f"{name:32}" + (spread(values) if values else f"{'-':>12}" * 3))


def write_json(path, **document):
    """Nothing unless there is a path."""
    if path:
        model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        document = {"cores": CORES, "cpu": model and model[1], **document}
        pathlib.Path(path).write_text(json.dumps(document, indent=1) + "\n")
