"""The OpenAPI document: it is valid, it tells every route, and the server keeps what it says."""

import subprocess
import sys

import openapi_spec_validator
import pytest

import embd_process

# What the server answers beside files of the page at /docs/.
ROUTES = {
    "get": {
        "/", "/api-doc/openapi.json", "/docs", "/docs/", "/health", "/info", "/metrics", "/models", "/ping", "/v1/models",
    },
    "post": {
        "/", "/api/embed", "/decode", "/embed", "/embed_all", "/embed_sparse", "/embeddings", "/invocations",
        "/models/{name}/pipeline/feature-extraction", "/pipeline/feature-extraction/{name}", "/predict", "/rerank",
        "/similarity", "/tokenize", "/v1/embeddings", "/v1/rerank", "/v2/rerank", "/vertex",
    },
}  # fmt: skip
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "negative_data_rejection",
]


def document_of(process):
    response = process.get("/api-doc/openapi.json")
    assert (response.status, response.header("content-type")) == (200, "application/json")
    return response.json()


def operations(document):
    return [(path, method, told) for path, item in document["paths"].items() for method, told in item.items()]


@pytest.mark.parametrize("name", [None, "classifier", "reranker", "splade"])
def test_the_document_is_valid(server, launcher, tiny_heads, name):
    flags = ["--pooling", "splade"] if name == "splade" else []
    process = launcher.serve(*flags, model=tiny_heads / name) if name else server
    document = document_of(process)
    openapi_spec_validator.validate(document)
    assert document["openapi"] == "3.0.3"
    assert document["info"]["title"] == "Text Embeddings Inference"
    assert document["info"]["license"]["name"] == "Apache 2.0"
    assert document["info"]["version"] == process.get("/info").json()["version"]


def test_the_document_tells_every_route(server):
    told = {"get": set(), "post": set()}
    for path, method, _ in operations(document_of(server)):
        told[method].add(path)
    assert told == ROUTES


def test_every_example_is_taken(server):
    for path, method, told in operations(document_of(server)):
        content = told.get("requestBody", {"content": {}})["content"]
        if method == "get":
            assert not content
            assert server.get(path).status < 400, path
            continue
        # 424: of a route that is not for this model.
        response = server.post(path.replace("{name}", "a/b"), content["application/json"]["example"])
        assert response.status == (424 if path.endswith(("predict", "rerank", "sparse")) else 200), (path, response.text)
        assert str(response.status) in told["responses"], path


def run_schemathesis(process, folder, *args):
    """Sends what the document allows, and what it does not, and compares each answer with the document. The same
    requests in every run."""
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
        f"http://127.0.0.1:{process.port}/api-doc/openapi.json", "--phases", "examples,coverage,fuzzing",
        "--checks", ",".join(CHECKS), "--generation-deterministic", "--continue-on-failure", "--no-shrink",
        "--request-timeout", "30", "--no-color", *args,
    ]  # fmt: skip
    environment = embd_process.clean_environment(folder)
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert process.get("/health").status == 200
    return done.stdout


def test_answers_are_as_the_document_says(server, tmp_path):
    report = run_schemathesis(server, tmp_path, "--max-examples", "15")
    others = sum(map(len, ROUTES.values())) - 1  # all but that of the document itself
    assert f"Tested: {others}" in report, report
    server.is_well()


@pytest.mark.parametrize("name, paths", [
    ("classifier", ["/predict", "/invocations", "/vertex"]),
    ("reranker", ["/rerank", "/v1/rerank", "/v2/rerank", "/invocations"]),
    ("splade", ["/embed_sparse", "/invocations"]),
])  # fmt: skip
def test_answers_of_other_models(launcher, tiny_heads, tmp_path, name, paths):
    flags = ["--pooling", "splade"] if name == "splade" else []
    process = launcher.serve(*flags, model=tiny_heads / name)
    include = [part for path in paths for part in ("--include-path", path)]
    report = run_schemathesis(process, tmp_path, "--max-examples", "15", *include)
    assert f"Tested: {len(paths)}" in report, report
