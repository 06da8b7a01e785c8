"""Embedders of LangChain, LlamaIndex, Haystack and Chroma."""

import numpy as np


def check(found, rows):
    np.testing.assert_array_equal(np.array(found, dtype=np.float32), np.array(rows, dtype=np.float32))


def test_langchain_huggingface(url, texts, rows):
    from langchain_huggingface import HuggingFaceEndpointEmbeddings

    embedder = HuggingFaceEndpointEmbeddings(model=url)
    check(embedder.embed_documents(texts), rows)
    check(embedder.embed_query(texts[0]), rows[0])


def test_langchain_openai(url, texts, rows):
    from langchain_openai import OpenAIEmbeddings

    # Otherwise it cuts the texts itself, with the tokenizer of OpenAI's models.
    embedder = OpenAIEmbeddings(base_url=f"{url}/v1", api_key="none", model="tei", check_embedding_ctx_length=False)
    check(embedder.embed_documents(texts), rows)
    check(embedder.embed_query(texts[0]), rows[0])


def test_llama_index(url, texts, rows):
    from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference

    # Empty instructions: by default it knows some for certain model names.
    embedder = TextEmbeddingsInference(
        model_name="none", base_url=url, query_instruction="", text_instruction="", auth_token="Bearer x")
    check(embedder.get_text_embedding_batch(texts), rows)
    check(embedder.get_query_embedding(texts[0]), rows[0])


def test_haystack(url, texts, rows):
    from haystack import Document
    from haystack.components.embedders import HuggingFaceAPIDocumentEmbedder, HuggingFaceAPITextEmbedder

    # It asks for embeddings that are not normalised unless told otherwise.
    options = {"api_type": "text_embeddings_inference", "api_params": {"url": url}, "token": None, "normalize": True}
    check(HuggingFaceAPITextEmbedder(**options).run(texts[0])["embedding"], rows[0])
    documents = HuggingFaceAPIDocumentEmbedder(**options).run([Document(content=text) for text in texts])["documents"]
    check([document.embedding for document in documents], rows)


def test_chroma(url, texts, rows):
    from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer

    check(HuggingFaceEmbeddingServer(url=f"{url}/embed")(texts), rows)


def test_embed_parity(url, texts, rows):
    from embed_parity.backends.tei import TEIBackend

    backend = TEIBackend(url)
    backend.wait_until_ready(10)
    assert backend.metadata["pooling"] == "mean"
    assert backend.metadata["tokenizer_max_length"] == 256
    check(backend.encode(texts, 2), rows)
    check(backend.encode_concurrently(texts[0], 4), [rows[0]] * 4)


def test_infinity_client(url, texts, rows):
    from infinity_client import Client
    from infinity_client.api.default import embeddings
    from infinity_client.models import OpenAIEmbeddingInputText

    with Client(base_url=url) as client:
        # Its own default for dimensions is 0, which this API refuses.
        body = OpenAIEmbeddingInputText(input_=texts, model="tei", dimensions=len(rows[0]))
        result = embeddings.sync(client=client, body=body)
    check([item.embedding for item in result.data], rows)
