#!/usr/bin/env python3
"""Measures what bulk traffic does to a client with short texts, and what that client costs the bulk traffic.

    make bench-fairness                         or, by hand:
    python3 bench/fairness_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

One server; each round measures the latency of short single texts while it is idle, then starts bulk clients (64 that send
32 long texts each, without pause), measures their tokens a second alone and with the short client beside them (in turn the
one or the other first), and ends them. A bulk client that is turned away (429) waits a tenth of a second and tries again;
the short client counts every answer that is not 200. Clients are processes of their own, so that they do not wait for each
other's interpreter.

"Bulk throughput pays at most 5 %" is read as: of the machine's throughput. Tokens a second in all, the short client's
included, are at least 95 % of those of bulk alone, which says what switching between the two costs. What bulk itself
has left is told beside it: that is less by what the short client has, which would be true of the best of schedulers.

Prints medians over the rounds and, with --json FILE, writes the numbers of every round. Exits 1 when a short request failed
or when the 99th percentile under load is, in the median, more than --limit times the idle median.
"""

import argparse
import contextlib
import json
import multiprocessing
import re
import selectors
import socket
import statistics
import sys
import time

import http_bench
import machine

RETRY_AFTER_S = 0.1


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
        """Returns the status and the tokens of the input once the answer is whole, else None."""
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
        tokens = re.search(rb"x-compute-tokens: (\d+)", self.data, re.IGNORECASE)
        answer = self.status, int(tokens[1]) if tokens else 0
        self.reset()
        return answer

    def ask(self, data):
        self.socket.sendall(data)
        while (answer := self.read_some()) is None:
            pass
        return answer


def bulk_clients(port, clients, inputs, words, stop):
    """All bulk clients in one process: each sends its batch again as soon as it is answered."""
    requests = [request_bytes([http_bench.text_of(words, c * inputs + i) for i in range(inputs)]) for c in range(clients)]
    selector = selectors.DefaultSelector()
    for request in requests:
        connection = Connection(port)
        connection.socket.sendall(request)
        selector.register(connection.socket, selectors.EVENT_READ, (connection, request))
    later = []
    while not stop.is_set():
        for key, _ in selector.select(0.05):
            connection, request = key.data
            answer = connection.read_some()
            if answer is None:
                continue
            if answer[0] == 200:
                connection.socket.sendall(request)
            else:
                later.append((time.monotonic() + RETRY_AFTER_S, connection, request))
        while later and later[0][0] <= time.monotonic():
            _, connection, request = later.pop(0)
            connection.socket.sendall(request)


def short_client(port, words, seconds, think, results):
    """Single short texts, one after another: latencies in milliseconds, the number of failures, tokens in all."""
    connection = Connection(port)
    connection.socket.settimeout(seconds)  # who waits longer has failed
    requests = [request_bytes(http_bench.text_of(words, i)) for i in range(16)]
    latencies, failed, tokens = [], 0, 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        try:
            status, count = connection.ask(requests[len(latencies) % len(requests)])
        except TimeoutError:
            status, count, end = 0, 0, 0
        latencies.append((time.perf_counter() - begin) * 1e3)
        failed += status != 200
        tokens += count
        time.sleep(think)
    results.put((latencies, failed, tokens))


def run_short_client(args, port, seconds):
    results = multiprocessing.Queue()
    process = multiprocessing.Process(target=short_client, args=(port, args.words, seconds, args.think_ms / 1e3, results))
    process.start()
    latencies, failed, tokens = results.get(timeout=seconds + 120)
    process.join()
    latencies.sort()
    at = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    times = {"p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": latencies[-1]}
    return times, {"requests": len(latencies), "failed": failed, "tokens": tokens}


def metric(port, name):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
    return float(re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)[1])


def tokens_while(port, during):
    """What `during` returns, the tokens that went through the model meanwhile, and the seconds."""
    begin, tokens = time.perf_counter(), metric(port, "embd_tokens_total")
    result = during()
    return result, metric(port, "embd_tokens_total") - tokens, time.perf_counter() - begin


