"""The contract of Text Embeddings Inference as one table: what is asked, what must come back.

Rows are grouped by section of the contract. A row that says `differs` is where embd answers otherwise than TEI, and why.
"""

import dataclasses
import json

import pytest

import embd_process
import tiny_model

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
COSTS = [
    "x-compute-type", "x-compute-time", "x-compute-characters", "x-compute-tokens", "x-total-time",
    "x-tokenization-time", "x-queue-time", "x-inference-time",
]  # fmt: skip
ANY = object()  # whatever is there
VARY = "origin, access-control-request-method, access-control-request-headers"


@dataclasses.dataclass
class Starts:
    """A text that begins so."""

    text: str

    def __eq__(self, other):
        return isinstance(other, str) and other.startswith(self.text)


class Seconds:
    """A whole number of seconds, up to a minute, as a header has it."""

    def __eq__(self, other):
        return isinstance(other, str) and other.isdigit() and 1 <= int(other) <= 60


class Near(float):
    def __eq__(self, other):
        return isinstance(other, (int, float)) and abs(float(self) - other) < 1e-4

    __hash__ = float.__hash__


@dataclasses.dataclass
class Shape:
    """Nested lists of numbers of these lengths."""

    lengths: list

    def __eq__(self, other):
        return shape_of(other) == self.lengths


def shape_of(value):
    lengths = []
    while isinstance(value, list):
        lengths.append(len(value))
        value = value[0] if value else None
    return lengths


@dataclasses.dataclass
class Row:
    section: str  # of the contract
    model: str  # a server of SERVERS
    method: str
    path: str
    body: object  # bytes as they are, None: none, else a JSON value
    status: int
    answer: object  # JSON value, text, or ANY
    headers: dict = dataclasses.field(default_factory=dict)  # of the answer; None: absent
    send: dict = dataclasses.field(default_factory=dict)  # headers of the request
    differs: str = ""  # from TEI: DEFECT or MAY, and how

    def __str__(self):
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        sent = body.decode("latin-1")
        text = f"{self.section} {self.model} {self.method} {self.path} {sent if len(sent) < 60 else sent[:57] + '...'}"
        return text.encode("ascii", "backslashreplace").decode()


def error(message, kind):
    return {"error": message, "error_type": kind}


def openai_error(message, kind, code):
    return {"message": message, "code": code, "type": kind}


def post(section, model, path, body, status, answer, headers=None, send=None, differs=""):
    return Row(section, model, "POST", path, body, status, answer, headers or {}, send or {}, differs)


def get(section, model, path, status, answer, headers=None, send=None, method="GET", differs=""):
    return Row(section, model, method, path, None, status, answer, headers or {}, send or {}, differs)


EMPTY = error("Input validation error: `inputs` cannot be empty", "Empty")
NOT_EMBEDDING = error("Backend error: Model is not an embedding model", "Backend")
NOT_CLASSIFIER = error("Backend error: Model is not a classifier model", "Backend")
NOT_RERANKER = error("Backend error: model is not a re-ranker model", "Backend")
NOT_SPLADE = error("Backend error: Model is not an embedding model with SPLADE pooling", "Backend")
NORMALIZE_SPLADE = error("Backend error: `normalize` is not available for SPLADE models", "Backend")
ALL_SPLADE = error("Backend error: `embed_all` is not available for SPLADE models", "Backend")
PAIR_PROMPT = error("Input validation error: `prompt_name` cannot be set with dual inputs", "Validation")
OVERLOADED = error("Model is overloaded", "Overloaded")
SOON = {"retry-after": Seconds()}
TOO_MANY = error("batch size 33 > maximum allowed batch size 32", "Validation")
NO_DIMENSIONS = error("Input validation error: `dimensions` should be positive", "Validation")
MANY_DIMENSIONS = error(
    "Input validation error: `dimensions` should be smaller than the maximum embedding dimension.", "Validation"
)
LONG = "word " * 2000
TOO_LONG = error("Input validation error: `inputs` must have less than 256 tokens. Given: 2002", "Validation")
TOO_WIDE = error("Input validation error: `inputs` must have less than 64000 characters. Given: 64001", "Validation")
WRONG_TYPE = "Expected request with `Content-Type: application/json`"
TOO_LARGE = "Failed to buffer the request body: length limit exceeded"
BAD_JSON = Starts("Failed to parse the request body as JSON: ")
BAD_SHAPE = Starts("Failed to deserialize the JSON body into the target type: ")
PLAIN = {"content-type": TEXT}
NO_COSTS = dict.fromkeys(COSTS)
WITH_COSTS = {"content-type": JSON, "x-compute-type": "gpu+optimized"}

