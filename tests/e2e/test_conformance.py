"""The contract of Text Embeddings Inference as one table: what is asked, what must come back.

Rows are grouped by section of the contract. A row that says `differs` is where embd answers otherwise than TEI, and why.
"""

import dataclasses
import json

import numpy as np
import pytest

import embd_process
import tiny_model

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
COSTS = [
    "x-compute-type", "x-compute-time", "x-compute-characters", "x-compute-tokens", "x-total-time",
    "x-tokenization-time", "x-queue-time", "x-inference-time",
]  # fmt: skip
GOLDEN = embd_process.ROOT / "tests/golden/tokenizer"
BYTE_LEVEL = GOLDEN / "gpt2.jsonl"
UNIGRAM = GOLDEN / "made_up_unigram.json"
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


@dataclasses.dataclass
class Methods:
    """These methods, in whatever order a header names them."""

    names: set

    def __eq__(self, other):
        return isinstance(other, str) and {name.strip() for name in other.split(",")} == self.names


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
UNKNOWN_PROMPT = error(
    "Input validation error: `default-prompt-name` is set to `q` but it was not found in the Sentence "
    'Transformers prompts. Available prompts: ["query"]', "Validation"
)  # fmt: skip
NAN_SCORE = error("score is NaN", "Backend")
TOKENIZER = Starts("tokenizer error ")
NO_COSTS = dict.fromkeys(COSTS)
WITH_COSTS = {"content-type": JSON, "x-compute-type": "gpu+optimized"}

