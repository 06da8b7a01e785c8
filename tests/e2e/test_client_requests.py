"""What clients send that cannot be run here (other languages, whole applications), byte for byte, and that the
answer has what they read. Clients that are Python or Node packages run unmodified: tests/clients.
"""

import base64
import struct

import pytest

import embd_process

LONG = "word " * 2000
TEXTS = ["What is Deep Learning?", "The weather is fine in Paris."]


def vectors(count):
    """A list of so many vectors."""

    def check(answer):
        assert [len(row) for row in answer] == [384] * count

    return check


def ollama(count):
    def check(answer):
        vectors(count)(answer["embeddings"])
        assert answer["model"] and answer["prompt_eval_count"] > 0

    return check


def openai(count, form=list):
    """OpenAI's answer with so many vectors, each with its place."""

    def check(answer):
        assert answer["object"] == "list" and answer["model"]
        assert [item["index"] for item in answer["data"]] == list(range(count))
        for item in answer["data"]:
            assert item["object"] == "embedding" and isinstance(item["embedding"], form)
            values = item["embedding"]
            if form is str:
                values = struct.unpack("<384f", base64.b64decode(values, validate=True))
            assert sum(value * value for value in values) == pytest.approx(1, abs=1e-5)
        assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 0

    return check


def tokens(count):
    def check(answer):
        assert len(answer) == count
        assert all({"id", "text", "special", "start", "stop"} == set(token) for row in answer for token in row)

    return check


def ranks(count, *keys):
    """TEI's: each text once, the best first."""

    def check(answer):
        assert sorted(item["index"] for item in answer) == list(range(count))
        scores = [item["score"] for item in answer]
        assert scores == sorted(scores, reverse=True)
        assert all({"index", "score", *keys} == set(item) for item in answer)

    return check


def results(count, *keys):
    """Jina's and Cohere's: the best of them, with what they cost."""

    def check(answer):
        scores = [item["relevance_score"] for item in answer["results"]]
        assert len(scores) == count and scores == sorted(scores, reverse=True)
        assert all({"index", "relevance_score", *keys} <= set(item) for item in answer["results"])
        assert answer.get("usage", {}).get("total_tokens", 0) > 0 or answer["meta"]["tokens"]["input_tokens"] > 0

    return check


EMBEDDING = [
    # client, path, body, headers, what it reads
    ("Continue HuggingFaceTEI", "/embed", {"inputs": TEXTS}, {}, vectors(2)),
    ("Milvus", "/embed", {"inputs": TEXTS, "truncate": True, "truncation_direction": "Right", "prompt_name": None}, {}, vectors(2)),
    ("Milvus, left", "/embed", {"inputs": TEXTS, "truncate": True, "truncation_direction": "Left"}, {}, vectors(2)),
    ("Weaviate", "/", {"inputs": TEXTS, "options": {"wait_for_model": True, "use_gpu": False, "use_cache": True}},
     {"authorization": "Bearer x"}, vectors(2)),
    ("langchain4j-hugging-face", "/models/sentence-transformers/all-MiniLM-L6-v2/pipeline/feature-extraction",
     {"inputs": TEXTS, "options": {"wait_for_model": True}}, {"authorization": "Bearer x"}, vectors(2)),
    ("semantic-kernel", "/pipeline/feature-extraction/sentence-transformers/all-MiniLM-L6-v2", {"inputs": TEXTS}, {}, vectors(2)),
    ("langchain4j-open-ai", "/embeddings", {"model": "tei", "input": TEXTS}, {"authorization": "Bearer x"}, openai(2)),
    ("Spring AI", "/v1/embeddings", {"input": TEXTS, "model": "text-embedding-ada-002"}, {"authorization": "Bearer x"}, openai(2)),
    ("LangChain.js", "/", {"inputs": TEXTS}, {}, vectors(2)),
    ("huggingface.js", "/embed", {"inputs": TEXTS[0]}, {"content-type": "application/json"}, vectors(1)),
    ("Dify, without a model", "/v1/embeddings", {"input": TEXTS}, {}, openai(2)),
    ("Dify", "/tokenize", {"inputs": TEXTS}, {}, tokens(2)),
    ("mem0", "/v1/embeddings", {"input": TEXTS, "model": "tei", "encoding_format": "base64"}, {}, openai(2, str)),
    ("AnythingLLM", "/v1/embeddings", {"model": "any", "input": TEXTS * 16, "encoding_format": "base64"}, {}, openai(32, str)),
    ("Open WebUI", "/v1/embeddings", {"input": TEXTS, "model": "tei"}, {"x-openwebui-user-id": "7"}, openai(2)),
    ("Open WebUI, Ollama", "/api/embed", {"input": TEXTS, "model": "tei", "truncate": True}, {}, ollama(2)),
    ("RAGFlow, documents", "/embed", {"inputs": [LONG, *TEXTS]}, {}, vectors(3)),
    ("RAGFlow, a query", "/embed", {"inputs": TEXTS[0]}, {}, vectors(1)),
    ("Elasticsearch", "/", {"inputs": TEXTS}, {"authorization": "Bearer x"}, vectors(2)),
    ("OpenAI, ids", "/v1/embeddings", {"input": [[101, 2054, 102], [101, 102]], "model": "m", "user": "u"}, {}, openai(2)),
    ("infinity, KServe", "/embeddings", {"input": TEXTS, "model": "m", "encoding_format": "float"}, {}, openai(2)),
]  # fmt: skip

