"""One peer in a process of its own, so that rounds can alternate between all.

    python worker.py <onnxruntime|openvino|openvino-streams|torch> <model folder> <onnx file> <threads>

Answers one JSON line for each JSON line on standard input:
    {"texts": [...]}                     becomes the set of texts; tokenized here, outside any measurement
    {"seconds": s, "batch": b}           runs batches of b, in order, for s seconds  -> {"texts_per_second"}
    {"latency": text, "count": n}        runs one text n times                       -> {"median_ms"}
    {"rows": n}                          embeds the first n texts                    -> {"rows"}
onnxruntime and openvino get token ids, one text alone as well as many, so that only the model is measured;
sentence-transformers gets texts, as its users call it, and sorts them by length itself. openvino runs by its hint for
latency, one batch on all cores; openvino-streams by that for throughput, as many batches at once as it thinks best.
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


class Peer:
    """`prepared` makes of texts what `embed` takes."""

    def load(self, texts):
        self.items = self.prepared(texts)

    def run(self, first, count):
        self.begin([self.items[(first + i) % len(self.items)] for i in range(count)])

    def begin(self, items):
        self.embed(items)

    def finish(self):
        """Waits for what was only begun."""


class Graph(Peer):
    """What the two runtimes of ONNX files share: padding, pooling, normalising."""

    def __init__(self, folder):
        self.prepared = TokenIds(folder)

    @staticmethod
    def padded(sequences):
        width = max(map(len, sequences))
        ids = np.zeros((len(sequences), width), np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}

    @staticmethod
    def pooled(hidden, mask):
        sums = np.einsum("bsh,bs->bh", hidden, mask.astype(np.float32))
        return sums / np.linalg.norm(sums, axis=1, keepdims=True)

    def embed(self, sequences):
        inputs = self.padded(sequences)
        return self.pooled(self.infer(inputs), inputs["attention_mask"])


class OnnxRuntime(Graph):
    def __init__(self, folder, onnx, threads):
        import onnxruntime

        super().__init__(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    def infer(self, inputs):
        return self.session.run(None, inputs)[0]


def openvino_model(onnx, threads, hint):
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(onnx, "CPU", settings)


class OpenVino(Graph):
    def __init__(self, folder, onnx, threads):
        super().__init__(folder)
        self.model = openvino_model(onnx, threads, "LATENCY")

    def infer(self, inputs):
        return self.model(inputs)[0]


class OpenVinoStreams(Graph):
    def __init__(self, folder, onnx, threads):
        from openvino import AsyncInferQueue

        super().__init__(folder)
        self.queue = AsyncInferQueue(openvino_model(onnx, threads, "THROUGHPUT"))
        self.queue.set_callback(self.take)

    def take(self, request, mask):
        self.rows = self.pooled(request.get_output_tensor(0).data, mask)

    def begin(self, sequences):
        inputs = self.padded(sequences)
        self.queue.start_async(inputs, inputs["attention_mask"])

    def finish(self):
        self.queue.wait_all()

    def embed(self, sequences):
        self.begin(sequences)
        self.finish()
        return self.rows


class Torch(Peer):
    def __init__(self, folder, _, threads):
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self.model = SentenceTransformer(folder, device="cpu", local_files_only=True)

    def prepared(self, texts):
        return texts

    def embed(self, texts):
        return self.model.encode(texts, batch_size=len(texts), show_progress_bar=False, normalize_embeddings=True)


def throughput(peer, seconds, batch):
    peer.run(0, batch)
    peer.finish()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        peer.run(count, batch)
        count += batch
    peer.finish()
    return {"texts_per_second": count / (time.perf_counter() - start)}


def latency(peer, text, count):
    one = peer.prepared([text])
    times = []
    for _ in range(count):
        start = time.perf_counter()
        peer.embed(one)
        times.append((time.perf_counter() - start) * 1e3)
    return {"median_ms": statistics.median(times)}


def answer(peer, request):
    if "texts" in request:
        peer.load(request["texts"])
        return {}
    if "seconds" in request:
        return throughput(peer, request["seconds"], request["batch"])
    if "latency" in request:
        return latency(peer, request["latency"], request["count"])
    return {"rows": np.asarray(peer.embed(peer.items[: request["rows"]])).tolist()}


def main():
    kind, folder, onnx, threads = sys.argv[1:]
    kinds = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "openvino-streams": OpenVinoStreams, "torch": Torch}
    peer = kinds[kind](folder, onnx, int(threads))
    for line in sys.stdin:
        print(json.dumps(answer(peer, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