ROUTES = [
    ("/embed", "inputs"), ("/embed_all", "inputs"), ("/embed_sparse", "inputs"), ("/v1/embeddings", "input"),
    ("/embeddings", "input"), ("/predict", "inputs"), ("/tokenize", "inputs"), ("/", "inputs"), ("/invocations", "inputs"),
]  # fmt: skip
OTHER_ROUTES = ["/rerank", "/similarity", "/decode", "/vertex"]
BEYOND = [
    "/api/embed", "/v1/rerank", "/v2/rerank", "/models/a/b/pipeline/feature-extraction",
    "/pipeline/feature-extraction/a/b",
]  # fmt: skip
POSTED = sorted({path for path, _ in ROUTES} - {"/"}) + OTHER_ROUTES + BEYOND
GOT = ["/info", "/health", "/ping", "/metrics", "/docs", "/docs/", "/api-doc/openapi.json", "/v1/models", "/models"]

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
    row
    for path in OTHER_ROUTES + BEYOND
    for differs in ["MAY: TEI has no such route" if path in BEYOND else ""]
    for row in [
        post("2.3", "minilm", path, {}, 415, WRONG_TYPE, PLAIN, {"content-type": None}, differs),
        post("2.3", "minilm", path, b'{"query":', 400, BAD_JSON, PLAIN, differs=differs),
        post("2.3", "minilm", path, b'{"query":"\xff"}', 400, BAD_JSON, PLAIN, differs=differs),
        post("2.3", "minilm", path, {"other": 1}, 422, BAD_SHAPE, PLAIN, differs=differs),
        post("2.3", "minilm", path, b'{"x":"' + b"x" * 2_000_000 + b'"}', 413, TOO_LARGE, PLAIN, differs=differs),
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
    *(post("2.3", "minilm", "/decode", {"ids": ids}, 422, BAD_SHAPE, PLAIN) for ids in ([-1], [[1], 2], [1, [2]], 1, None)),
    post("2.3", "minilm", "/vertex", {"instances": {"inputs": "x"}}, 422, BAD_SHAPE, PLAIN),
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
    post("2.4", "splade", "/rerank", {"query": "q", "texts": ["t"]}, 424, NOT_RERANKER),
    post("2.4", "splade", "/embeddings", {"input": "x"}, 424,
         openai_error("Backend error: `normalize` is not available for SPLADE models", "Backend", 424)),
    post("2.4", "reranker", "/embed_all", {"inputs": "x"}, 424, NOT_EMBEDDING),
    post("2.4", "reranker", "/embed_sparse", {"inputs": "x"}, 424, NOT_SPLADE),
    *(post("2.4", model, "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"]}}, 424, NOT_EMBEDDING, NO_COSTS)
      for model in ("classifier", "reranker")),
    post("2.4", "classifier", "/vertex", {"instances": [{"inputs": "x"}, {"query": "q", "texts": ["t"]}]}, 424, NOT_RERANKER),
    post("2.4", "minilm", "/vertex", {"instances": [{"inputs": "x"}, {"inputs": ""}]}, 400, EMPTY, NO_COSTS),
    post("2.4", "minilm", "/vertex", {"instances": [{"inputs": "x"}, {"inputs": ["x"] * 33}]}, 422, TOO_MANY),
    # what a model makes no number of
    *(post("2.4", "overflowing-" + model, "/predict", {"inputs": inputs, "raw_scores": raw}, 424, NAN_SCORE, NO_COSTS)
      for model in ("classifier", "reranker") for inputs in ("hello", ["x", "hello"], [["x"], ["hello"]])
      for raw in (False, True)),
    *(post("2.4", "overflowing-reranker", "/rerank", {"query": "x", "texts": ["y", "hello"], "raw_scores": raw}, 424,
           NAN_SCORE, NO_COSTS) for raw in (False, True)),
    post("2.4", "overflowing-classifier", "/predict", {"inputs": "x"}, 200, [{"score": ANY, "label": ANY}] * 3),
    get("2.4", "overflowing-classifier", "/health", 200, ""),
    # what a tokenizer has no token for
    *(post("2.4", "speechless", path, {"inputs": "☃"}, 422, error(TOKENIZER, "Tokenizer"), NO_COSTS)
      for path in ("/embed", "/embed_all", "/tokenize")),
    post("2.4", "speechless", "/v1/embeddings", {"input": "☃"}, 422, openai_error(TOKENIZER, "Tokenizer", 422)),
    post("2.4", "speechless", "/embed", {"inputs": "the"}, 200, Shape([1, tiny_model.HIDDEN])),
    # the first error in the order of inputs
    post("2.4", "minilm", "/embed", {"inputs": [LONG, ""], "truncate": False}, 422, TOO_LONG),
    post("2.4", "minilm", "/embed", {"inputs": ["", LONG], "truncate": False}, 400, EMPTY),
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
    *(post("2.4", model, path, {"inputs": "x", "prompt_name": "q"}, 422, UNKNOWN_PROMPT)
      for model in ("prompted", "default-prompt", "default-name") for path in ("/embed", "/embed_all", "/tokenize")),
    post("2.4", "prompted", "/similarity",
         {"inputs": {"source_sentence": "x", "sentences": ["x"]}, "parameters": {"prompt_name": "q"}}, 422, UNKNOWN_PROMPT),
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
    *(post("2.4", "full", path, {"input": ["x"] * 3}, 429, openai_error("Model is overloaded", "Overloaded", 429), SOON)
      for path in ("/v1/embeddings", "/embeddings")),
    post("2.4", "full", "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"] * 2}}, 429, OVERLOADED, SOON),
    *(post("2.4", "full", path, {"inputs": ["x"] * 3}, 429, OVERLOADED, SOON) for path in ("/", "/invocations")),
    *(post("2.4", "full-classifier", path, {"inputs": [["x"]] * 3}, 429, OVERLOADED, SOON)
      for path in ("/predict", "/", "/invocations")),
    post("2.4", "full-classifier", "/predict", {"inputs": [["x"]] * 2}, 200, [[{"score": ANY, "label": ANY}] * 3] * 2),
    *(post("2.4", "full-reranker", path, {"query": "q", "texts": ["t"] * 3}, 429, OVERLOADED, SOON)
      for path in ("/rerank", "/", "/invocations")),
    *(post("2.4", "full-reranker", path, {"query": "q", "documents": ["t"] * 3}, 429, ANY, SOON,
           differs="MAY: TEI has no such route") for path in ("/v1/rerank", "/v2/rerank")),
    post("2.4", "full-reranker", "/rerank", {"query": "q", "texts": ["t"] * 2}, 200, [{"index": ANY, "score": ANY}] * 2),
    # what needs no permit
    post("2.4", "full", "/tokenize", {"inputs": ["x"] * 3}, 200, Shape([3, 3])),
    post("2.4", "full", "/decode", {"ids": [[7592]] * 3}, 200, ["hello"] * 3),
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
    *(post("2.5", "reranker", "/rerank", {"query": "q", "texts": ["t"], field: None}, 422, BAD_SHAPE, PLAIN)
      for field in ("return_text", "raw_scores")),
    post("2.5", "reranker", "/rerank", {"query": "q", "texts": ["t"], "truncate": None}, 200, [{"index": 0, "score": ANY}]),
    post("2.5", "reranker", "/rerank", {"query": "q", "texts": ["t"], "truncation_direction": None}, 400, BAD_JSON, PLAIN),
    post("2.5", "classifier", "/predict", {"inputs": "x", "truncation_direction": None}, 400, BAD_JSON, PLAIN),
    post("2.5", "minilm", "/similarity",
         {"inputs": {"source_sentence": "x", "sentences": ["x"]}, "parameters": {"truncation_direction": None}}, 400, BAD_JSON),
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
    *(get("2.6", "minilm", path, 303 if path == "/docs" else 200, "", NO_COSTS, method="HEAD") for path in GOT),
    get("2.6", "minilm", "/info", 200, "", {"content-type": JSON}, method="HEAD"),
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
    *(post("2.6", model, path, {"inputs": {"source_sentence": "x", "sentences": ["x", "y"]}}, 200, [Near(1), ANY], WITH_COSTS)
      for model in ("task", "splade-task") for path in ("/", "/invocations")),
    *(post("2.6", "splade-task", path, {"inputs": "x"}, 422, BAD_SHAPE, PLAIN) for path in ("/", "/invocations")),
    # of embedding models alone
    *(post("2.6", "classifier-task", path, {"inputs": "x"}, 200, LABELS) for path in ("/", "/invocations")),
    *(post("2.6", "reranker-task", path, {"query": "x", "texts": ["y"]}, 200, [{"index": 0, "score": ANY}])
      for path in ("/", "/invocations")),
    post("2.6", "task", "/embed", {"inputs": "x"}, 200, Shape([1, tiny_model.HIDDEN])),
    post("2.6", "minilm", "/", {"inputs": "x"}, 200, Shape([1, 384])),
    post("2.6", "minilm", "/invocations", {"inputs": "x"}, 200, Shape([1, 384])),
    post("2.6", "minilm", "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"]}}, 200, [Near(1)],
         WITH_COSTS, differs="MAY: the exact cosine, where TEI gives up to 1.0001"),
    post("2.6", "splade", "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"]}}, 200, [Near(1)]),
    post("2.6", "minilm", "/v1/embeddings", {"input": "hello", "dimensions": 1}, 200,
         {"object": "list", "data": [{"object": "embedding", "embedding": [ANY], "index": 0}], "model": ANY,
          "usage": {"prompt_tokens": 3, "total_tokens": 3}}, WITH_COSTS),
    *(post("2.6", model, path, {"input": hello, "dimensions": 1}, 200,
           {"object": "list", "data": [{"object": "embedding", "embedding": [ANY], "index": 0}], "model": "name",
            "usage": {"prompt_tokens": 5, "total_tokens": 5}}, WITH_COSTS | {"x-compute-tokens": "5"})
      for model in ("default-prompt", "default-name") for path in ("/v1/embeddings", "/embeddings")
      for hello in ("hello", [101, 7592, 102], [7592])),
    # there is no such field
    *(post("2.6", "prompted", "/v1/embeddings", {"input": "hello", "prompt_name": name}, 200, ANY, {"x-compute-tokens": "3"})
      for name in ("query", "nothing", 1)),
    *(post("2.6", "minilm", "/v1/embeddings", {"input": text, "dimensions": 1}, 200,
           {"object": "list", "data": [ANY], "model": ANY, "usage": {"prompt_tokens": count, "total_tokens": count}})
      for text, count in ((LONG, 256), ([LONG], 256), ([7592], 1), ([[101, 7592, 102]], 3))),
    post("2.6", "minilm", "/v1/embeddings", {"input": "x", "encoding_format": None}, 400, BAD_JSON, PLAIN),
    post("2.6", "minilm", "/v1/embeddings", {"input": "x", "encoding_format": "hex"}, 422, BAD_SHAPE, PLAIN),
    post("2.6", "minilm", "/vertex", {"instances": []}, 200, {"predictions": []}, NO_COSTS),
    post("2.6", "minilm", "/vertex", {"instances": [{"inputs": "x"}]}, 200, {"predictions": [Shape([1, 384])]}, NO_COSTS),
    post("2.6", "minilm", "/vertex", {"instances": [{}]}, 422, error("missing field `inputs`", "Validation")),
    *(post("2.6", model, "/vertex", {"instances": [instance] * 33}, 200, {"predictions": [answer] * 33}, NO_COSTS)
      for model, instance, answer in (
          ("minilm", {"inputs": "x", "dimensions": 1}, Shape([1, 1])), ("splade", {"inputs": "x"}, ANY),
          ("classifier", {"inputs": "x"}, LABELS), ("reranker", {"query": "x", "texts": ["y"]}, [{"index": 0, "score": ANY}]))),
    post("2.6", "reranker", "/vertex", {"instances": [{"query": "x", "texts": ["y"]}, {"inputs": "x"}]}, 200,
         {"predictions": [[{"index": 0, "score": ANY}], [{"score": ANY, "label": "LABEL_0"}]]}),
    post("2.7", "minilm", "/embed", {"inputs": LONG}, 200, ANY,
         {"x-compute-tokens": "256", "x-compute-characters": "10000"}),
    *(post("2.7", "minilm", path, {"inputs": [[101, 7592, 102], [7592]]}, 200, ANY,
           {"x-compute-characters": "4", "x-compute-tokens": "4"}) for path in ("/embed", "/embed_all")),
    post("2.7", "minilm", "/similarity", {"inputs": {"source_sentence": "héllo", "sentences": ["x"]}}, 200, ANY,
         {"x-compute-characters": "6", "x-compute-tokens": "6"}),
    post("2.7", "splade", "/embed_sparse", {"inputs": ["hello", "x"]}, 200, ANY,
         {"x-compute-characters": "6", "x-compute-tokens": "6"}),
    post("2.7", "reranker", "/rerank", {"query": "hello", "texts": ["x", "y"]}, 200, ANY,
         {"x-compute-characters": "12", "x-compute-tokens": "10"}),
    post("2.7", "minilm", "/tokenize", {"inputs": "x"}, 200, ANY, NO_COSTS),
    post("2.7", "minilm", "/decode", {"ids": [7592]}, 200, ANY, NO_COSTS),
    get("2.7", "minilm", "/info", 200, ANY, NO_COSTS | {"content-type": JSON}),
]  # fmt: skip