QUERY = {"query": TEXTS[0], "texts": TEXTS}
DOCUMENTS = {"model": "m", "query": TEXTS[0], "documents": TEXTS}
RERANKING = [
    ("Continue", "/rerank", {**QUERY, "return_text": False, "raw_scores": False, "truncation_direction": "Right", "truncate": True},
     {}, ranks(2)),
    ("Dify", "/rerank", {**QUERY, "return_text": True}, {}, ranks(2, "text")),
    ("Milvus", "/rerank", {**QUERY, "truncate": True, "truncation_direction": "Left"}, {}, ranks(2)),
    ("Elasticsearch", "/rerank", {**QUERY, "return_text": False, "top_n": 1}, {}, ranks(2)),
    ("LlamaIndex, its key without a scheme", "/rerank", QUERY, {"authorization": "raw"}, ranks(2)),
    ("Open WebUI", "/v1/rerank", {**DOCUMENTS, "top_n": 2}, {}, results(2)),
    ("RAGFlow", "/v1/rerank", {**DOCUMENTS, "top_n": 2}, {}, results(2)),
    ("Cohere", "/v2/rerank", {**DOCUMENTS, "top_n": 1, "max_tokens_per_doc": 4096}, {}, results(1)),
    ("infinity", "/rerank", {**DOCUMENTS, "return_documents": True}, {}, results(2, "document")),
    ("KServe", "/v1/rerank", DOCUMENTS, {}, results(2)),
    ("LangChain.js, pairs by the root", "/", QUERY, {}, ranks(2)),
]  # fmt: skip


def ask(process, path, body, headers, check):
    response = process.post(path, body, headers)
    assert response.status == 200, response.text
    assert response.header("content-type") == "application/json"
    check(response.json())


@pytest.mark.parametrize("path, body, headers, check", [row[1:] for row in EMBEDDING], ids=[row[0] for row in EMBEDDING])
def test_embedding(server, path, body, headers, check):
    ask(server, path, body, headers, check)


@pytest.fixture(scope="module")
def reranker(tiny_heads, tmp_path_factory):
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("reranker"))
    yield launcher.serve(model=tiny_heads / "reranker")
    launcher.close()


@pytest.mark.parametrize("path, body, headers, check", [row[1:] for row in RERANKING], ids=[row[0] for row in RERANKING])
def test_reranking(reranker, path, body, headers, check):
    ask(reranker, path, body, headers, check)


def test_what_clients_read_of_info(server, reranker):
    """Continue, Dify, embed-parity, tei-client: types as they are parsed."""
    types = {
        "model_id": str, "model_dtype": str, "max_input_length": int, "max_client_batch_size": int, "max_batch_tokens": int,
        "auto_truncate": bool, "version": str, "max_concurrent_requests": int,
    }  # fmt: skip
    for process, kind in ((server, "embedding"), (reranker, "reranker")):
        info = process.get("/info").json()
        assert {key: type(info[key]) for key in types} == types
        assert list(info["model_type"]) == [kind]


def test_what_clients_read_of_errors(server):
    """Weaviate and others print `error`; Continue also `error_type`; OpenAI's SDKs `message`."""
    assert set(server.post("/embed", {"inputs": ""}).json()) == {"error", "error_type"}
    assert set(server.post("/v1/embeddings", {"input": ""}).json()) == {"message", "code", "type"}
