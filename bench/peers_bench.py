#!/usr/bin/env python3
"""Measures embd over HTTP beside other engines that run the same model on the same texts.

    make bench-peers                            or, by hand, with the interpreter of the peers' environment:
    build/venv-peers/bin/python bench/peers_bench.py --binary build/release/src/app/embd --model models/all-MiniLM-L6-v2

Peers, in one process each (bench/peers/worker.py) and with all cores: onnxruntime on a graph that its optimiser for
transformers has fused, in padded batches of 8 in the order of arrival, as TEI runs it, and in the batch size that is
best for it; openvino on the same graph, likewise; torch through sentence-transformers. They run in-process, onnxruntime
and openvino from token ids. embd is asked over HTTP by wrk on the same cores: tokenizing, JSON and the client included.

Every round measures every contender in turn, so that all see the same moods of the machine; reported are medians over
the rounds, of each contender and of the ratio within a round. Before anything is timed the contenders' answers to the
same texts are compared. Prints a table and, with --json FILE, writes every number of every round.
"""

import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys

import http_bench

HERE = pathlib.Path(__file__).parent
WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so up said what its about "
    "than into them can only other time new some could these two may first then do any like my now over such our man me "
    "even most made after also did many off before must well back through years where much your way down should because "
    "people state world government development international university environmental understanding responsibility "
    "photosynthesis infrastructure retrieval embedding transformer tokenization semantic hydrogen economics literature "
    "engineering algorithm biography catastrophe diplomacy evolution geography hypothesis jurisdiction kilometre"
).split()
# Words in a text, from and to. `mix` is drawn so that each octave of lengths is as likely as any other.
CLASSES = {"short": (5, 16), "medium": (50, 110), "long": (300, 360), "mix": (5, 360)}
TEXTS = 512


def make_texts(name):
    draw = random.Random(name)
    low, high = CLASSES[name]
    texts = []
    for _ in range(TEXTS):
        words = round(low * (high / low) ** draw.random()) if name == "mix" else draw.randint(low, high)
        texts.append(" ".join(draw.choice(WORDS) for _ in range(words)))
    return texts


class Peer:
    """A worker process that answers one line for each line."""

    def __init__(self, kind, folder, onnx, threads):
        command = [sys.executable, str(HERE / "peers" / "worker.py"), kind, folder, onnx, str(threads)]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.kind = kind

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"peers_bench.py: the process of {self.kind} has ended")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


class PeerContender:
    """With one batch size, or with several, of which the best for the texts is found out."""

    def __init__(self, name, peer, batches):
        self.name, self.peer, self.batches = name, peer, batches

    def prepare(self, texts, seconds):
        self.peer.ask(texts=texts)
        self.chosen = self.batches[0]
        if len(self.batches) > 1:
            speed = {b: self.peer.ask(seconds=seconds / 2, batch=b)["texts_per_second"] for b in self.batches}
            self.chosen = max(speed, key=speed.get)

    def throughput(self, _, seconds):
        return self.peer.ask(seconds=seconds, batch=self.chosen)["texts_per_second"]

    def latency(self, text):
        return self.peer.ask(latency=text, count=100)["median_ms"]

    def rows(self, texts):
        return self.peer.ask(rows=len(texts))["rows"]


# embd runs for at least as long as so many texts take that are sent one by one.
MANY_TEXTS = 60


class EmbdContender:
    def __init__(self, name, server):
        self.name, self.server, self.chosen = name, server, None

    def prepare(self, texts, _):
        """Finds out how long to measure: what is under way at the end does not count, so that has to be little of it all."""
        connection = self.server.connect()
        http_bench.embed(connection, texts[0])
        took = [http_bench.milliseconds(http_bench.embed, connection, text)[0] for text in texts[:8]]
        self.least_seconds = min(30, MANY_TEXTS * statistics.mean(took) / 1e3)

    def throughput(self, texts, seconds):
        seconds = max(1, round(max(seconds, self.least_seconds)))
        return http_bench.throughput_by_wrk(self.server, texts, clients=64, seconds=seconds)

    def latency(self, text):
        return http_bench.latency_by_wrk(self.server, text, seconds=1)

    def rows(self, texts):
        return json.loads(http_bench.embed(self.server.connect(), texts))


def least_cosine(rows, reference):
    """Both are of unit length."""
    return min(sum(a * b for a, b in zip(row, other)) for row, other in zip(rows, reference))


def measure_class(name, contenders, args):
    texts = make_texts(name)
    for contender in contenders:
        contender.prepare(texts, args.seconds)
    reference = contenders[0].rows(texts[:16])
    agreement = {c.name: least_cosine(c.rows(texts[:16]), reference) for c in contenders}
    rounds = []
    for _ in range(args.rounds):
        rounds.append({c.name: c.throughput(texts, args.seconds) for c in contenders})
    return {"unit": "texts/s", "rounds": rounds, "agreement": agreement, "batch": {c.name: c.chosen for c in contenders}}


def measure_latency(contenders, args):
    text = "how do ships find their way across the open sea at night"
    rounds = [{c.name: c.latency(text) for c in contenders} for _ in range(args.rounds)]
    return {"unit": "ms", "rounds": rounds}


def print_table(name, result, baseline):
    rounds = result["rounds"]
    print(f"\n{name} [{result['unit']}]{'':8}{'median':>10}{'least':>10}{'most':>10}{'x ' + baseline:>20}  batch  least cosine")
    for contender in rounds[0]:
        values = [numbers[contender] for numbers in rounds]
        ratio = statistics.median(numbers[contender] / numbers[baseline] for numbers in rounds)
        batch = result.get("batch", {}).get(contender) or ""
        cosine = result.get("agreement", {}).get(contender)
        print(
            f"  {contender:22}{statistics.median(values):10.4g}{min(values):10.4g}{max(values):10.4g}{ratio:20.2f}  {batch!s:>5}"
            + (f"  {cosine:.5f}" if cosine is not None else "")
        )


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
    parser.add_argument("--json", help="file for every number of every round")
    args = parser.parse_args()

    folder, onnx = prepared_model(args)
    threads = len(os.sched_getaffinity(0))
    peers = [Peer(kind, folder, onnx, threads) for kind in args.peers.split(",")]
    servers = [http_bench.Server(args.binary, folder, ["--dtype", dtype]) for dtype in args.dtypes.split(",")]
    contenders = []
    for peer in peers:
        if peer.kind == "onnxruntime":
            contenders.append(PeerContender("onnxruntime", peer, [8]))
        if peer.kind == "torch":
            contenders.append(PeerContender("torch", peer, [32]))
        else:
            contenders.append(PeerContender(f"{peer.kind}, best batch", peer, [int(b) for b in args.batches.split(",")]))
    contenders += [EmbdContender(f"embd {dtype}", server) for dtype, server in zip(args.dtypes.split(","), servers)]

    results = {}
    for name in filter(None, args.classes.split(",")):
        results[name] = measure_class(name, contenders, args)
        print_table(f"{name}: {CLASSES[name][0]}-{CLASSES[name][1]} words", results[name], contenders[0].name)
    if not args.no_latency:
        alone = [c for c in contenders if c.name not in ("onnxruntime, best batch",)]
        results["alone"] = measure_latency(alone, args)
        print_table("one text alone, p50", results["alone"], contenders[0].name)
    for peer in peers:
        peer.close()
    for server in servers:
        server.__exit__()
    if args.json:
        model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        document = {"cores": threads, "cpu": model and model[1], "model": folder, "results": results}
        pathlib.Path(args.json).write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