PREFLIGHT = {
    "vary": VARY, "access-control-allow-methods": "GET,POST", "access-control-allow-headers": "content-type",
}  # fmt: skip
ALLOWED = [
    ("/embed", Methods({"POST"})), ("/info", Methods({"GET", "HEAD"})), ("/health", Methods({"GET", "HEAD"})),
    ("/", Methods({"GET", "HEAD", "POST"})), ("/nothing", None), ("*", None),
]  # fmt: skip
ORIGIN = "https://a.example"
ORIGINS = [(ORIGIN, ORIGIN), ("https://b.example", None), (ORIGIN + "/", None), (None, None)]
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
        "/v1/embeddings", "/embeddings", "/vertex", *BEYOND)),
    *(get("2.8", "keyed", path, 401, "", {"www-authenticate": None}) for path in ("/info", "/v1/models", "/models")),
    get("2.8", "keyed", "/info", 401, "", method="HEAD"),
    get("2.8", "keyed", "/docs", 303, ANY),
    *(get("2.8", "keyed", path, 401, "", {"allow": Methods({"POST"})}) for path in POSTED),
    *(post("2.8", "keyed", path, {}, 401, "", {"allow": Methods({"GET", "HEAD"})})
      for path in ("/info", "/v1/models", "/models")),
    get("2.8", "keyed", "/nothing", 404, ""),
    get("2.9", "minilm", "/health", 200, "", {"vary": VARY, "access-control-allow-origin": "*"}),
    get("2.9", "minilm", "/nothing", 404, "", {"vary": VARY, "access-control-allow-origin": "*"}),
    *(get("2.9", "minilm", path, 200, "", {"access-control-allow-methods": "GET,POST",
                                          "access-control-allow-headers": "content-type"}, method="OPTIONS")
      for path in ("/embed", "/nothing", "/health")),
    get("2.9", "keyed", "/embed", 200, "", {"access-control-allow-methods": "GET,POST"}, method="OPTIONS"),
    *(get("2.9", model, path, 200, "", PREFLIGHT | {"access-control-allow-origin": "*", "allow": allow}, method="OPTIONS")
      for model in ("minilm", "keyed") for path, allow in ALLOWED),
    *(get("2.9", "listed", path, 200, "", PREFLIGHT | {"access-control-allow-origin": allowed, "allow": allow},
          {"origin": origin} if origin else {}, "OPTIONS")
      for path, allow in ALLOWED for origin, allowed in ORIGINS),
    *(row for origin, allowed in ORIGINS for sent in [{"origin": origin} if origin else {}]
      for headers in [{"vary": VARY, "access-control-allow-origin": allowed}] for row in (
        get("2.9", "listed", "/health", 200, "", headers, sent),
        get("2.9", "listed", "/nothing", 404, "", headers, sent),
        get("2.9", "listed", "/embed", 405, "", headers, sent),
        post("2.9", "listed", "/embed", {"inputs": "x"}, 200, ANY, headers, sent),
        post("2.9", "listed", "/embed", {"inputs": ""}, 400, EMPTY, headers, sent),
        post("2.9", "listed", "/embed", b"{", 400, BAD_JSON, headers, sent))),
    *(get("2.1", "minilm", path, 405, "", {"allow": Methods({"POST"})}) for path in POSTED),
    *(post("2.1", "minilm", path, {}, 405, "", {"allow": Methods({"GET", "HEAD"})}) for path in GOT),
    get("2.1", "minilm", "/", 405, "", {"allow": Methods({"GET", "HEAD", "POST"})}, method="PUT"),
    get("4.3", "minilm", "/health", 200, "", {"traceparent": None, "tracestate": None},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}),
    *(get("2.1", "minilm", path, 404, "") for path in ("/nothing", "/embed/", "/v1/nothing")),
]  # fmt: skip


