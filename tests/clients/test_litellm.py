"""litellm: TEI's own routes under its name huggingface, and the shapes of others that embd speaks, too."""

import os

import numpy as np
import pytest

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the internet for prices
litellm = pytest.importorskip("litellm")
litellm.telemetry = False


def embeddings(response):
    assert [item["index"] for item in response.data] == list(range(len(response.data)))
    return np.array([item["embedding"] for item in response.data], dtype=np.float32)


def test_embedding_as_huggingface(url, texts, rows):
    # Without input_type it asks the hub what the model is for.
    response = litellm.embedding(model="huggingface/tei", input=texts, api_base=f"{url}/embed", input_type="feature-extraction")
    np.testing.assert_array_equal(embeddings(response), np.array(rows, dtype=np.float32))


def test_embedding_as_openai(url, texts, rows):
    response = litellm.embedding(model="openai/tei", input=texts, api_base=f"{url}/v1", api_key="none")
    np.testing.assert_array_equal(embeddings(response), np.array(rows, dtype=np.float32))
    assert response.usage.prompt_tokens == response.usage.total_tokens > 0


@pytest.mark.parametrize("provider, path", [
    ("huggingface", ""), ("infinity", ""), ("hosted_vllm", ""), ("jina_ai", "/v1/rerank"), ("cohere", "/v2/rerank"),
])  # fmt: skip
def test_rerank(reranker_url, texts, ranking, provider, path):
    # Infinity answers documents as texts; embd, as Cohere does, as objects, which that provider does not read.
    response = litellm.rerank(
        model=f"{provider}/tei", query=texts[0], documents=texts, top_n=2, return_documents=provider != "infinity",
        api_base=reranker_url + path, api_key="none")
    found = [(result["index"], pytest.approx(result["relevance_score"])) for result in response.results]
    # TEI, and so embd in TEI's shape, knows no top_n.
    assert ranking[: len(found)] == found and len(found) == (3 if provider == "huggingface" else 2)
