#!/usr/bin/env python3
"""Measures embd as its clients see it, over HTTP on the loopback, in several rounds.

    make bench-http                             or, by hand:
    .venv/bin/python bench/http_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

Each round starts the server anew and measures: process start to open port; the first request over the median of
the next hundred on the same text, and the first long text over the median of the next twenty; latency of single
texts one after another; texts a second under concurrent clients (by wrk when it is installed); resident memory
against the plan that the server exports. The peak of bare products on all cores (embd_peak, GFLOP/s a core) is
sampled before the server starts and tells the machine's mood in that round. With --oracle PYTHON (an interpreter that has sentence-transformers) the
same texts also go through sentence-transformers in the same round, so that both see the same moods of the machine;
the answers are compared, too.

Prints a table and, with --json FILE, writes every number of every round.
"""

import argparse
import concurrent.futures
import http.client
import json
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import machine

WORDS = "deep learning is a river of small steps toward some far shore and the boats that sail it".split()
JSON_HEADERS = {"Content-Type": "application/json"}


def text_of(words, salt):
    """A text of so many words, another one for each salt."""
    return " ".join(WORDS[(i * 7 + salt) % len(WORDS)] for i in range(words))


def sample_texts():
    """Forty texts from 8 to 200 words."""
    lengths = [8, 12, 16, 24, 32, 48, 64, 96, 128, 200]
    return [text_of(lengths[i % 10], i) for i in range(40)]


def milliseconds(function, *args):
    start = time.perf_counter()
    result = function(*args)
    return (time.perf_counter() - start) * 1e3, result


class Server:
    """The binary on a free port, from start to stop."""

    def __init__(self, binary, model, args):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [binary, "--model-id", model, "--hostname", "127.0.0.1", "--port", str(self.port), *args]
        start = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not self.listens():
            if self.process.poll() is not None:
                sys.exit(f"http_bench.py: {binary} ended with {self.process.returncode}")
            time.sleep(0.0005)
        self.start_ms = (time.perf_counter() - start) * 1e3

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[1]) / 1024

    def planned_mib(self):
        connection = self.connect()
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        parts = re.findall(r"^embd_memory_plan_bytes\{.*\} (\S+)$", text, re.MULTILINE)
        return sum(map(float, parts)) / 2**20


def embed(connection, inputs):
    connection.request("POST", "/embed", json.dumps({"inputs": inputs}), JSON_HEADERS)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        sys.exit(f"http_bench.py: status {response.status}: {body[:200]}")
    return body


def embed_all(server, texts):
    """One row for each text, in their order."""
    connection = server.connect()
    rows = []
    for begin in range(0, len(texts), 32):
        rows += json.loads(embed(connection, texts[begin : begin + 32]))
    return rows


def run_wrk(server, texts, clients, seconds, *options):
    """wrk's report of `clients` connections, each of which sends one text after the other."""
    bodies = ",".join(json.dumps(json.dumps({"inputs": text})) for text in texts)
    script = f"""local bodies = {{{bodies}}}
local next = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request() next = next % #bodies + 1; return wrk.format(nil, nil, nil, bodies[next]) end
"""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", *options, "-s", file.name]
        out = subprocess.run([*command, f"http://127.0.0.1:{server.port}/embed"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"wrk met errors\n{out}")
    return out


def throughput_by_wrk(server, texts, clients, seconds):
    return float(re.search(r"Requests/sec:\s+(\S+)", run_wrk(server, texts, clients, seconds))[1])


def latency_by_wrk(server, text, seconds):
    """Milliseconds that one request takes, in the median of those sent one after the other."""
    amount, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", run_wrk(server, [text], 1, seconds, "--latency")).groups()
    return float(amount) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def throughput_by_threads(server, texts, clients, seconds):
    end = time.perf_counter() + seconds

    def client(index):
        connection = server.connect()
        count = 0
        while time.perf_counter() < end:
            embed(connection, texts[(index + count) % len(texts)])
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(client, range(clients))) / seconds


