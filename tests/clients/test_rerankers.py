"""Rerankers: TEI's own shape (LlamaIndex, Haystack), and Cohere's and Jina's (cohere, infinity-client)."""

import pytest


def test_llama_index(reranker_url, texts, ranking):
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
    from llama_index.postprocessor.tei_rerank import TextEmbeddingInference

    ranker = TextEmbeddingInference(base_url=reranker_url, top_n=2, auth_token="raw token")
    nodes = [NodeWithScore(node=TextNode(text=text, id_=str(index))) for index, text in enumerate(texts)]
    found = ranker.postprocess_nodes(nodes, QueryBundle(texts[0]))
    assert [(int(node.node_id), node.score) for node in found] == [(i, pytest.approx(s)) for i, s in ranking[:2]]


def test_haystack(reranker_url, texts, ranking):
    from haystack import Document
    from haystack.components.rankers import HuggingFaceTEIRanker

    ranker = HuggingFaceTEIRanker(url=reranker_url, top_k=3, token=None)
    documents = [Document(content=text, meta={"index": index}) for index, text in enumerate(texts)]
    found = ranker.run(texts[0], documents)["documents"]
    assert [(d.meta["index"], d.score) for d in found] == [(i, pytest.approx(s)) for i, s in ranking]


def test_cohere(reranker_url, texts, ranking):
    import cohere

    client = cohere.ClientV2(api_key="none", base_url=reranker_url)
    response = client.rerank(model="tei", query=texts[0], documents=texts, top_n=2)
    assert response.id
    assert [(r.index, r.relevance_score) for r in response.results] == [(i, pytest.approx(s)) for i, s in ranking[:2]]


def test_infinity_client(reranker_url, texts, ranking):
    from infinity_client import Client
    from infinity_client.api.default import rerank
    from infinity_client.models import RerankInput

    with Client(base_url=reranker_url) as client:
        body = RerankInput(query=texts[0], documents=texts, return_documents=True)
        result = rerank.sync(client=client, body=body)
    assert [(r.index, r.relevance_score) for r in result.results] == [(i, pytest.approx(s)) for i, s in ranking]
    # A string where Infinity serves; embd has the object of Jina and Cohere, which the client gives on as it is.
    assert [r.document for r in result.results] == [{"text": texts[i]} for i, _ in ranking]


@pytest.mark.parametrize("provider, path", [("text-embeddings-inference", "/rerank"), ("jina", "/v1/rerank"), ("cohere", "/v2/rerank")])
def test_rerankers(reranker_url, texts, ranking, provider, path):
    from rerankers.models.api_rankers import APIRanker

    ranker = APIRanker("tei", api_key="none", api_provider=provider, url=reranker_url + path)
    found = ranker.rank(texts[0], texts).results
    assert [(r.document.doc_id, r.score) for r in found] == [(i, pytest.approx(s)) for i, s in ranking]
