#!/usr/bin/env python3
"""What the server itself costs: CPU time of its threads for each request, by kind of thread, and /health under load.

    bench/overhead_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2 [--seconds 5]

`wrk` keeps connections open and sends one request after another on each. The CPU time of every thread is read
from /proc before and after. Threads named embd-http do everything but the forward pass: sockets, HTTP, JSON in and out,
and the tokens of a short text. What the compute threads spend beside arithmetic is not in it.
"""

import argparse
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

LUA = 'wrk.method="POST"; wrk.headers["content-type"]="application/json"; wrk.body=\'{"inputs":"%s"}\''


def thread_seconds(pid):
    """CPU seconds by name of thread, to the nanosecond where the kernel tells."""
    seconds = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        seconds[name] = seconds.get(name, 0.0) + int((task / "schedstat").read_text().split()[0]) * 1e-9
    return seconds


def wrk(url, seconds, connections, script=None):
    command = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *(["-s", script] if script else []), url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def requests_of(output):
    assert "Non-2xx" not in output and "Socket errors" not in output, output
    return int(re.search(r"(\d+) requests in", output)[1])


def measure(pid, url, seconds, connections, script=None):
    """Requests, and CPU microseconds of each kind of thread for each."""
    before = thread_seconds(pid)
    count = requests_of(wrk(url, seconds, connections, script).communicate()[0])
    after = thread_seconds(pid)
    return count, {name: (after[name] - before.get(name, 0.0)) / count * 1e6 for name in after}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", default="What is Deep Learning?")
    args = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [args.binary, "--model-id", args.model, "--hostname", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, env={**os.environ, "LOG_LEVEL": "warn"},
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % args.text)
        script.flush()
        try:
            while subprocess.run(["curl", "-sf", url + "/health"], check=False).returncode != 0:
                assert server.poll() is None
                time.sleep(0.05)
            for _ in range(args.rounds):
                for name, path, connections, lua in (("GET /health", "/health", 8, None), ("POST /embed", "/embed", 8, script.name)):
                    count, spent = measure(server.pid, url + path, args.seconds, connections, lua)
                    shown = ", ".join(f"{thread} {micros:.1f}" for thread, micros in sorted(spent.items()) if micros > 0.05)
                    print(f"{name}: {count / args.seconds:.0f}/s; microseconds of CPU for each: {shown}", flush=True)
                load = wrk(url + "/embed", args.seconds + 1, 64, script.name)
                time.sleep(0.5)
                health = wrk(url + "/health", args.seconds, 1).communicate()[0]
                load.communicate()
                quantiles = dict(re.findall(r"(50|90|99)%\s+([\d.]+\w+)", health))
                print(f"GET /health while 64 connections ask for embeddings: p50 {quantiles['50']}, p90 {quantiles['90']}, p99 {quantiles['99']}", flush=True)
        finally:
            server.terminate()
            server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