def token(id_, text, start, stop):
    return {"id": id_, "text": text, "special": False, "start": start, "stop": stop}


def special(id_, text):
    return {"id": id_, "text": text, "special": True, "start": None, "stop": None}


CLS, SEP = special(101, "[CLS]"), special(102, "[SEP]")
MERGING = [7592] * 294 + [2377, 2075] * 3  # "play", "##ing": one token of the text
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
    # ids are counted as they come, but what runs are the tokens of their text
    post("9", "minilm", "/embed", {"inputs": MERGING, "truncate": False}, 422,
         error("Input validation error: `inputs` must have less than 256 tokens. Given: 297", "Validation")),
    post("9", "minilm", "/embed", {"inputs": MERGING}, 200, Shape([1, 384]),
         {"x-compute-characters": "300", "x-compute-tokens": "256"}),
    post("9", "minilm", "/embed", {"inputs": [2377, 2075]}, 200, Shape([1, 384]), {"x-compute-tokens": "1"}),
    *(post("9", "minilm", "/embed", {"inputs": inputs}, 200, Shape([1, 384]),
           {"x-compute-characters": count, "x-compute-tokens": "256"})
      for inputs, count in (("x " * 32_001, "64002"), ([7592] * 64_001, "64001"))),
    *(post("9", "prompted", path, {"inputs": inputs, "prompt_name": "query"}, 200, ANY, {"x-compute-tokens": "5"})
      for path in ("/embed", "/embed_all") for inputs in ("hello", [101, 7592, 102], [7592])),
    *(post("9", "prompted", "/embed", {"inputs": inputs, "prompt_name": "query"}, 400, EMPTY) for inputs in ("", [], [""])),
    post("9", "default-prompt", "/embed", {"inputs": ""}, 400, EMPTY),
    post("9", "default-prompt", "/tokenize", {"inputs": "hello", "add_special_tokens": False}, 200,
         [[token(6019, "passage", 0, 7), token(1024, ":", 7, 8), token(7592, "hello", 9, 14)]]),
    post("9", "default-prompt", "/tokenize", {"inputs": "hello", "prompt_name": "query", "add_special_tokens": False}, 200,
         [[token(23032, "query", 0, 5), token(1024, ":", 5, 6), token(7592, "hello", 7, 12)]]),
    post("9", "classifier", "/predict", {"inputs": ["x " * 8000, "x " * 8001], "truncate": False}, 422,
         error("Input validation error: `inputs` must have less than 32000 characters. Given: 32002", "Validation")),
    post("9", "bytes", "/decode", {"ids": [173]}, 200, ["\ufffd"]),  # the first byte of an emoji
]  # fmt: skip