ROUTES = [
    ("/embed", "inputs"), ("/embed_all", "inputs"), ("/embed_sparse", "inputs"), ("/v1/embeddings", "input"),
    ("/embeddings", "input"), ("/predict", "inputs"), ("/tokenize", "inputs"), ("/", "inputs"), ("/invocations", "inputs"),
]  # fmt: skip

DECODING = [
    row
    for path, field in ROUTES
    for row in [
        post("2.3", "minilm", path, {field: "x"}, 415, WRONG_TYPE, PLAIN, {"content-type": "text/plain"}),
        post("2.3", "minilm", path, b'{"' + field.encode() + b'":', 400, BAD_JSON, PLAIN),
        post("2.3", "minilm", path, b'{"' + field.encode() + b'":"\xff"}', 400, BAD_JSON, PLAIN),
        post("2.3", "minilm", path, {field: None}, 422, BAD_SHAPE, PLAIN),
        post("2.3", "minilm", path, {"other": 1}, 422, BAD_SHAPE, PLAIN),
        post("2.3", "minilm", path, b'{"x":"' + b"x" * 2_000_000 + b'"}', 413, TOO_LARGE, PLAIN),
    ]
] + [
    post("2.3", "minilm", "/embed", b"x" * 2_100_000, 415, WRONG_TYPE, PLAIN, {"content-type": "text/plain"}),
    post("2.3", "minilm", "/embed", {"inputs": "x"}, 200, Shape([1, 384]), {}, {"content-type": "application/vnd.a+json"}),
    post("2.3", "minilm", "/embed", b'{"inputs":"x"} and more', 200, Shape([1, 384])),
    post("2.3", "minilm", "/embed", b'{"inputs":"x","inputs":"x"}', 422, BAD_SHAPE, PLAIN),
    post("2.3", "minilm", "/embed", b'{"inputs":"\\ud800"}', 400, BAD_JSON, PLAIN),
    post("2.3", "minilm", "/embed", b'{"inputs":"\\u0000"}', 200, Shape([1, 384])),
    post("2.3", "minilm", "/embed", b'\xef\xbb\xbf{"inputs":"x"}', 400, BAD_JSON, PLAIN),
    post("2.3", "minilm", "/rerank", {"query": "x"}, 422, BAD_SHAPE, PLAIN),
    post("2.3", "minilm", "/rerank", {"texts": ["x"]}, 422, BAD_SHAPE, PLAIN),
    post("2.3", "minilm", "/similarity", {"inputs": {"source_sentence": "x"}}, 422, BAD_SHAPE, PLAIN),
    post("2.3", "minilm", "/decode", {"ids": "x"}, 422, BAD_SHAPE, PLAIN),
    post("2.3", "minilm", "/decode", {"ids": [-1]}, 422, BAD_SHAPE, PLAIN),
]

