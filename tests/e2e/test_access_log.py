"""The access log of a real server: a line for each request that ran or was refused, in JSON and in text.

TEI's lines also name a file and a line of its source, which this server does not have.
"""

import json
import re

import pytest

TIMES = ["total_time", "tokenization_time", "queue_time", "inference_time"]
DURATION = r"\d+(\.\d+)?(ns|µs|ms|s)"
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
EMPTY = "Input validation error: `inputs` cannot be empty"
REQUESTS = [
    # model, path, body, the handler's name
    ("tiny", "/embed", {"inputs": "x"}, "embed"),
    ("tiny", "/", {"inputs": ["x", "y"]}, "embed"),
    ("tiny", "/embed_all", {"inputs": "x"}, "embed_all"),
    ("tiny", "/v1/embeddings", {"input": "x"}, "openai_embed"),
    ("tiny", "/embeddings", {"input": "x"}, "openai_embed"),
    ("splade", "/embed_sparse", {"inputs": "x"}, "embed_sparse"),
    ("classifier", "/predict", {"inputs": "x"}, "predict"),
    ("reranker", "/rerank", {"query": "x", "texts": ["y"]}, "rerank"),
]


@pytest.fixture
def ask(launcher, tiny, tiny_heads):
    """ask(model, path, body, *flags): the answer and what the server has logged of it, line by line."""

    def run(model, path, body, *flags):
        folder = tiny if model == "tiny" else tiny_heads / model
        flags = [*flags, "--pooling", "splade"] if model == "splade" else flags
        process = launcher.serve(*flags, model=folder)
        before = process.out().count("\n")
        response = process.post(path, body, {"x-request-id": "this-one"})
        assert process.stop() == 0  # nothing is left to be written
        return response, process.out().splitlines()[before:]

    return run


def line_of(lines):
    """The one line about the request."""
    (line,) = [line for line in lines if "this-one" in line]
    return line


def keys(entry):
    """Without what only this server tells."""
    return [key for key in entry if key != "request_id"]


@pytest.mark.parametrize("model, path, body, handler", REQUESTS)
def test_success_in_json(ask, model, path, body, handler):
    response, lines = ask(model, path, body, "--json-output")
    assert response.status == 200, response.text
    entry = json.loads(line_of(lines))
    assert keys(entry) == ["timestamp", "level", "message", "target", "span", "spans"]
    assert re.fullmatch(TIMESTAMP, entry["timestamp"])
    assert (entry["level"], entry["message"]) == ("INFO", "Success")
    assert list(entry["span"]) == [*TIMES, "name"] and entry["span"]["name"] == handler
    assert all(re.fullmatch(DURATION, entry["span"][time]) for time in TIMES), entry["span"]
    assert entry["spans"] == [entry["span"]]


@pytest.mark.parametrize(
    "path, body, status, message, handler",
    [
        ("/embed", {"inputs": ""}, 400, EMPTY, "embed"),
        ("/embed", {"inputs": ["x"] * 33}, 422, "batch size 33 > maximum allowed batch size 32", "embed"),
        ("/v1/embeddings", {"input": ""}, 400, EMPTY, "openai_embed"),
        ("/predict", {"inputs": "x"}, 424, "Backend error: Model is not a classifier model", "predict"),
    ],
)
def test_errors_in_json(ask, path, body, status, message, handler):
    response, lines = ask("tiny", path, body, "--json-output")
    assert response.status == status, response.text
    entry = json.loads(line_of(lines))
    assert keys(entry) == ["timestamp", "level", "message", "target", "span", "spans"]
    assert (entry["level"], entry["message"]) == ("ERROR", message)
    assert entry["span"]["name"] == handler
    assert entry["spans"] == [entry["span"]]


@pytest.mark.parametrize("text, level, message", [("x", "INFO", "Success"), ("", "ERROR", EMPTY)])
def test_spans_can_be_left_out(ask, text, level, message):
    _, lines = ask("tiny", "/embed", {"inputs": text}, "--json-output", "--disable-spans")
    entry = json.loads(line_of(lines))
    assert keys(entry) == ["timestamp", "level", "message", "target"]
    assert (entry["level"], entry["message"]) == (level, message)


@pytest.mark.parametrize("model, path, body, handler", REQUESTS)
def test_success_in_text(ask, model, path, body, handler):
    response, lines = ask(model, path, body)
    assert response.status == 200, response.text
    times = " ".join(f'{time}="{DURATION}"' for time in TIMES)
    assert re.match(rf"{TIMESTAMP}  INFO {handler}\{{{times}\}}: \w+: Success\b", line_of(lines)), lines


def test_errors_in_text(ask):
    response, lines = ask("tiny", "/embed", {"inputs": ""})
    assert response.status == 400
    assert re.match(rf"{TIMESTAMP} ERROR embed: \w+: {re.escape(EMPTY)}", line_of(lines)), lines


@pytest.mark.parametrize("path, body, status", [("/nowhere", {}, 404), ("/embed", {"inputs": 7}, 422)])
def test_what_no_handler_sees_has_a_line_too(ask, path, body, status):
    response, lines = ask("tiny", path, body, "--json-output")
    assert response.status == status
    entry = json.loads(line_of(lines))
    told = {"message": "Refused", "request_id": "this-one", "status": str(status), "method": "POST", "path": path}
    assert told.items() <= entry.items()
    assert "span" not in entry
