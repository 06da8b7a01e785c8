#!/usr/bin/env python3
"""Measures embd over HTTP beside other engines that run the same model on the same texts.

    make bench-peers                            or, by hand, with the interpreter of the peers' environment:
    build/venv-peers/bin/python bench/peers_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

Peers, in processes of their own (bench/peers/worker.py) and with all cores: onnxruntime on a graph that its optimiser
for transformers has fused, in padded batches of 8 in the order of arrival, as TEI runs it, and in the batch size that is
best for it; openvino on the same graph, by its hint for latency or for throughput and in the batch size, whichever is
best (one text alone always by that for latency); torch through sentence-transformers. They run in-process, onnxruntime
and openvino from token ids. embd is asked over HTTP by wrk on the same cores: tokenizing, JSON and the client included.

Every round measures every contender, so that all see the same moods of the machine. In each round another one begins, and
every other round goes backwards, so that nobody always follows the same one. Only the process whose turn it is runs;
all others, embd's too, are stopped (SIGSTOP): threads that wait for work in a loop, as onnxruntime's do unless told
otherwise, cost nobody but their own contender. Before each turn the peak of bare products on all cores is sampled
(embd_peak). Reported are medians over the rounds, of each contender and of the ratio within a round. Before anything is
timed the contenders' answers to the same texts are compared. Prints a table and, with --json FILE, writes every number
of every round.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys

import http_bench
import machine
from texts import CLASSES, make_texts

HERE = pathlib.Path(__file__).parent


@contextlib.contextmanager
def running(process):
    """It is stopped again afterwards."""
    process.send_signal(signal.SIGCONT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGSTOP)


class Peer:
    """A worker process that answers one line for each line, and is stopped in between."""

    def __init__(self, kind, folder, onnx):
        command = [sys.executable, str(HERE / "peers" / "worker.py"), kind, folder, onnx, str(machine.CORES)]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.kind = kind

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait(60)

    def ask(self, **request):
        with running(self.process):
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            sys.exit(f"peers_bench.py: the process of {self.kind} has ended")
        return json.loads(line)


class PeerContender:
    """Of several processes and batch sizes the best for the texts is found out."""

    def __init__(self, name, peers, batches):
        self.name, self.peers, self.batches = name, peers, batches
        self.peer, self.batch = peers[0], batches[0]

    @property
    def chosen(self):
        return f"{self.batch}, {self.peer.kind}" if len(self.peers) > 1 else self.batch

    def prepare(self, texts, seconds):
        for peer in self.peers:
            peer.ask(texts=texts)
        ways = [(peer, batch) for peer in self.peers for batch in self.batches]
        if len(ways) > 1:
            speeds = [peer.ask(seconds=seconds / 2, batch=batch)["texts_per_second"] for peer, batch in ways]
            self.peer, self.batch = ways[speeds.index(max(speeds))]

    def throughput(self, _, seconds):
        return self.peer.ask(seconds=seconds, batch=self.batch)["texts_per_second"]

    def latency(self, text):
        return self.peers[0].ask(latency=text, count=100)["median_ms"]

    def rows(self, texts):
        return self.peer.ask(rows=len(texts))["rows"]


# embd runs for at least as long as so many texts take that are sent one by one.
MANY_TEXTS = 60


class EmbdContender:
    """Stopped in between like the peers; no connection outlives a turn, so none is closed for its silence."""

    chosen = None

    def __init__(self, name, server):
        self.name, self.server = name, server

    def prepare(self, texts, _):
        """Finds out how long to measure: what is under way at the end does not count, so that has to be little of it all."""
        with running(self.server.process), contextlib.closing(self.server.connect()) as connection:
            http_bench.embed(connection, texts[0])
            took = [http_bench.milliseconds(http_bench.embed, connection, text)[0] for text in texts[:8]]
        self.least_seconds = min(30, MANY_TEXTS * statistics.mean(took) / 1e3)

    def throughput(self, texts, seconds):
        seconds = max(1, round(max(seconds, self.least_seconds)))
        with running(self.server.process):
            return http_bench.throughput_by_wrk(self.server, texts, clients=64, seconds=seconds)

    def latency(self, text):
        with running(self.server.process):
            return http_bench.latency_by_wrk(self.server, text, seconds=1)

    def rows(self, texts):
        with running(self.server.process), contextlib.closing(self.server.connect()) as connection:
            return json.loads(http_bench.embed(connection, texts))


def least_cosine(rows, reference):
    """Both are of unit length."""
    return min(sum(a * b for a, b in zip(row, other)) for row, other in zip(rows, reference))


def turns(contenders, number):
    """Their order in a round."""
    step = -1 if number % 2 else 1
    return [contenders[(number + step * i) % len(contenders)] for i in range(len(contenders))]


def measure_rounds(contenders, args, measure):
    """For each round a number of each contender, and the peak beside it."""
    rounds, peaks = [], []
    for number in range(args.rounds):
        values, beside = {}, {}
        for contender in turns(contenders, number):
            beside[contender.name] = args.peak.sample()
            values[contender.name] = measure(contender)
        rounds.append({c.name: values[c.name] for c in contenders})
        peaks.append({c.name: beside[c.name] for c in contenders})
    return {"rounds": rounds, "peak_gflops": peaks}


def measure_class(name, contenders, args):
    texts = make_texts(name)
    for contender in contenders:
        contender.prepare(texts, args.seconds)
    reference = contenders[0].rows(texts[:16])
    agreement = {c.name: least_cosine(c.rows(texts[:16]), reference) for c in contenders}
    measured = measure_rounds(contenders, args, lambda c: c.throughput(texts, args.seconds))
    return {"unit": "texts/s", **measured, "agreement": agreement, "batch": {c.name: c.chosen for c in contenders}}


def measure_latency(contenders, args):
    text = "how do ships find their way across the open sea at night"
    return {"unit": "ms", **measure_rounds(contenders, args, lambda c: c.latency(text))}


def print_table(name, result, baseline):
    rounds = result["rounds"]
    title = f"{name} [{result['unit']}]"
    print(f"\n{title:32}{'median':>12}{'least':>12}{'most':>12} {'x ' + baseline:>18}{'least cosine':>16}  batch")
    for contender in rounds[0]:
        values = [numbers[contender] for numbers in rounds]
        ratio = statistics.median(numbers[contender] / numbers[baseline] for numbers in rounds)
        batch = result.get("batch", {}).get(contender) or ""
        cosine = result.get("agreement", {}).get(contender)
        cosine = "" if cosine is None else f"{cosine:.5f}"
        print(f"  {contender:30}{machine.spread(values)} {ratio:18.2f}{cosine:>16}  {batch}".rstrip())
    peaks = [peak for beside in result["peak_gflops"] for peak in beside.values() if peak is not None]
    if peaks:
        print(f"  {'peak, GFLOP/s a core':30}{machine.spread(peaks)}", flush=True)


def prepared_model(args):
    """The folder and the ONNX file of the model to measure."""
    cache = pathlib.Path(args.cache)
    cache.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(args.model)

    def run(*command):
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        subprocess.run([sys.executable, str(HERE / "peers" / "prepare.py"), *map(str, command)], env=environment, check=True)

    if args.random_base:
        base = cache / "random-base"
        if not (base / "modules.json").exists():
            run("random-base", folder, base)
        folder = base
    onnx = cache / f"{folder.name}.onnx"
    if not onnx.exists():
        run("onnx", folder, onnx)
    return str(folder), str(onnx)


def make_contenders(args, folder, onnx, stack):
    """Their processes run until the stack is left."""

    def peer(kind):
        started = stack.enter_context(Peer(kind, folder, onnx))
        started.ask(texts=[])  # answered once the model is loaded
        return started

    batches = [int(b) for b in args.batches.split(",")]
    contenders = []
    for kind in args.peers.split(","):
        if kind == "onnxruntime":
            shared = [peer(kind)]
            contenders += [PeerContender(kind, shared, [8]), PeerContender(f"{kind}, best batch", shared, batches)]
        elif kind == "openvino":
            contenders.append(PeerContender(f"{kind}, best batch", [peer(kind), peer(f"{kind}-streams")], batches))
        else:
            contenders.append(PeerContender(kind, [peer(kind)], [32]))
    for dtype in args.dtypes.split(","):
        server = stack.enter_context(http_bench.Server(args.binary, folder, ["--dtype", dtype]))
        stack.callback(server.process.send_signal, signal.SIGCONT)  # before its end is asked for
        server.process.send_signal(signal.SIGSTOP)
        contenders.append(EmbdContender(f"embd {dtype}", server))
    return contenders


def measure_all(contenders, args):
    baseline = contenders[0].name
    results = {}
    for name in filter(None, args.classes.split(",")):
        results[name] = measure_class(name, contenders, args)
        print_table(f"{name}: {CLASSES[name][0]}-{CLASSES[name][1]} words", results[name], baseline)
    if not args.no_latency:
        alone = [c for c in contenders if c.name != "onnxruntime, best batch"]
        results["alone"] = measure_latency(alone, args)
        print_table("one text alone, p50", results["alone"], baseline)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--random-base", action="store_true", help="a BERT-base-shaped random model with this one's tokenizer")
    parser.add_argument("--cache", default="build/bench", help="folder for what is made once")
    parser.add_argument("--dtypes", default="float32,int8", help="of embd")
    parser.add_argument("--classes", default=",".join(CLASSES))
    parser.add_argument("--peers", default="onnxruntime,openvino,torch")
    parser.add_argument("--batches", default="1,4,8,16,32", help="of which onnxruntime and openvino get the best")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each contender in each round")
    parser.add_argument("--no-latency", action="store_true")
    machine.add_peak_option(parser)
    parser.add_argument("--json", help="file for every number of every round")
    args = parser.parse_args()
    args.peak = machine.Peak(args.peak)

    folder, onnx = prepared_model(args)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nobody may stay stopped for ever
    with contextlib.ExitStack() as stack:
        results = measure_all(make_contenders(args, folder, onnx, stack), args)
    machine.write_json(args.json, model=folder, results=results)


if __name__ == "__main__":
    main()