NOTHING = [None] * tiny_model.HIDDEN
NUMBERS = [
    post("8", "silent", "/embed", {"inputs": "hello"}, 200, [NOTHING], WITH_COSTS),
    post("8", "silent", "/embed", {"inputs": ["x", "hello"]}, 200, [Shape([tiny_model.HIDDEN]), NOTHING], WITH_COSTS),
    post("8", "silent", "/embed", {"inputs": "hello", "dimensions": 2}, 200, [[None, None]]),
    post("8", "silent", "/embed", {"inputs": "hello", "normalize": False}, 200, [[0.0] * tiny_model.HIDDEN]),
    post("8", "silent", "/v1/embeddings", {"input": "hello"}, 200,
         {"object": "list", "data": [{"object": "embedding", "embedding": NOTHING, "index": 0}], "model": ANY, "usage": ANY}),
    post("8", "silent", "/similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"]}}, 200, [Near(1)]),
    get("8", "silent", "/health", 200, ""),
    # squares that a float32 cannot hold
    post("8", "extreme", "/embed", {"inputs": "x", "dimensions": 2}, 200, [[Near(0.6), Near(0.8)]]),
    # equal scores turn around, and labels share their sum whatever problem_type says
    post("8", "negative", "/predict", {"inputs": "x"}, 200,
         [{"score": score, "label": label} for score, label in ((0.5, "c"), (0.5, "b"), (0.0, "d"), (0.0, "a"))],
         differs="DEFECT: TEI makes NaN of logits that low"),
    post("8", "negative", "/predict", {"inputs": "x", "raw_scores": True}, 200,
         [{"score": score, "label": label} for score, label in ((-800, "c"), (-800, "b"), (-1500, "a"), (-2200, "d"))]),
]  # fmt: skip

