#!/usr/bin/env python3
"""Measures what bulk traffic does to a client with short texts, and what that client costs the bulk traffic.

    python3 bench/fairness_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

Starts the server and measures, one after another: the latency of short single texts on the idle server; the tokens
a second of bulk clients alone (64 that send 32 long texts each, without pause); both together. A bulk client that
is turned away (429) waits a tenth of a second and tries again; the short client counts every answer that is not 200.
Clients are processes of their own, so that they do not wait for each other's interpreter. Takes under 20 seconds.

Prints a table and, with --json FILE, writes the numbers. Exits 1 when a short request failed or when the 99th
percentile under load is more than --limit times the idle median.
"""

import argparse
import json
import multiprocessing
import re
import selectors
import socket
import subprocess
import sys
import time

WORDS = "deep learning is a river of small steps toward some far shore and the boats that sail it".split()
RETRY_AFTER_S = 0.1


def text_of(words, salt):
    return " ".join(WORDS[(i * 7 + salt) % len(WORDS)] for i in range(words))


def request_bytes(inputs):
    body = json.dumps({"inputs": inputs}).encode()
    head = f"POST /embed HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection:
    """One keep-alive connection that reads just enough of each answer to know where it ends."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reset()

    def reset(self):
        self.received, self.whole, self.status, self.data = 0, None, 0, b""

    def read_some(self):
        """Returns the status once the answer is whole, else None."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.received += len(part)
        if self.whole is None:
            self.data += part
            end = self.data.find(b"\r\n\r\n")
            if end < 0:
                return None
            self.status = int(self.data[9:12])
            self.whole = end + 4 + int(re.search(rb"content-length: (\d+)", self.data[:end], re.IGNORECASE)[1])
        if self.received < self.whole:
            return None
        status = self.status
        self.reset()
        return status

    def ask(self, data):
        self.socket.sendall(data)
        while (status := self.read_some()) is None:
            pass
        return status


def bulk_clients(port, clients, inputs, words, stop):
    """All bulk clients in one process: each sends its batch again as soon as it is answered."""
    requests = [request_bytes([text_of(words, c * inputs + i) for i in range(inputs)]) for c in range(clients)]
    selector = selectors.DefaultSelector()
    for request in requests:
        connection = Connection(port)
        connection.socket.sendall(request)
        selector.register(connection.socket, selectors.EVENT_READ, (connection, request))
    later = []
    while not stop.is_set():
        for key, _ in selector.select(0.05):
            connection, request = key.data
            status = connection.read_some()
            if status == 200:
                connection.socket.sendall(request)
            elif status is not None:
                later.append((time.monotonic() + RETRY_AFTER_S, connection, request))
        while later and later[0][0] <= time.monotonic():
            _, connection, request = later.pop(0)
            connection.socket.sendall(request)


def short_client(port, words, seconds, think, results):
    """Single short texts, one after another: latencies in milliseconds and the number of failures."""
    connection = Connection(port)
    connection.socket.settimeout(seconds)  # who waits longer has failed
    requests = [request_bytes(text_of(words, i)) for i in range(16)]
    latencies, failed = [], 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        try:
            status = connection.ask(requests[len(latencies) % len(requests)])
        except TimeoutError:
            status, end = 0, 0
        latencies.append((time.perf_counter() - begin) * 1e3)
        failed += status != 200
        time.sleep(think)
    results.put((latencies, failed))


def run_short_client(args, port, seconds):
    results = multiprocessing.Queue()
    process = multiprocessing.Process(target=short_client, args=(port, args.words, seconds, args.think_ms / 1e3, results))
    process.start()
    latencies, failed = results.get(timeout=seconds + 120)
    process.join()
    latencies.sort()
    at = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    return {"p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": latencies[-1], "requests": len(latencies), "failed": failed}


def metric(port, name):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
    return float(re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)[1])


def tokens_per_second(port, during):
    """What `during` returns, and the tokens a second that went through the model meanwhile."""
    begin, tokens = time.perf_counter(), metric(port, "embd_tokens_total")
    result = during()
    return result, (metric(port, "embd_tokens_total") - tokens) / (time.perf_counter() - begin)


def start_server(args):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [args.binary, "--model-id", args.model, "--hostname", "127.0.0.1", "--port", str(port), *args.server_args.split()]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for _ in range(3000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return process, port
        except ConnectionRefusedError:
            if process.poll() is not None:
                sys.exit(f"fairness_bench.py: {args.binary} ended with {process.returncode}")
            time.sleep(0.01)
    process.kill()
    sys.exit("fairness_bench.py: the server does not open its port")


def measure(args, port):
    run_short_client(args, port, 0.5)
    idle = run_short_client(args, port, args.seconds / 2)
    stop = multiprocessing.Event()
    bulk = multiprocessing.Process(target=bulk_clients, args=(port, args.clients, args.inputs, args.long_words, stop))
    bulk.start()
    try:
        time.sleep(1.5)
        _, alone = tokens_per_second(port, lambda: time.sleep(args.seconds))
        loaded, together = tokens_per_second(port, lambda: run_short_client(args, port, args.seconds))
    finally:
        stop.set()
        bulk.join(5)
        bulk.kill()
    return {
        "idle": idle,
        "loaded": loaded,
        "bulk_tokens_per_second_alone": alone,
        "tokens_per_second_together": together,
        "p99_over_idle_p50": loaded["p99_ms"] / idle["p50_ms"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--clients", type=int, default=64, help="bulk clients")
    parser.add_argument("--inputs", type=int, default=32, help="texts of a bulk request")
    parser.add_argument("--long-words", type=int, default=330, help="words of a bulk text")
    parser.add_argument("--words", type=int, default=12, help="words of a short text")
    parser.add_argument("--think-ms", type=float, default=10, help="pause of the short client between its requests")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--limit", type=float, default=4.0)
    parser.add_argument("--server-args", default="--max-concurrent-requests 4096")
    parser.add_argument("--json", help="file for the numbers")
    args = parser.parse_args()
    process, port = start_server(args)
    try:
        numbers = measure(args, port)
    finally:
        process.terminate()
        process.wait(120)
    print(f"{'short requests':<22}{'p50 ms':>9}{'p90 ms':>9}{'p99 ms':>9}{'max ms':>9}{'requests':>10}{'failed':>8}")
    for name in ("idle", "loaded"):
        row = numbers[name]
        print(f"{name:<22}" + "".join(f"{row[key]:>9.2f}" for key in ("p50_ms", "p90_ms", "p99_ms", "max_ms")) + f"{row['requests']:>10}{row['failed']:>8}")
    alone, together = numbers["bulk_tokens_per_second_alone"], numbers["tokens_per_second_together"]
    print(f"tokens/s: bulk alone {alone:.0f}, with the short client {together:.0f} in all ({100 * together / alone:.1f} %)")
    print(f"p99 under load / idle p50: {numbers['p99_over_idle_p50']:.2f} (limit {args.limit})")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(numbers, file, indent=1)
    failed = numbers["idle"]["failed"] + numbers["loaded"]["failed"]
    sys.exit(1 if failed or numbers["p99_over_idle_p50"] > args.limit else 0)


if __name__ == "__main__":
    main()