ERRORS = [
    # what a model is not for
    post("2.4", "minilm", "/predict", {"inputs": "x"}, 424, NOT_CLASSIFIER, NO_COSTS),
    post("2.4", "minilm", "/predict", {"inputs": [["x"], ["x", "y"]]}, 424, NOT_CLASSIFIER),
    post("2.4", "minilm", "/predict", {"inputs": [["x"]] * 33}, 422, TOO_MANY),
    post("2.4", "minilm", "/rerank", {"query": "q", "texts": ["t"]}, 424, NOT_RERANKER, NO_COSTS),
    *(post("2.4", "minilm", "/rerank", {"query": "q", "texts": ["t"] * count}, 424, NOT_RERANKER) for count in (33, 5000)),
    post("2.4", "minilm", "/rerank", {"query": "q", "texts": []}, 400, error("`texts` cannot be empty", "Empty")),
    post("2.4", "minilm", "/embed_sparse", {"inputs": "x"}, 424, NOT_SPLADE),
    post("2.4", "minilm", "/embed_sparse", {"inputs": ""}, 424, NOT_SPLADE),
    post("2.4", "classifier", "/embed_sparse", {"inputs": "x"}, 424, NOT_SPLADE),
    post("2.4", "classifier", "/embed", {"inputs": "x"}, 424, NOT_EMBEDDING),
    post("2.4", "classifier", "/embed", {"inputs": ""}, 424, NOT_EMBEDDING),
    post("2.4", "classifier", "/embed", {"inputs": ["x"] * 33}, 422, TOO_MANY),
    post("2.4", "classifier", "/embed_all", {"inputs": "x"}, 424, NOT_EMBEDDING),
    post("2.4", "reranker", "/embed", {"inputs": "x"}, 424, NOT_EMBEDDING),
    post("2.4", "reranker", "/v1/embeddings", {"input": "x"}, 424,
         openai_error("Backend error: Model is not an embedding model", "Backend", 424)),
    post("2.4", "classifier", "/rerank", {"query": "q", "texts": ["t"]}, 424, NOT_RERANKER),
    post("2.4", "splade", "/embed", {"inputs": "x"}, 424, NORMALIZE_SPLADE),
    post("2.4", "splade", "/embed", {"inputs": "x", "dimensions": 0}, 424, NORMALIZE_SPLADE),
    post("2.4", "splade", "/embed_all", {"inputs": "x"}, 424, ALL_SPLADE),
    post("2.4", "splade", "/v1/embeddings", {"input": "x"}, 424,
         openai_error("Backend error: `normalize` is not available for SPLADE models", "Backend", 424)),
    post("2.4", "splade", "/predict", {"inputs": "x"}, 424, NOT_CLASSIFIER),
    # too much, too long, nothing
    *(post("2.4", "minilm", path, {"inputs": ["x"] * 33}, 422, TOO_MANY, NO_COSTS)
      for path in ("/embed", "/embed_all", "/embed_sparse", "/tokenize")),
    *(post("2.4", "minilm", path, {"inputs": ["x"] * 5000}, 422,
           error("batch size 5000 > maximum allowed batch size 32", "Validation"))
      for path in ("/embed", "/embed_all", "/embed_sparse", "/tokenize")),
    post("2.4", "minilm", "/v1/embeddings", {"input": ["x"] * 33}, 422,
         openai_error("batch size 33 > maximum allowed batch size 32", "Validation", 422)),
    post("2.4", "minilm", "/decode", {"ids": [[1]] * 33}, 422, TOO_MANY),
    post("2.4", "minilm", "/decode", {"ids": [1] * 64_001}, 422,
         error("Input validation error: `ids` must have less than 64000 tokens. Given: 64001", "Validation"),
         differs="MAY: TEI has no limit"),
    post("2.4", "reranker", "/rerank", {"query": "q", "texts": ["t"] * 33}, 422, TOO_MANY),
    post("2.4", "minilm", "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"] * 32}}, 422, TOO_MANY),
    post("2.4", "minilm", "/similarity", {"inputs": {"source_sentence": "x", "sentences": []}}, 400,
         error("`inputs.sentences` cannot be empty", "Empty")),
    *(post("2.4", "minilm", path, {"inputs": LONG, "truncate": False}, 422, TOO_LONG) for path in ("/embed", "/embed_all")),
    post("2.4", "minilm", "/embed", {"inputs": "é" * 64_001, "truncate": False}, 422, TOO_WIDE),
    post("2.4", "minilm", "/tokenize", {"inputs": "é" * 64_001}, 422, TOO_WIDE),
    post("2.4", "minilm", "/embed", {"inputs": "x", "dimensions": 0}, 422, NO_DIMENSIONS),
    post("2.4", "minilm", "/embed", {"inputs": "", "dimensions": 0}, 422, NO_DIMENSIONS),
    post("2.4", "minilm", "/embed", {"inputs": "x", "dimensions": 385}, 422, MANY_DIMENSIONS),
    post("2.4", "minilm", "/embed", {"inputs": "", "dimensions": 385}, 400, EMPTY),
    post("2.4", "minilm", "/embed", {"inputs": "x", "prompt_name": "q"}, 422,
         error("Input validation error: `default-prompt-name` is set to `q` but no prompts were found in the Sentence "
               "Transformers configuration", "Validation")),
    post("2.4", "prompted", "/embed", {"inputs": "x", "prompt_name": "q"}, 422,
         error("Input validation error: `default-prompt-name` is set to `q` but it was not found in the Sentence "
               'Transformers prompts. Available prompts: ["query"]', "Validation")),
    post("2.4", "prompted-reranker", "/rerank", {"query": "q", "texts": ["t"]}, 422, PAIR_PROMPT),
    post("2.4", "prompted-reranker", "/predict", {"inputs": ["q", "t"]}, 422, PAIR_PROMPT),
    post("2.4", "prompted-reranker", "/predict", {"inputs": "q"}, 200, [{"score": ANY, "label": "LABEL_0"}]),
    # the order of errors: permits before what the handler itself checks, batch size before permits
    *(post("2.4", "full", "/embed", body, 429, OVERLOADED, SOON) for body in (
        {"inputs": ["x"] * 3}, {"inputs": ["x"] * 3, "dimensions": 0}, {"inputs": ["x"] * 3, "dimensions": 10_000},
        {"inputs": ["x"] * 3, "prompt_name": "q"}, {"inputs": ["", "", ""]})),
    post("2.4", "full", "/embed_sparse", {"inputs": ["x"] * 3}, 429, OVERLOADED, SOON),
    post("2.4", "full", "/embed_all", {"inputs": ["x"] * 3}, 429, OVERLOADED, SOON),
    post("2.4", "full", "/embed", {"inputs": ["x"] * 33, "dimensions": 0}, 422, TOO_MANY),
    post("2.4", "full", "/vertex", {"instances": [{"inputs": "x"}] * 3}, 429, OVERLOADED, SOON),
    post("2.4", "full", "/rerank", {"query": "q", "texts": ["t"] * 3}, 424, NOT_RERANKER),
    post("2.4", "full", "/v1/embeddings", {"input": ["x"] * 3}, 429,
         openai_error("Model is overloaded", "Overloaded", 429), SOON),
    post("2.4", "minilm", "/decode", {"ids": []}, 400,
         error("Input validation error: `input_ids` cannot be empty", "Empty")),
    post("2.4", "minilm", "/decode", {"ids": [[7592], []]}, 400,
         error("Input validation error: `input_ids` cannot be empty", "Empty")),
]  # fmt: skip

