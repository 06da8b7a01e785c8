#!/usr/bin/env python3
"""What the server itself costs: CPU time for each request by what it was spent on, and /health under load.

    bench/overhead_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2 [--seconds 5] [--rounds 3]

`wrk` keeps connections open and sends one request after another on each. The CPU time of every thread, in the kernel and
outside, is read from /proc before and after. `perf` (Debian: linux-perf) tells by call chains which share of it is the forward
pass, which tokenizing, and which waiting for work in a loop; the rest is the server's own: sockets, HTTP, JSON in and
out, queues, waking threads, metrics, the log. Without perf only the times of threads are told; those named embd-http do all of
that but what compute threads spend on queues, and tokenize short texts.

CPU time is less sensitive to other load than elapsed time, but caches are shared: use a quiet machine.
"""

import argparse
import collections
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

LUA = 'wrk.method="POST"; wrk.headers["content-type"]="application/json"; wrk.body=[[%s]]'
PERF_HZ = 4999
# The first whose expression is found in a sample's call chain has it.
KINDS = [
    ("forward pass", r"Model::Run|StepRunner::Run|\bForward\b"),
    ("tokenizing", r"InputEncoder::|Tokenizer::Encode"),
    ("waiting in a loop", r"sched_yield|StayAwake|WaitForWork|cpu_relax|cpu::Relax"),
    ("JSON out", r"http::Write|http::AppendFloat|http::AppendEmbedding"),
    ("JSON in", r"JsonBodyReader|JsonCursor|ReadBody"),
    ("log", r"embd::Log::|LogAnswer"),
    ("sockets", r"sys_sendmsg|sys_recv|sys_epoll|sys_send|sys_read|tcp_|sock_"),
    ("waking and sleeping", r"futex|pthread_cond|condition_variable|schedule\b"),
]  # fmt: skip
NOT_OWN = ("forward pass", "tokenizing", "waiting in a loop")


def thread_seconds(pid):
    """CPU seconds by name of thread, to the nanosecond where the kernel tells."""
    seconds = collections.Counter()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        seconds[(task / "comm").read_text().strip()] += int((task / "schedstat").read_text().split()[0]) * 1e-9
    return seconds


def wrk(url, seconds, connections, script=None):
    command = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *(["-s", script] if script else []), url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def requests_of(output):
    assert "Non-2xx" not in output and "Socket errors" not in output, output
    return int(re.search(r"(\d+) requests in", output)[1])


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def quantiles_of(output):
    return {int(name): milliseconds(text) for name, text in re.findall(r"(50|90|99)%\s+([\d.]+\w+)", output)}


def shares_of(data):
    """How the samples of a recording divide among KINDS and `other`."""
    script = ["perf", "script", "-i", data, "-F", "comm,period,ip,sym"]
    text = subprocess.run(script, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    periods = collections.Counter()
    for sample in text.split("\n\n"):
        head, _, chain = sample.strip().partition("\n")
        if not chain:
            continue
        period = int(re.search(r"(\d+)\s*$", head.rstrip(": "))[1])
        kind = next((name for name, expression in KINDS if re.search(expression, chain)), "other")
        periods[kind] += period
    total = sum(periods.values())
    return {kind: period / total for kind, period in periods.items()}


def measure(server, path, connections, script, seconds):
    """Requests a second, and microseconds of CPU for each: by thread, and by kind where perf is there."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        load = wrk(server.url + path, seconds, connections, script)
        recording = None
        time.sleep(0.2)
        if shutil.which("perf"):
            command = ["perf", "record", "-q", "-F", str(PERF_HZ), "--call-graph", "fp", "-p", str(server.pid), "-o", data]
            recording = subprocess.run([*command, "sleep", f"{seconds - 0.6:.1f}"], check=True)
        output = load.communicate()[0]
        shares = shares_of(data) if recording is not None else {}
    # Once more without perf, which costs time itself.
    before = thread_seconds(server.pid)
    count = requests_of(wrk(server.url + path, seconds, connections, script).communicate()[0])
    after = thread_seconds(server.pid)
    requests_of(output)
    threads = {name: (after[name] - before[name]) / count * 1e6 for name in after}
    return count / seconds, threads, {kind: share * sum(threads.values()) for kind, share in shares.items()}


class Server:
    def __init__(self, binary, model, level):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [binary, "--model-id", model, "--hostname", "127.0.0.1", "--port", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "LOG_LEVEL": level})
        self.pid = self.process.pid
        while subprocess.run(["curl", "-sf", self.url + "/health"], check=False).returncode != 0:
            assert self.process.poll() is None
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def shown(parts):
    return ", ".join(f"{name} {micros:.1f}" for name, micros in sorted(parts.items(), key=lambda part: -part[1]) if micros >= 0.05)


def tell(name, server, path, script, args, connections=8):
    rates, own = [], []
    for _ in range(args.rounds):
        rate, threads, kinds = measure(server, path, connections, script, args.seconds)
        rates.append(rate)
        own.append(sum(micros for kind, micros in kinds.items() if kind not in NOT_OWN) if kinds else threads["embd-http"])
        print(f"{name}: {rate:.0f}/s\n  by thread: {shown(threads)}\n  by kind:   {shown(kinds) or 'perf is not there'}", flush=True)
    print(f"{name}: the server's own share, median of {args.rounds}: {statistics.median(own):.1f} us a request\n", flush=True)


def tell_health(server, script, args):
    found = []
    for _ in range(args.rounds):
        load = wrk(server.url + "/embed", args.seconds + 1, 64, script)
        time.sleep(0.5)
        found.append(quantiles_of(wrk(server.url + "/health", args.seconds, 1).communicate()[0]))
        load.communicate()
    parts = ", ".join(f"p{name} {statistics.median(row[name] for row in found):.2f} ms" for name in (50, 90, 99))
    print(f"GET /health while 64 connections ask for embeddings, medians of {args.rounds}: {parts}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", default="What is Deep Learning?")
    parser.add_argument("--log-level", default="warn", help="info writes a line for each request")
    parser.add_argument("--only", choices=["health", "single", "batch", "latency"], help="one of the measurements")
    args = parser.parse_args()
    bodies = {"single": '{"inputs":"%s"}' % args.text, "batch": '{"inputs":[%s]}' % ",".join([f'"{args.text}"'] * 32)}
    with tempfile.TemporaryDirectory() as folder, Server(args.binary, args.model, args.log_level) as server:
        scripts = {}
        for name, body in bodies.items():
            scripts[name] = f"{folder}/{name}.lua"
            pathlib.Path(scripts[name]).write_text(LUA % body)
        wanted = [args.only] if args.only else ["health", "single", "batch", "latency"]
        if "health" in wanted:
            tell("GET /health", server, "/health", None, args)
        if "single" in wanted:
            tell("POST /embed, one text", server, "/embed", scripts["single"], args)
        if "batch" in wanted:
            tell("POST /embed, 32 texts", server, "/embed", scripts["batch"], args, connections=4)
        if "latency" in wanted:
            tell_health(server, scripts["single"], args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
