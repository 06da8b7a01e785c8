"""huggingface_hub.InferenceClient against servers that do something else than embed at `/`."""

import numpy as np
from huggingface_hub import InferenceClient


def test_sentence_similarity_at_the_root_of_a_server_with_that_task(serve, texts, rows):
    server = serve(env={"TASK": "sentence-similarity"})
    client = InferenceClient(model=f"http://127.0.0.1:{server.port}")
    result = client.sentence_similarity(texts[0], texts[1:])
    np.testing.assert_allclose(result, np.array(rows[1:]) @ np.array(rows[0]), atol=1e-6)


def test_text_classification(classifier):
    text = "I like it."
    client = InferenceClient(model=f"http://127.0.0.1:{classifier.port}")
    # It wants a list of labels for each text; TEI, and so embd, gives a lone text's labels without that list.
    result = client.text_classification([[text]])
    expected = classifier.post("/predict", {"inputs": text}).json()
    assert [(item.label, item.score) for item in result] == [(item["label"], item["score"]) for item in expected]
    assert abs(sum(item.score for item in result) - 1) < 1e-5