SHAPES = [
    *(post("2.5", "minilm", path, {"inputs": inputs}, 400, EMPTY, NO_COSTS)
      for path in ("/embed", "/embed_all") for inputs in ([], "", [""], [[]], ["a", ""])),
    *(post("2.5", "minilm", "/embed", {"inputs": inputs}, 200, Shape([rows, 384]), WITH_COSTS)
      for inputs, rows in (("x", 1), ([101, 7592, 102], 1), (["x", "y"], 2), ([[101, 102], [101]], 2), (["x", [101]], 2))),
    *(post("2.5", "minilm", "/embed", {"inputs": inputs}, 422, BAD_SHAPE, PLAIN)
      for inputs in ([-1], [1.5], [4294967296], [["x"]], ["x", 1], [1, "x"])),
    *(post("2.5", "classifier", "/predict", {"inputs": inputs}, 422, BAD_SHAPE, PLAIN)
      for inputs in ([], ["a", "b", "c"], [[]], [["a", "b", "c"]], ["a", ["b"]], [["a"], "b"], 1)),
    post("2.5", "minilm", "/embed", {"inputs": "x", "truncate": None, "prompt_name": None, "dimensions": None}, 200, ANY),
    post("2.5", "minilm", "/embed", {"inputs": "x", "truncation_direction": None}, 400, BAD_JSON, PLAIN),
    post("2.5", "minilm", "/embed", {"inputs": "x", "truncation_direction": "up"}, 422, BAD_SHAPE, PLAIN),
    *(post("2.5", "minilm", "/embed", {"inputs": "x", "truncation_direction": side}, 200, ANY)
      for side in ("left", "Left", "right", "Right")),
    post("2.5", "minilm", "/embed", {"inputs": "x", "normalize": None}, 422, BAD_SHAPE, PLAIN),
    post("2.5", "classifier", "/predict", {"inputs": "x", "raw_scores": None}, 422, BAD_SHAPE, PLAIN),
    post("2.5", "reranker", "/rerank", {"query": "q", "texts": ["t"], "return_text": None}, 422, BAD_SHAPE, PLAIN),
    post("2.5", "minilm", "/tokenize", {"inputs": "x", "add_special_tokens": None}, 422, BAD_SHAPE, PLAIN),
    post("2.5", "minilm", "/decode", {"ids": [1], "skip_special_tokens": None}, 422, BAD_SHAPE, PLAIN),
    post("2.5", "minilm", "/tokenize", {"inputs": []}, 400, error("`inputs` cannot be empty", "Empty")),
    post("2.5", "minilm", "/tokenize", {"inputs": ""}, 400, EMPTY),
    post("2.5", "minilm", "/tokenize", {"inputs": [7]}, 422, BAD_SHAPE, PLAIN),
]  # fmt: skip

