"""The routes that OpenAI's clients use, and the ones that answer like /embed under another name."""

import base64
import struct

import pytest

PATHS = ["/v1/embeddings", "/embeddings"]


@pytest.mark.parametrize("path", PATHS)
def test_embeddings_are_those_of_embed(server, path):
    texts = ["one text", "another text"]
    response = server.post(path, {"input": texts, "model": "whatever", "user": "me"})
    assert response.status == 200, response.text
    document = response.json()
    assert list(document) == ["object", "data", "model", "usage"]
    assert document["object"] == "list"
    assert document["model"] == server.get("/info").json()["served_model_name"]
    assert document["usage"] == {"prompt_tokens": 8, "total_tokens": 8}
    assert [list(row) for row in document["data"]] == [["object", "embedding", "index"]] * 2
    assert [row["index"] for row in document["data"]] == [0, 1]
    assert [row["embedding"] for row in document["data"]] == server.embed(texts)
    assert response.header("x-compute-tokens") == "8"


@pytest.mark.parametrize("path", PATHS)
def test_base64_holds_the_same_floats(server, path):
    floats = server.post(path, {"input": "one text"}).json()["data"][0]["embedding"]
    text = server.post(path, {"input": "one text", "encoding_format": "base64"}).json()["data"][0]["embedding"]
    decoded = struct.unpack("<384f", base64.b64decode(text, validate=True))
    assert list(decoded) == [struct.unpack("f", struct.pack("f", value))[0] for value in floats]


def test_dimensions_cut_and_normalise(server):
    row = server.post("/v1/embeddings", {"input": "one text", "dimensions": 100}).json()["data"][0]["embedding"]
    assert row == server.embed("one text", dimensions=100)[0]
    assert len(row) == 100


def test_normalising_can_be_left_out(server):
    row = server.post("/v1/embeddings", {"input": "one text", "normalize": False}).json()["data"][0]["embedding"]
    assert row == server.embed("one text", normalize=False)[0]


def test_token_ids_are_taken(server):
    ids = [101, 7592, 102]
    row = server.post("/v1/embeddings", {"input": ids}).json()["data"][0]["embedding"]
    assert row == server.embed(ids)[0]


def test_prompt_tokens_are_cut_to_what_is_asked_for(server):
    hello, world = server.post("/tokenize", {"inputs": "hello world", "add_special_tokens": False}).json()[0]
    asked = {"input": ["hello world", "hello", "hello " + "world " * 300], "truncate_prompt_tokens": 3}
    response = server.post("/v1/embeddings", asked)
    assert response.status == 200, response.text
    assert [row["embedding"] for row in response.json()["data"]] == server.embed(["hello"] * 3)
    assert response.json()["usage"]["prompt_tokens"] == 9
    ids = {"input": [[hello["id"], world["id"], world["id"]]], "truncate_prompt_tokens": 2}
    assert server.post("/v1/embeddings", ids).json()["usage"]["prompt_tokens"] == 2


def test_prompt_tokens_may_be_cut_to_the_limit_of_the_model(launcher, tiny):
    process = launcher.serve("--auto-truncate", "false", model=tiny)
    limit = process.get("/info").json()["max_input_length"]
    text = {"input": "hello " * 500}
    assert process.post("/v1/embeddings", text).status == 422
    for length in (-1, limit):
        response = process.post("/v1/embeddings", text | {"truncate_prompt_tokens": length})
        assert response.status == 200, response.text
        assert response.json()["usage"]["prompt_tokens"] == limit
    assert process.post("/v1/embeddings", text | {"truncate_prompt_tokens": None}).status == 422


@pytest.mark.parametrize(
    "body, status, kind, message",
    [
        ({"input": ""}, 400, "Empty", "Input validation error: `inputs` cannot be empty"),
        ({"input": []}, 400, "Empty", "Input validation error: `inputs` cannot be empty"),
        ({"input": "x", "dimensions": 0}, 422, "Validation", "Input validation error: `dimensions` should be positive"),
        ({"input": "x", "truncate_prompt_tokens": 257}, 422, "Validation",
         "Input validation error: `truncate_prompt_tokens` must not be larger than the 256 tokens of the longest input."
         " Given: 257"),
        ({"input": ["x"] * 33}, 422, "Validation", "batch size 33 > maximum allowed batch size 32"),
    ],
)
def test_errors_have_openai_names(server, body, status, kind, message):
    response = server.post("/v1/embeddings", body)
    assert response.status == status
    assert response.header("content-type") == "application/json"
    assert response.json() == {"message": message, "code": status, "type": kind}


@pytest.mark.parametrize(
    "body, status", [({}, 422), ({"input": None}, 422), ({"input": "x", "encoding_format": None}, 400),
                     ({"input": "x", "encoding_format": "hex"}, 422), ({"input": "x", "model": 3}, 422)],
)  # fmt: skip
def test_what_cannot_be_read_is_answered_in_text(server, body, status):
    response = server.post("/v1/embeddings", body)
    assert response.status == status
    assert response.header("content-type") == "text/plain; charset=utf-8"


def test_the_one_model_is_listed(server):
    document = server.get("/v1/models").json()
    assert document["object"] == "list"
    (model,) = document["data"]
    assert model["id"] == server.get("/info").json()["served_model_name"]
    assert model["object"] == "model"
    assert model["created"] > 1_700_000_000


@pytest.mark.parametrize(
    "path",
    [
        "/invocations",
        "/models/sentence-transformers/all-MiniLM-L6-v2/pipeline/feature-extraction",
        "/pipeline/feature-extraction/sentence-transformers/all-MiniLM-L6-v2",
    ],
)
def test_other_names_of_embed(server, path):
    assert server.post(path, {"inputs": ["a", "b"]}).json() == server.embed(["a", "b"])
    assert server.get(path).status == 405
