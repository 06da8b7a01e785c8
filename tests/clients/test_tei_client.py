"""tei-client, pytei-client and teicli: access to TEI's own routes over HTTP."""

import numpy as np
import pytest
from tei_client import HttpClient, ModelType


@pytest.fixture
def client(url):
    return HttpClient(url)


def test_info_and_health(client, server):
    assert client.health()
    assert client.model_type == ModelType.Embedding
    info = client.info()
    assert info.max_input_length == 256
    assert info.server_model_id == server.get("/info").json()["model_id"]


def test_embed(client, texts, rows):
    np.testing.assert_array_equal(np.array(client.embed(texts)), np.array(rows))


def test_embed_all(client, server, texts):
    found = client.embed_all(texts[0])
    expected = server.post("/embed_all", {"inputs": texts[:1]}).json()
    assert np.array(found).shape == (1, 7, 384)
    np.testing.assert_array_equal(np.array(found), np.array(expected))


def test_tokenize_and_decode(client, texts):
    (tokens,) = client.tokenize(texts[0])
    assert [token.id for token in tokens.tokens] == [101, 2054, 2003, 2784, 4083, 1029, 102]
    assert client.decode([[2054, 2003, 2784, 4083, 1029]]) == ["what is deep learning?"]


def test_classify(classifier):
    client = HttpClient(f"http://127.0.0.1:{classifier.port}")
    (result,) = client.classify("I like it.")
    expected = classifier.post("/predict", {"inputs": "I like it."}).json()
    found = [(score.label, score.score) for score in result.scores]
    assert found == [(item["label"], item["score"]) for item in expected]


def test_rerank(reranker_url, texts, ranking):
    result = HttpClient(reranker_url).rerank(texts[0], texts)
    assert [(score.index, pytest.approx(score.score)) for score in result.ranks] == ranking


def test_pytei_client(url, texts, rows):
    from pytei import TEIClient

    client = TEIClient(url=url)
    np.testing.assert_array_equal(client.embed(texts[0]), np.array(rows[0], dtype=np.float32))
    np.testing.assert_array_equal(np.array(client.embed(texts, skip_cache=True)), np.array(rows, dtype=np.float32))
    cut = client.embed("deep learning " * 1000, truncate=True, truncation_direction="left")
    assert cut.shape == (384,)


def test_teicli(server, texts, rows):
    from tei import TEIClient

    client = TEIClient(host="127.0.0.1", port=server.port)
    np.testing.assert_array_equal(np.array(client.embed_sync(texts[0])), np.array(rows[0]))
    np.testing.assert_array_equal(np.array(client.embed_batch_sync(texts)), np.array(rows))
    assert client.info()["max_client_batch_size"] == 32
    assert "te_request_count" in client.metrics()