LABELS = [{"score": ANY, "label": ANY}] * 3
ENDPOINTS = [
    get("2.6", "minilm", "/health", 200, "", {"content-type": None, "content-length": "0"}),
    get("2.6", "minilm", "/ping", 200, ""),
    get("2.6", "minilm", "/", 200, ""),
    get("2.6", "minilm", "/health", 200, "", method="HEAD"),
    get("2.6", "minilm", "/metrics", 200, ANY, PLAIN, differs="MAY: all series are there before the first request"),
    get("2.6", "minilm", "/docs", 303, ANY, {"location": "/docs/"}),
    get("2.6", "minilm", "/docs/", 200, ANY),
    get("11", "minilm", "/api-doc/openapi.json", 200, ANY, {"content-type": JSON}),
    post("2.6", "minilm", "/embed_all", {"inputs": "hello"}, 200, Shape([1, 3, 384]), WITH_COSTS),
    post("2.6", "minilm", "/embed_all", {"inputs": ["hello", "hello"]}, 200, Shape([2, 3, 384]), WITH_COSTS),
    post("2.6", "minilm", "/embed", {"inputs": "x", "dimensions": 384}, 200, Shape([1, 384])),
    post("2.6", "minilm", "/embed", {"inputs": "x", "dimensions": 1}, 200, Shape([1, 1])),
    post("2.6", "splade", "/embed", {"inputs": "x", "normalize": False}, 200, Shape([1, tiny_model.VOCABULARY])),
    post("2.6", "splade", "/embed_sparse", {"inputs": "x"}, 200, ANY, WITH_COSTS),
    post("2.6", "classifier", "/predict", {"inputs": "x"}, 200, LABELS, WITH_COSTS | {"x-compute-tokens": "3"}),
    post("2.6", "classifier", "/predict", {"inputs": ["x"]}, 200, LABELS),
    post("2.6", "classifier", "/predict", {"inputs": ["x", "y"]}, 200, LABELS, {"x-compute-tokens": "5"}),
    post("2.6", "classifier", "/predict", {"inputs": [["x"], ["x", "y"]]}, 200, [LABELS] * 2, {"x-compute-tokens": "8"}),
    post("2.6", "classifier", "/", {"inputs": "x"}, 200, LABELS),
    post("2.6", "classifier", "/invocations", {"inputs": "x"}, 200, LABELS),
    post("2.6", "reranker", "/predict", {"inputs": "x"}, 200, [{"score": ANY, "label": "LABEL_0"}]),
    post("2.6", "reranker", "/rerank", {"query": "x", "texts": ["same", "same"]}, 200,
         [{"index": 1, "score": ANY}, {"index": 0, "score": ANY}], WITH_COSTS | {"x-compute-characters": "10"}),
    post("2.6", "reranker", "/rerank", {"query": "x", "texts": ["same"], "return_text": True}, 200,
         [{"index": 0, "text": "same", "score": ANY}]),
    post("2.6", "reranker", "/", {"query": "x", "texts": ["same"]}, 200, [{"index": 0, "score": ANY}]),
    post("2.6", "splade", "/", {"inputs": "x"}, 200, ANY),
    post("2.6", "minilm", "/", {"inputs": "x"}, 200, Shape([1, 384])),
    post("2.6", "minilm", "/invocations", {"inputs": "x"}, 200, Shape([1, 384])),
    post("2.6", "minilm", "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"]}}, 200, [Near(1)],
         WITH_COSTS, differs="MAY: the exact cosine, where TEI gives up to 1.0001"),
    post("2.6", "splade", "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"]}}, 200, [Near(1)]),
    post("2.6", "minilm", "/v1/embeddings", {"input": "hello", "dimensions": 1}, 200,
         {"object": "list", "data": [{"object": "embedding", "embedding": [ANY], "index": 0}], "model": ANY,
          "usage": {"prompt_tokens": 3, "total_tokens": 3}}, WITH_COSTS),
    post("2.6", "minilm", "/v1/embeddings", {"input": "x", "encoding_format": None}, 400, BAD_JSON, PLAIN),
    post("2.6", "minilm", "/v1/embeddings", {"input": "x", "encoding_format": "hex"}, 422, BAD_SHAPE, PLAIN),
    post("2.6", "minilm", "/vertex", {"instances": []}, 200, {"predictions": []}, NO_COSTS),
    post("2.6", "minilm", "/vertex", {"instances": [{"inputs": "x"}]}, 200, {"predictions": [Shape([1, 384])]}, NO_COSTS),
    post("2.6", "minilm", "/vertex", {"instances": [{}]}, 422, error("missing field `inputs`", "Validation")),
    post("2.6", "reranker", "/vertex", {"instances": [{"query": "x", "texts": ["y"]}, {"inputs": "x"}]}, 200,
         {"predictions": [[{"index": 0, "score": ANY}], [{"score": ANY, "label": "LABEL_0"}]]}),
    post("2.7", "minilm", "/embed", {"inputs": LONG}, 200, ANY,
         {"x-compute-tokens": "256", "x-compute-characters": "10000"}),
    post("2.7", "minilm", "/tokenize", {"inputs": "x"}, 200, ANY, NO_COSTS),
    post("2.7", "minilm", "/decode", {"ids": [7592]}, 200, ANY, NO_COSTS),
    get("2.7", "minilm", "/info", 200, ANY, NO_COSTS | {"content-type": JSON}),
]  # fmt: skip

