"""Fixtures for tests of other people's clients against the real binary: `make test-clients`.

A client is used as its documentation says and never patched; each test checks numbers, against the golden
embeddings or against what embd itself answers on another route.
"""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
E2E = HERE.parent / "e2e"
sys.path.insert(0, str(E2E))

# No client shall look for its own servers, count its users or find a key of this machine's.
for name in ("HF_TOKEN", "HF_API_TOKEN", "HUGGINGFACE_API_KEY", "OPENAI_API_KEY", "CO_API_KEY"):
    os.environ.pop(name, None)
os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HAYSTACK_TELEMETRY_ENABLED="False", ANONYMIZED_TELEMETRY="False")
for name in ("http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)

import embd_process  # noqa: E402
import tiny_model  # noqa: E402

TEXTS = ["What is Deep Learning?", "Deep learning is a part of machine learning.", "The weather is fine in Paris."]
QUERY = TEXTS[0]


def pytest_sessionstart(session):
    for path, hint in ((embd_process.BINARY, "make build"), (embd_process.MODEL / "model.safetensors", "make default-model")):
        if not path.is_file():
            pytest.exit(f"{path} is missing: run `{hint}`", returncode=2)


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """serve(*options, model=folder): one more server, until the end of the run."""
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("embd"))
    yield launcher.serve
    launcher.close()


@pytest.fixture(scope="session")
def server(serve):
    """all-MiniLM-L6-v2 with default options."""
    return serve()


@pytest.fixture(scope="session")
def url(server):
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def texts():
    return TEXTS


@pytest.fixture(scope="session")
def rows(server):
    """What embd answers for the texts on /embed."""
    return server.embed(TEXTS)


@pytest.fixture(scope="session")
def classifier(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifier") / "model"
    tiny_model.write_classifier(folder, embd_process.MODEL / "tokenizer.json")
    return serve(model=folder)


@pytest.fixture(scope="session")
def reranker(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reranker") / "model"
    tiny_model.write_reranker(folder, embd_process.MODEL / "tokenizer.json")
    return serve(model=folder)


@pytest.fixture(scope="session")
def ranking(reranker):
    """[(index, score)] of the texts for the query, best first, as /predict scores each pair."""
    scores = []
    for index, text in enumerate(TEXTS):
        response = reranker.post("/predict", {"inputs": [QUERY, text]})
        assert response.status == 200, response.text
        scores.append((index, response.json()[0]["score"]))
    return sorted(scores, key=lambda pair: -pair[1])


@pytest.fixture(scope="session")
def reranker_url(reranker):
    return f"http://127.0.0.1:{reranker.port}"