TABLE = DECODING + ERRORS + SHAPES + ENDPOINTS + ACCESS + TOKENIZATION + NUMBERS
SPLADE = ("--pooling", "splade")
PROMPT = ("--default-prompt", "query: ")
NAME = ("--served-model-name", "name")
TASK = {"TASK": "sentence-similarity"}
FULL = ("--max-concurrent-requests", 2)
WORDS = "embeddings.word_embeddings.weight"
LAST = "encoder.layer.1.output.LayerNorm"  # of the tiny model
# One for each way of writing a float32, and both sides of where one ends.
DIGITS = [
    "3e30", "4e30", "1.0", "-1.0", "0.1", "16777216.0", "0.000001", "-0.000001", "9.999999e-7", "1e-7", "-1.2345679e-8",
    "9999999000000.0", "1e13", "-2.5e20", "1e-38", "0.0",
]  # fmt: skip


def overflowing():
    """The word "hello" is infinite: what a norm makes of it is no number."""
    words = tiny_model.tensors()[WORDS]
    words[7592] = np.inf
    return words


def silent():
    """Words pass through unchanged, and "hello" is all zeros."""
    zeroed = ("position_embeddings", "token_type_embeddings", "output.dense", "LayerNorm.bias")
    named = tiny_model.tensors()
    for name in named:
        if any(part in name for part in zeroed):
            named[name] *= 0
    named[WORDS][[101, 102, 7592]] = 0  # [CLS] and [SEP], too: rows are means
    return named


def extreme():
    """Every text's tokens are these numbers."""
    numbers = np.zeros(tiny_model.HIDDEN, np.float32)
    numbers[: len(DIGITS)] = [float(digits) for digits in DIGITS]
    return {f"{LAST}.weight": np.zeros_like(numbers), f"{LAST}.bias": numbers}