ACCESS = [
    post("2.8", "keyed", "/embed", {"inputs": "x"}, 401, "", {"www-authenticate": None, "content-length": "0"}),
    post("2.8", "keyed", "/embed", b"{", 401, "", {}, {"content-type": "text/plain"}),
    post("2.8", "keyed", "/embed", {"inputs": "x"}, 401, "", {}, {"authorization": "bearer key"}),
    post("2.8", "keyed", "/embed", {"inputs": "x"}, 401, "", {}, {"authorization": "Bearer keys"}),
    post("2.8", "keyed", "/embed", {"inputs": "x"}, 200, ANY, {}, {"authorization": "Bearer key"}),
    get("2.8", "keyed", "/embed", 401, "", {"allow": "POST"}),
    *(get("2.8", "keyed", path, 200, ANY) for path in ("/health", "/ping", "/", "/metrics", "/docs/", "/api-doc/openapi.json")),
    *(post("2.8", "keyed", path, {}, 401, "") for path in (
        "/", "/invocations", "/embed_all", "/embed_sparse", "/predict", "/rerank", "/similarity", "/tokenize", "/decode",
        "/v1/embeddings", "/embeddings", "/vertex")),
    get("2.8", "keyed", "/info", 401, ""),
    get("2.8", "keyed", "/nothing", 404, ""),
    get("2.9", "minilm", "/health", 200, "", {"vary": VARY, "access-control-allow-origin": "*"}),
    get("2.9", "minilm", "/nothing", 404, "", {"vary": VARY, "access-control-allow-origin": "*"}),
    *(get("2.9", "minilm", path, 200, "", {"access-control-allow-methods": "GET,POST",
                                          "access-control-allow-headers": "content-type"}, method="OPTIONS")
      for path in ("/embed", "/nothing", "/health")),
    get("2.9", "keyed", "/embed", 200, "", {"access-control-allow-methods": "GET,POST"}, method="OPTIONS"),
    get("2.1", "minilm", "/embed", 405, "", {"allow": "POST"}),
    post("2.1", "minilm", "/health", {}, 405, ""),
    *(get("2.1", "minilm", path, 404, "") for path in ("/nothing", "/embed/", "/v1/nothing")),
]  # fmt: skip


