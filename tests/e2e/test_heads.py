"""Classifiers, rerankers and sparse encoders: what they answer, what the server says of them, what it refuses."""

import json
import math
import pathlib

import pytest

import embd_process
import tiny_model

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "model"


def start(launcher, tiny_heads, name, *args):
    flags = ["--pooling", "splade"] if name == "splade" else []
    return launcher.serve(*flags, *args, model=tiny_heads / name)


@pytest.fixture(scope="module")
def golden_model(tmp_path_factory):
    """golden_model(name): a server of that folder, and [(text or pair, what transformers computes)]."""
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("golden"))
    served = {}

    def of(name):
        if name not in served:
            answers = json.loads((GOLDEN / name / "answers.json").read_text())
            process = launcher.serve("--dtype", "float32", model=GOLDEN / name)
            served[name] = process, [(answer["input"], answer["row"]) for answer in answers]
        return served[name]

    yield of
    launcher.close()


def close_to(values):
    return pytest.approx(values, rel=1e-4, abs=1e-5)


def probabilities(logits):
    if len(logits) == 1:
        return [1 / (1 + math.exp(-logits[0]))]
    total = sum(math.exp(logit) for logit in logits)
    return [math.exp(logit) / total for logit in logits]


@pytest.mark.parametrize("name", ["classifier", "xlm_roberta_classifier", "reranker", "roberta_reranker"])
@pytest.mark.parametrize("raw", [False, True])
def test_predict_is_what_transformers_computes(golden_model, name, raw):
    process, answers = golden_model(name)
    inputs = [[item] if isinstance(item, str) else item for item, _ in answers]
    response = process.post("/predict", {"inputs": inputs, "raw_scores": raw})
    assert response.status == 200, response.text
    assert len(response.json()) == len(answers) > 0
    for scores, (item, logits) in zip(response.json(), answers):
        found = {part["label"]: part["score"] for part in scores}
        wanted = logits if raw else probabilities(logits)
        assert [found[f"LABEL_{label}"] for label in range(len(logits))] == close_to(wanted), item


@pytest.mark.parametrize("name", ["reranker", "roberta_reranker"])
@pytest.mark.parametrize("raw", [False, True])
def test_rerank_is_what_transformers_computes(golden_model, name, raw):
    process, answers = golden_model(name)
    pairs = [(item, logits) for item, logits in answers if not isinstance(item, str)]
    (query,) = {item[0] for item, _ in pairs}
    texts = [item[1] for item, _ in pairs]
    scores = [logits[0] if raw else probabilities(logits)[0] for _, logits in pairs]
    order = sorted(range(len(texts)), key=lambda index: -scores[index])

    tei = process.post("/rerank", {"query": query, "texts": texts, "raw_scores": raw, "return_text": True}).json()
    assert [(rank["index"], rank["text"]) for rank in tei] == [(index, texts[index]) for index in order]
    assert [rank["score"] for rank in tei] == close_to([scores[index] for index in order])


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_the_shapes_of_jina_and_cohere_hold_the_same_scores(golden_model, path):
    process, answers = golden_model("reranker")
    pairs = [(item, logits) for item, logits in answers if not isinstance(item, str)]
    texts = [item[1] for item, _ in pairs]
    scores = [probabilities(logits)[0] for _, logits in pairs]
    order = sorted(range(len(texts)), key=lambda index: -scores[index])[:2]
    response = process.post(path, {"model": "m", "query": pairs[0][0][0], "documents": texts, "top_n": 2})
    assert response.status == 200, response.text
    results = response.json()["results"]
    assert [result["index"] for result in results] == order
    assert [result["relevance_score"] for result in results] == close_to([scores[index] for index in order])


@pytest.mark.parametrize("name", ["splade", "splade_untied", "roberta_splade", "roberta_splade_untied"])
def test_sparse_vectors_are_what_transformers_computes(golden_model, name):
    process, answers = golden_model(name)
    answers = [(item, row) for item, row in answers if isinstance(item, str)]
    response = process.post("/embed_sparse", {"inputs": [text for text, _ in answers]})
    assert response.status == 200, response.text
    assert len(response.json()) == len(answers) > 0
    for vector, (text, row) in zip(response.json(), answers):
        assert [part["index"] for part in vector] == [index for index, value in enumerate(row) if value != 0], text
        assert [part["value"] for part in vector] == close_to([value for value in row if value != 0]), text


def model_type(process):
    return process.get("/info").json()["model_type"]


def test_info_tells_the_labels_and_the_pooling(launcher, tiny_heads):
    labels = ["negative", "neutral", "positive"]
    assert model_type(start(launcher, tiny_heads, "classifier")) == {
        "classifier": {
            "id2label": {str(index): label for index, label in enumerate(labels)},
            "label2id": {label: index for index, label in enumerate(labels)},
        }
    }
    assert model_type(start(launcher, tiny_heads, "reranker")) == {
        "reranker": {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
    }
    assert model_type(start(launcher, tiny_heads, "splade")) == {"embedding": {"pooling": "splade"}}


@pytest.mark.parametrize("name", ["classifier", "reranker", "splade"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
def test_the_server_starts_and_its_memory_is_as_planned(launcher, tiny_heads, name, dtype):
    process = start(launcher, tiny_heads, name, "--dtype", dtype)
    assert process.get("/health").status == 200
    assert process.resident_bytes() <= sum(process.planned_bytes().values()) * 1.1


def test_pooling_has_no_effect_on_a_classifier(launcher, tiny_heads):
    process = launcher.serve("--pooling", "splade", model=tiny_heads / "classifier")
    assert "--pooling has no effect" in process.output()


def refusal(launcher, *args, model):
    process = launcher.launch(*args, model=model)
    assert process.wait_exit() == 1
    return process.err()


def test_splade_needs_a_masked_language_model(launcher, tiny):
    message = refusal(launcher, "--pooling", "splade", model=tiny)
    assert "config.json" in message and "BertModel" in message


def test_more_labels_than_the_weights_have(launcher, tmp_path, tiny_heads):
    folder = tmp_path / "model"
    folder.mkdir()
    for file in (tiny_heads / "reranker").iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "config.json").unlink()
    config = json.loads((tiny_heads / "reranker" / "config.json").read_text())
    config |= {"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 0, "b": 1}}
    tiny_model.write_json(folder / "config.json", config)
    message = refusal(launcher, model=folder)
    assert f"classifier.weight of shape [1, {tiny_model.HIDDEN}] instead of [2, {tiny_model.HIDDEN}]" in message


@pytest.mark.parametrize("name", ["classifier", "reranker", "splade"])
def test_bench_runs(launcher, tiny_heads, name):
    flags = ["--pooling", "splade"] if name == "splade" else []
    process = launcher.run("bench", "--model-id", tiny_heads / name, "--seconds", "1", "--json", *flags)
    assert process.wait_exit() == 0, process.output()
    assert json.loads(process.out())["texts_per_second"] > 0