def write_special(folder):
    """Models in which something rare happens."""
    tokenizer = embd_process.MODEL / "tokenizer.json"
    tiny_model.write_classifier(folder / "overflowing-classifier", tokenizer, changed={f"bert.{WORDS}": overflowing()})
    tiny_model.write_reranker(folder / "overflowing-reranker", tokenizer, changed={f"bert.{WORDS}": overflowing()})
    tiny_model.write(folder / "silent", tokenizer, changed=silent())
    tiny_model.write(folder / "extreme", tokenizer, changed=extreme())
    cls = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}  # a mean would round
    tiny_model.write_json(folder / "extreme" / "1_Pooling" / "config.json", tiny_model.POOLING | cls)
    logits = {
        "classifier.weight": np.zeros((4, tiny_model.HIDDEN), np.float32),
        "classifier.bias": np.array([-1500, -800, -800, -2200], np.float32),
    }
    tiny_model.write_classifier(folder / "negative", tokenizer, labels="abcd", changed=logits)
    config = json.loads((folder / "negative" / "config.json").read_text())
    tiny_model.write_json(folder / "negative" / "config.json", config | {"problem_type": "multi_label_classification"})
    tiny_model.write(folder / "bytes", BYTE_LEVEL.with_suffix(".json"))
    tiny_model.write(folder / "speechless", UNIGRAM)
    document = json.loads(UNIGRAM.read_text())
    document["model"]["unk_id"] = None
    tiny_model.write_json(folder / "speechless" / "tokenizer.json", document)
    return folder


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
        "default-prompt": lambda: launcher.serve("--default-prompt", "passage: ", *NAME, model=prompted),
        "default-name": lambda: launcher.serve("--default-prompt-name", "query", *NAME, model=prompted),
        "listed": lambda: launcher.serve("--cors-allow-origin", ORIGIN, model=prompted),
        "task": lambda: launcher.serve(model=prompted, env=TASK),
        "splade-task": lambda: launcher.serve(*SPLADE, model=tiny_heads / "splade", env=TASK),
        "classifier-task": lambda: launcher.serve(model=tiny_heads / "classifier", env=TASK),
        "reranker-task": lambda: launcher.serve(model=tiny_heads / "reranker", env=TASK),
        "full-classifier": lambda: launcher.serve(*FULL, model=tiny_heads / "classifier"),
        "full-reranker": lambda: launcher.serve(*FULL, model=tiny_heads / "reranker"),
        "full": lambda: launcher.serve(*FULL, model=prompted),
        "classifier": lambda: launcher.serve(model=tiny_heads / "classifier"),
        "reranker": lambda: launcher.serve(model=tiny_heads / "reranker"),
        "prompted-reranker": lambda: launcher.serve(*PROMPT, model=tiny_heads / "reranker"),
        "splade": lambda: launcher.serve(*SPLADE, model=tiny_heads / "splade"),
    }
    special = write_special(tmp_path_factory.mktemp("special"))
    running = {"minilm": server}

    def of(name):
        if name not in running:
            running[name] = starts[name]() if name in starts else launcher.serve(model=special / name)
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
    answer = response.json() if is_json and row.method != "HEAD" else response.text
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


BODIES = [
    # model, its own route, a body of it
    ("prompted", "/embed", {"inputs": "x"}),
    ("prompted", "/embed", {"inputs": ["x", [101, 7592]], "normalize": False, "prompt_name": "query", "dimensions": 3}),
    ("splade", "/embed_sparse", {"inputs": ["x", "hello"]}),
    ("classifier", "/predict", {"inputs": "x"}),
    ("classifier", "/predict", {"inputs": [["x"], ["x", "y"]], "raw_scores": True}),
    ("reranker", "/rerank", {"query": "x", "texts": ["y", "z"], "return_text": True}),
]


@pytest.mark.parametrize("path", ["/", "/invocations"])
@pytest.mark.parametrize("model, route, body", BODIES)
def test_bare_routes_answer_as_the_model_is(servers, model, route, body, path):
    expected = servers(model).post(route, body)
    answer = servers(model).post(path, body)
    assert (answer.status, answer.body) == (200, expected.body)
    assert answer.header("x-compute-tokens") == expected.header("x-compute-tokens")


@pytest.mark.parametrize("model", ["prompted", "splade", "classifier", "reranker"])
def test_predictions_are_the_bodies_of_the_routes(servers, model):
    asked = [(route, body) for name, route, body in BODIES if name == model]
    if model == "reranker":
        asked.append(("/predict", {"inputs": "x"}))
    bodies = [servers(model).post(route, body).body for route, body in asked]
    answer = servers(model).post("/vertex", {"instances": [body for _, body in asked]})
    assert answer.body == b'{"predictions":[' + b",".join(bodies) + b"]}"


