"""Classifiers, rerankers and sparse encoders: what the server says of them, that they start, what it refuses."""

import json

import pytest

import tiny_model


def start(launcher, tiny_heads, name, *args):
    flags = ["--pooling", "splade"] if name == "splade" else []
    return launcher.serve(*flags, *args, model=tiny_heads / name)


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