@contextlib.contextmanager
def bulk_traffic(args, port):
    stop = multiprocessing.Event()
    process = multiprocessing.Process(target=bulk_clients, args=(port, args.clients, args.inputs, args.long_words, stop))
    process.start()
    try:
        time.sleep(1.5)
        yield
    finally:
        stop.set()
        process.join(5)
        process.kill()
    while metric(port, "te_queue_size") > 0:  # what those who are gone have asked for is dropped, not computed
        time.sleep(0.05)


def bulk_alone(args, port):
    _, tokens, seconds = tokens_while(port, lambda: time.sleep(args.seconds))
    return {"alone_tokens_per_s": tokens / seconds}


def both(args, port):
    (times, short), tokens, seconds = tokens_while(port, lambda: run_short_client(args, port, args.seconds))
    return {
        **{f"loaded_{name}": value for name, value in times.items()},
        "short_requests": short["requests"],
        "short_failed": short["failed"],
        "both_tokens_per_s": tokens / seconds,
        "both_bulk_tokens_per_s": (tokens - short["tokens"]) / seconds,
    }


def measure_round(args, port, peak, number):
    numbers = {"peak_gflops": peak.sample()}
    idle, requests = run_short_client(args, port, args.seconds / 2)
    numbers |= {f"idle_{name}": value for name, value in idle.items()} | {"idle_failed": requests["failed"]}
    parts = [bulk_alone, both]
    with bulk_traffic(args, port):
        found = [part(args, port) for part in (parts if number % 2 == 0 else parts[::-1])]
    numbers |= found[0] | found[1]
    numbers["p99_over_idle_p50"] = numbers["loaded_p99_ms"] / numbers["idle_p50_ms"]
    for name in ("both", "both_bulk"):
        numbers[f"{name}_over_alone"] = numbers[f"{name}_tokens_per_s"] / numbers["alone_tokens_per_s"]
    return numbers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--clients", type=int, default=64, help="bulk clients")
    parser.add_argument("--inputs", type=int, default=32, help="texts of a bulk request")
    parser.add_argument("--long-words", type=int, default=330, help="words of a bulk text")
    parser.add_argument("--words", type=int, default=12, help="words of a short text")
    parser.add_argument("--think-ms", type=float, default=10, help="pause of the short client between its requests")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of bulk alone, and of both, in each round")
    parser.add_argument("--limit", type=float, default=4.0)
    parser.add_argument("--server-args", default="--max-concurrent-requests 4096")
    machine.add_peak_option(parser)
    parser.add_argument("--json", help="file for the numbers of every round")
    args = parser.parse_args()

    peak = machine.Peak(args.peak)
    rounds = []
    with http_bench.Server(args.binary, args.model, args.server_args.split()) as server:
        run_short_client(args, server.port, 0.5)
        for number in range(args.rounds):
            rounds.append(measure_round(args, server.port, peak, number))
            print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    machine.print_rounds(rounds)
    machine.write_json(args.json, clients=args.clients, inputs=args.inputs, think_ms=args.think_ms, rounds=rounds)

    median = {name: statistics.median(numbers[name] for numbers in rounds) for name in rounds[0] if name != "peak_gflops"}
    print(f"tokens/s with the short client, in per cent of bulk alone: {100 * median['both_over_alone']:.1f} in all (aim: 95), "
          f"{100 * median['both_bulk_over_alone']:.1f} of bulk's own")  # fmt: skip
    print(f"p99 under load / idle p50: {median['p99_over_idle_p50']:.2f} (limit {args.limit})")
    failed = sum(numbers["idle_failed"] + numbers["short_failed"] for numbers in rounds)
    sys.exit(1 if failed or median["p99_over_idle_p50"] > args.limit else 0)


if __name__ == "__main__":
    main()