def test_prompts_stand_before_texts_and_ids(servers):
    plain = servers("prompted")
    query, passage = plain.embed("query: hello"), plain.embed("passage: hello")
    for hello in ("hello", [101, 7592, 102], [7592]):
        assert plain.embed(hello, prompt_name="query") == query
        # A request's prompt stands for the default one, not beside it.
        assert servers("default-prompt").embed(hello, prompt_name="query") == query
        assert servers("default-name").embed(hello) == query
        assert servers("default-prompt").embed(hello) == passage
        for path in ("/v1/embeddings", "/embeddings"):
            rows = servers("default-prompt").post(path, {"input": hello}).json()["data"]
            assert [row["embedding"] for row in rows] == passage


def test_ids_are_read_as_their_text(servers):
    """Those of "play" and "##ing" are the text "playing", which is one token."""
    assert servers("minilm").embed([2377, 2075]) == servers("minilm").embed([2652])


def test_texts_over_the_limit_of_characters_are_cut_before_they_are_tokenized(servers):
    """Of what stands behind the limit even the left side sees nothing."""
    within, beyond = "x " * 32_000, "y " * 300
    left = {"truncation_direction": "left"}
    assert servers("minilm").embed(within + beyond, **left) == servers("minilm").embed(within, **left)
    half, raw = "x " * 8_000, left | {"raw_scores": True}
    cut = servers("classifier").post("/predict", {"inputs": [half + beyond, half + beyond], **raw})
    assert cut.status == 200 and cut.body == servers("classifier").post("/predict", {"inputs": [half, half], **raw}).body


@pytest.mark.parametrize("side, text", [("right", "x " * 200 + "end"), ("left", "start" + " x" * 200)])
def test_the_longer_text_of_a_pair_is_cut(servers, side, text):
    def scores(inputs):
        answer = servers("classifier").post("/predict", {"inputs": inputs, "truncation_direction": side, "raw_scores": True})
        assert answer.status == 200, answer.text
        return answer.body

    other = "y " * 10
    kept = "x " * (128 - 3 - 10)  # [CLS], [SEP], [SEP]
    assert scores([text, other]) == scores([kept, other])
    assert scores([other, text]) == scores([other, kept])
    assert scores([kept, other]) != scores([kept, other + "y"])


def test_digits_of_every_size(servers):
    numbers = ",".join(DIGITS + ["0.0"] * (tiny_model.HIDDEN - len(DIGITS)))
    assert servers("extreme").post("/embed", {"inputs": "x", "normalize": False}).text == f"[[{numbers}]]"
    rows = ",".join([f"[{numbers}]"] * 3)
    assert servers("extreme").post("/embed_all", {"inputs": "x"}).text == f"[[{rows}]]"


def test_tokens_of_parts_of_characters(servers):
    """A byte-level token of a part of a character stands for the bytes that the reference gives it."""
    cases = [json.loads(line) for line in BYTE_LEVEL.read_text().splitlines()]
    cases = [case for case in cases if not case.get("text", "").isascii() and "max_length" not in case]
    assert any(len(set(map(tuple, case["offsets"]))) < len(case["offsets"]) for case in cases)
    for case in cases:
        answer = servers("bytes").post("/tokenize", {"inputs": case["text"]})
        assert answer.status == 200, answer.text
        text = case["text"].encode()
        expected = [
            special(id_, ANY) if is_special else token(id_, text[start:stop].decode(errors="replace"), start, stop)
            for id_, is_special, (start, stop) in zip(case["ids"], case["special_tokens_mask"], case["offsets"])
        ]
        assert matches(answer.json(), [expected]), answer.text


def test_a_table_row_can_fail():
    assert not matches({"a": 1}, {"a": 2}) and not matches([1], [1, 2]) and not matches("x", Starts("y"))
    assert Methods({"GET", "HEAD"}) == "HEAD, GET" and Methods({"GET"}) not in ("GET,HEAD", "POST", None)
    assert matches([[1.0, 2.0]], Shape([1, 2])) and not matches([[1.0]], Shape([1, 2]))
