"""huggingface_hub.InferenceClient: it POSTs to the address as given, so to `/`."""

import numpy as np
import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import InferenceTimeoutError, HfHubHTTPError


def test_feature_extraction_of_one_text(url, texts, rows):
    result = InferenceClient(model=url).feature_extraction(texts[0])
    np.testing.assert_array_equal(result, np.array(rows[:1], dtype=np.float32))


def test_feature_extraction_of_many_texts_at_the_embed_route(url, texts, rows):
    result = InferenceClient(model=f"{url}/embed").feature_extraction(texts)
    np.testing.assert_array_equal(result, np.array(rows, dtype=np.float32))


def test_feature_extraction_passes_its_options(url, server, texts):
    client = InferenceClient(model=url)
    long = "deep learning " * 1000
    raw = client.feature_extraction(texts[0], normalize=False)
    np.testing.assert_array_equal(raw, np.array(server.embed(texts[:1], normalize=False), dtype=np.float32))
    assert abs(np.linalg.norm(raw) - 1) > 1e-3
    cut = client.feature_extraction(long, truncate=True, truncation_direction="left")
    expected = server.embed([long], truncate=True, truncation_direction="Left")
    np.testing.assert_array_equal(cut, np.array(expected, dtype=np.float32))


def test_sentence_similarity(url, texts, rows):
    result = InferenceClient(model=f"{url}/similarity").sentence_similarity(texts[0], texts[1:])
    expected = np.array(rows[1:]) @ np.array(rows[0])
    np.testing.assert_allclose(result, expected, atol=1e-6)
    assert result[0] > result[1]


def test_an_error_carries_the_message_of_the_server(url):
    with pytest.raises((HfHubHTTPError, InferenceTimeoutError)) as caught:
        InferenceClient(model=url).feature_extraction("x", prompt_name="no such prompt")
    assert caught.value.response.status_code == 422
