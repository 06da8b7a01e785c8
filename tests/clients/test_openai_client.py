"""The openai package, Python and Node: both ask for base64 unless told otherwise."""

import base64
import json
import pathlib
import shutil
import subprocess

import numpy as np
import openai
import pytest

NODE = pathlib.Path(__file__).resolve().parent / "node"


@pytest.fixture
def client(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


def embeddings(response):
    assert [item.index for item in response.data] == list(range(len(response.data)))
    return np.array([item.embedding for item in response.data], dtype=np.float32)


def test_base64_by_default(client, texts, rows):
    response = client.embeddings.create(model="text-embeddings-inference", input=texts)
    np.testing.assert_array_equal(embeddings(response), np.array(rows, dtype=np.float32))
    assert response.usage.prompt_tokens == response.usage.total_tokens > len(texts)


@pytest.mark.parametrize("form", ["float", "base64"])
def test_both_forms_of_one_text(client, texts, rows, form):
    response = client.embeddings.create(model="tei", input=texts[0], encoding_format=form)
    if form == "base64":  # asked for by name it is not decoded
        found = np.frombuffer(base64.b64decode(response.data[0].embedding), dtype="<f4")[None]
    else:
        found = embeddings(response)
    np.testing.assert_array_equal(found, np.array(rows[:1], dtype=np.float32))


def test_dimensions(client, server, texts):
    response = client.embeddings.create(model="tei", input=texts, dimensions=64)
    np.testing.assert_array_equal(embeddings(response), np.array(server.embed(texts, dimensions=64), dtype=np.float32))


def test_token_ids(client, texts, rows):
    ids = [101, 2054, 2003, 2784, 4083, 1029, 102]  # What is Deep Learning?
    response = client.embeddings.create(model="tei", input=[ids])
    np.testing.assert_allclose(embeddings(response), np.array(rows[:1]), atol=1e-6)


def test_errors_are_those_of_the_package(client, url):
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.embeddings.create(model="tei", input="x", dimensions=0)
    assert caught.value.status_code == 422
    with openai.OpenAI(base_url=f"{url}/nowhere", api_key="none", max_retries=0) as elsewhere:
        with pytest.raises(openai.NotFoundError):
            elsewhere.embeddings.create(model="tei", input="x")


def test_a_key_is_sent_as_the_server_wants_it(serve, texts, rows):
    server = serve("--api-key", "secret")
    base = f"http://127.0.0.1:{server.port}/v1"
    with openai.OpenAI(base_url=base, api_key="secret", max_retries=0) as client:
        found = embeddings(client.embeddings.create(model="tei", input=texts))
    np.testing.assert_array_equal(found, np.array(rows, dtype=np.float32))
    with openai.OpenAI(base_url=base, api_key="wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            client.embeddings.create(model="tei", input=texts)


def test_the_list_of_models(client, server):
    assert [model.id for model in client.models.list()] == [server.get("/info").json()["model_id"]]


@pytest.mark.skipif(
    not (NODE / "node_modules/openai").is_dir() or shutil.which("node") is None, reason="`make test-clients` installs it")
def test_node(url, texts, rows):
    done = subprocess.run(
        ["node", str(NODE / "embed.mjs"), f"{url}/v1", json.dumps(texts)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    np.testing.assert_array_equal(np.array(result["default"], dtype=np.float32), np.array(rows, dtype=np.float32))
    np.testing.assert_array_equal(np.array(result["float"], dtype=np.float32), np.array(rows, dtype=np.float32))
    assert [len(row) for row in result["dimensions"]] == [64] * len(texts)