def token(id_, text, start, stop):
    return {"id": id_, "text": text, "special": False, "start": start, "stop": stop}


def special(id_, text):
    return {"id": id_, "text": text, "special": True, "start": None, "stop": None}


CLS, SEP = special(101, "[CLS]"), special(102, "[SEP]")
TOKENIZATION = [
    post("9", "minilm", "/tokenize", {"inputs": "Hello wörld 你"}, 200,
         [[CLS, token(7592, "Hello", 0, 5), token(2088, "wörld", 6, 12), token(100, "你", 13, 16), SEP]]),
    post("9", "minilm", "/tokenize", {"inputs": ["hello", "hello"], "add_special_tokens": False}, 200,
         [[token(7592, "hello", 0, 5)]] * 2),
    post("9", "prompted", "/tokenize", {"inputs": "hello", "prompt_name": "query", "add_special_tokens": False}, 200,
         [[token(23032, "query", 0, 5), token(1024, ":", 5, 6), token(7592, "hello", 7, 12)]]),
    post("9", "minilm", "/tokenize", {"inputs": LONG}, 200, Shape([1, 2002])),
    post("9", "minilm", "/decode", {"ids": [101, 7592, 2088, 102]}, 200, ["hello world"]),
    post("9", "minilm", "/decode", {"ids": [[101, 7592, 102], [2088]], "skip_special_tokens": False}, 200,
         ["[CLS] hello [SEP]", "world"]),
    post("9", "minilm", "/decode", {"ids": [999999]}, 200, [""]),
    post("9", "minilm", "/embed", {"inputs": " "}, 200, Shape([1, 384])),
    post("9", "reranker", "/rerank", {"query": "", "texts": ["x"]}, 200, [{"index": 0, "score": ANY}]),
    post("9", "reranker", "/rerank", {"query": "", "texts": [""]}, 400, EMPTY),
    post("9", "classifier", "/predict", {"inputs": ["", "x"]}, 200, LABELS),
    post("9", "classifier", "/predict", {"inputs": ["", ""]}, 400, EMPTY),
    post("9", "classifier", "/predict", {"inputs": ["x " * 200, "y"]}, 200, LABELS, {"x-compute-tokens": "128"}),
    post("9", "classifier", "/predict", {"inputs": ["x " * 200, "y"], "truncate": False}, 422,
         error("Input validation error: `inputs` must have less than 128 tokens. Given: 204", "Validation")),
    post("9", "minilm", "/embed", {"inputs": [999999]}, 400, EMPTY, differs="DEFECT: one such request ends TEI"),
    post("9", "minilm", "/embed", {"inputs": [7592] * 64_001, "truncate": False}, 422, TOO_WIDE),
]  # fmt: skip