def measure_server(args, texts):
    with Server(args.binary, args.model, args.server_args.split()) as server:
        connection = server.connect()
        connection.connect()
        first, _ = milliseconds(embed, connection, "What is Deep Learning?")
        hundred = [milliseconds(embed, connection, "What is Deep Learning?")[0] for _ in range(100)]
        long_text = max(texts, key=len)
        first_long, *twenty = [milliseconds(embed, connection, long_text)[0] for _ in range(21)]
        resident_at_start = server.resident_mib()
        rows, latencies = [], []
        for text in texts:
            took, body = milliseconds(embed, connection, text)
            latencies.append(took)
            rows.append(json.loads(body)[0])
        load = throughput_by_wrk if shutil.which("wrk") else throughput_by_threads
        per_second = load(server, texts, args.clients, args.seconds)
        return rows, {
            "start_ms": server.start_ms,
            "first_ms": first,
            "first_over_median": first / statistics.median(hundred),
            "first_long_over_median": first_long / statistics.median(twenty),
            "single_median_ms": statistics.median(latencies),
            "texts_per_second": per_second,
            "resident_mib_at_start": resident_at_start,
            "resident_mib_after_load": server.resident_mib(),
            "planned_mib": server.planned_mib(),
        }


ORACLE = """
import json, os, sys, time
os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from sentence_transformers import SentenceTransformer
torch.set_num_threads(int(sys.argv[2]))
model = SentenceTransformer(sys.argv[1], device="cpu")
texts, seconds = json.loads(sys.stdin.readline())
print("ready", flush=True)
for _ in sys.stdin:
    rows, latencies = [], []
    for text in texts:
        start = time.perf_counter()
        rows.append(model.encode([text], show_progress_bar=False)[0].tolist())
        latencies.append((time.perf_counter() - start) * 1e3)
    end, start, count = time.perf_counter() + seconds, time.perf_counter(), 0
    while time.perf_counter() < end:
        model.encode(texts, batch_size=32, show_progress_bar=False)
        count += len(texts)
    per_second = count / (time.perf_counter() - start)
    print(json.dumps([rows, sorted(latencies)[len(latencies) // 2], per_second]), flush=True)
"""


class Oracle:
    """sentence-transformers in a process of its own, idle unless asked."""

    def __init__(self, python, model, texts, seconds):
        self.process = subprocess.Popen(
            [python, "-c", ORACLE, model, str(machine.CORES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.ask(json.dumps([texts, seconds]))

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("http_bench.py: the oracle has ended; does its interpreter have sentence-transformers?")
        return answer

    def measure(self):
        rows, median, per_second = json.loads(self.ask("round"))
        return rows, {"oracle_single_median_ms": median, "oracle_texts_per_second": per_second}

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def largest_difference(rows, reference):
    return max(abs(a - b) for row, other in zip(rows, reference) for a, b in zip(row, other))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--server-args", default="", help="further options of embd")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of load in each round")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--oracle", help="python with sentence-transformers, measured in the same rounds")
    machine.add_peak_option(parser)
    parser.add_argument("--json", help="file for every number of every round")
    args = parser.parse_args()

    peak = machine.Peak(args.peak)
    texts = sample_texts()
    oracle = Oracle(args.oracle, args.model, texts, args.seconds) if args.oracle else None
    rounds = []
    for number in range(args.rounds):
        numbers = {"peak_gflops": peak.sample()}
        rows, ours = measure_server(args, texts)
        numbers |= ours
        if oracle:
            reference, theirs = oracle.measure()
            numbers |= theirs
            numbers["largest_difference"] = largest_difference(rows, reference)
            numbers["times_oracle_throughput"] = numbers["texts_per_second"] / theirs["oracle_texts_per_second"]
            numbers["times_oracle_speed_single"] = theirs["oracle_single_median_ms"] / numbers["single_median_ms"]
        rounds.append(numbers)
        print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    if oracle:
        oracle.close()

    machine.print_rounds(rounds)
    machine.write_json(args.json, clients=args.clients, rounds=rounds)


if __name__ == "__main__":
    main()
