"""One peer in a process of its own, idle unless asked, so that rounds can alternate between all.

    python worker.py <onnxruntime|openvino|torch> <model folder> <onnx file> <threads>

Answers one JSON line for each JSON line on standard input:
    {"texts": [...]}                     becomes the set of texts; tokenized here, outside any measurement
    {"seconds": s, "batch": b}           runs batches of b, in order, for s seconds  -> {"texts_per_second"}
    {"latency": text, "count": n}        runs one text n times                       -> {"median_ms"}
    {"rows": n}                          embeds the first n texts                    -> {"rows"}
onnxruntime and openvino get token ids, so that only the model is measured; sentence-transformers gets texts, as its
users call it, and sorts them by length itself.
"""

import json
import pathlib
import statistics
import sys
import time

import numpy as np


class TokenIds:
    """The tokenizer of the model's folder, cut where the model's own configuration says."""

    def __init__(self, folder):
        from tokenizers import Tokenizer

        limit = json.loads((pathlib.Path(folder) / "sentence_bert_config.json").read_text())["max_seq_length"]
        self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(limit)

    def __call__(self, texts):
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]


class Graph:
    """What the two runtimes of ONNX files share: padding, pooling, normalising."""

    def __init__(self, folder):
        self.tokenize = TokenIds(folder)

    def load(self, texts):
        self.sequences = self.tokenize(texts)

    def run(self, begin, count):
        self.embed([self.sequences[(begin + i) % len(self.sequences)] for i in range(count)])

    def embed_texts(self, texts):
        return self.embed(self.tokenize(texts))

    def embed(self, sequences):
        width = max(map(len, sequences))
        ids = np.zeros((len(sequences), width), np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        hidden = self.infer({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
        pooled = np.einsum("bsh,bs->bh", hidden, mask.astype(np.float32))
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


class OnnxRuntime(Graph):
    def __init__(self, folder, onnx, threads):
        import onnxruntime

        super().__init__(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Its threads spin for work when they have none, which would slow whoever is measured next.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self.session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    def infer(self, inputs):
        return self.session.run(None, inputs)[0]


class OpenVino(Graph):
    def __init__(self, folder, onnx, threads):
        import openvino

        super().__init__(folder)
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self.model = openvino.Core().compile_model(onnx, "CPU", settings)

    def infer(self, inputs):
        return self.model(inputs)[0]


class Torch:
    def __init__(self, folder, _, threads):
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self.model = SentenceTransformer(folder, device="cpu", local_files_only=True)

    def load(self, texts):
        self.texts = texts

    def run(self, begin, count):
        self.embed_texts([self.texts[(begin + i) % len(self.texts)] for i in range(count)], count)

    def embed_texts(self, texts, batch=32):
        return self.model.encode(texts, batch_size=batch, show_progress_bar=False, normalize_embeddings=True)


def throughput(peer, seconds, batch):
    peer.run(0, batch)
    count, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        peer.run(count, batch)
        count += batch
    return {"texts_per_second": count / took}


def latency(peer, text, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        peer.embed_texts([text])
        times.append((time.perf_counter() - start) * 1e3)
    return {"median_ms": statistics.median(times)}


def answer(peer, request):
    if "texts" in request:
        peer.load(request["texts"])
        peer.first_texts = request["texts"]
        return {}
    if "seconds" in request:
        return throughput(peer, request["seconds"], request["batch"])
    if "latency" in request:
        return latency(peer, request["latency"], request["count"])
    return {"rows": np.asarray(peer.embed_texts(peer.first_texts[: request["rows"]])).tolist()}


def main():
    kind, folder, onnx, threads = sys.argv[1:]
    peer = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "torch": Torch}[kind](folder, onnx, int(threads))
    for line in sys.stdin:
        print(json.dumps(answer(peer, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