TABLE = DECODING + ERRORS + SHAPES + ENDPOINTS + ACCESS + TOKENIZATION
SPLADE = ("--pooling", "splade")
PROMPT = ("--default-prompt", "query: ")


@pytest.fixture(scope="module")
def servers(server, tiny_heads, tmp_path_factory):
    """Starts the server of a row's model when the first row wants it."""
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("conformance"))
    prompted = tmp_path_factory.mktemp("prompted") / "model"
    tiny_model.write(prompted, embd_process.MODEL / "tokenizer.json")
    tiny_model.write_json(prompted / "config_sentence_transformers.json", {"prompts": {"query": "query: "}})
    starts = {
        "keyed": lambda: launcher.serve("--api-key", "key", model=prompted),
        "prompted": lambda: launcher.serve(model=prompted),
        "full": lambda: launcher.serve("--max-concurrent-requests", 2, model=prompted),
        "classifier": lambda: launcher.serve(model=tiny_heads / "classifier"),
        "reranker": lambda: launcher.serve(model=tiny_heads / "reranker"),
        "prompted-reranker": lambda: launcher.serve(*PROMPT, model=tiny_heads / "reranker"),
        "splade": lambda: launcher.serve(*SPLADE, model=tiny_heads / "splade"),
    }
    running = {"minilm": server}

    def of(name):
        if name not in running:
            running[name] = starts[name]()
        return running[name]

    yield of
    launcher.close()


def matches(answer, expected):
    if expected is ANY:
        return True
    if isinstance(expected, dict):
        return isinstance(answer, dict) and list(answer) == list(expected) and all(
            matches(answer[key], value) for key, value in expected.items())  # fmt: skip
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(matches, answer, expected))
    return expected == answer


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_contract(servers, row):
    process = servers(row.model)
    body = row.body if row.body is None or isinstance(row.body, bytes) else json.dumps(row.body).encode()
    with process.connect() as connection:
        response = connection.request(row.method, row.path, body, row.send)
    assert response.status == row.status, response.text[:500]
    is_json = response.header("content-type") == JSON
    answer = response.json() if is_json else response.text
    assert matches(answer, row.answer), response.text[:500]
    for name, value in row.headers.items():
        assert response.header(name) == value, name
    if row.status != 200:
        assert not [name for name, _ in response.headers if name in COSTS]
    elif row.headers.get("x-compute-type"):
        assert all(response.header(name).isdigit() for name in COSTS[1:])


def test_scores_fall_and_ties_turn_around(servers):
    rows = servers("classifier").post("/predict", {"inputs": [["good"], ["bad", "worse"]], "raw_scores": True})
    for row in rows.json():
        assert [part["score"] for part in row] == sorted((part["score"] for part in row), reverse=True)
        assert {part["label"] for part in row} == {"negative", "neutral", "positive"}
    for row in servers("classifier").post("/predict", {"inputs": [["good"], ["bad", "worse"]]}).json():
        assert sum(part["score"] for part in row) == pytest.approx(1, abs=1e-5)


def test_sparse_vectors_are_the_dense_ones_without_zeros(servers):
    process = servers("splade")
    texts = ["hello", "a much longer text than that"]
    sparse = process.post("/embed_sparse", {"inputs": texts})
    dense = process.embed(texts, normalize=False)
    for vector, row in zip(sparse.json(), dense):
        assert [part["index"] for part in vector] == [i for i, value in enumerate(row) if value != 0]
        assert [part["value"] for part in vector] == [value for value in row if value != 0]
        assert all(list(part) == ["index", "value"] for part in vector)


def test_a_table_row_can_fail():
    assert not matches({"a": 1}, {"a": 2}) and not matches([1], [1, 2]) and not matches("x", Starts("y"))
    assert matches([[1.0, 2.0]], Shape([1, 2])) and not matches([[1.0]], Shape([1, 2]))
