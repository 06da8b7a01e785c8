"""The command line and the environment: TEI's names, strict values, clear refusals."""

import os
import shutil
import subprocess

import pytest

import embd_process
from http_client import Connection

EVERY_OPTION = {
    "--revision": "main",
    "--tokenization-workers": "2",
    "--dtype": "float32",
    "--served-model-name": "name",
    "--pooling": "mean",
    "--max-concurrent-requests": "64",
    "--max-batch-tokens": "4096",
    "--max-batch-requests": "8",
    "--max-client-batch-size": "16",
    "--auto-truncate": "false",
    "--default-prompt": "say: ",
    "--hf-token": "hf_secret",
    "--uds-path": "/tmp/nothing",
    "--payload-limit": "100000",
    "--api-key": "s3cret",
    "--otlp-endpoint": "http://localhost:1",
    "--otlp-service-name": "name",
    "--prometheus-port": "9001",
    "--cors-allow-origin": "https://a.example",
}


def run(*args, env=None, folder=None, binary=embd_process.BINARY):
    """Runs to the end."""
    environment = embd_process.clean_environment(folder or "/nonexistent", env)
    return subprocess.run(
        [str(binary), *map(str, args)], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


def test_help():
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in [*EVERY_OPTION, "--model-id", "--port", "--hostname", "--huggingface-hub-cache", "--json-output"]:
        assert option in done.stdout, option
    assert max(len(line) for line in done.stdout.splitlines()) <= 100
    assert run("-h").stdout == done.stdout


def test_version():
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("embd ") and len(done.stdout.splitlines()) == 1
    assert run("-V").stdout == done.stdout


USAGE_ERRORS = [
    ([], {}, "model-id"),
    (["--model-id"], {}, "model-id"),
    (["--no-such-option"], {}, "--no-such-option"),
    (["stray"], {}, "stray"),
    (["--port", "x"], {}, "port"),
    (["--port", "65536"], {}, "port"),
    (["--port", "-1"], {}, "port"),
    (["--port", ""], {}, "port"),
    (["--port", "1", "--port", "2"], {}, "port"),
    (["--port", "1", "-p", "2"], {}, "port"),
    (["--max-batch-tokens", "1.5"], {}, "max-batch-tokens"),
    (["--max-client-batch-size", "many"], {}, "max-client-batch-size"),
    (["--dtype", "float64"], {}, "dtype"),
    (["--pooling", "last_token"], {}, "pooling"),
    (["--pooling", "MEAN"], {}, "pooling"),
    (["--auto-truncate=maybe"], {}, "auto-truncate"),
    (["--json-output=true"], {}, "json-output"),
    (["--default-prompt", "a", "--default-prompt-name", "b"], {}, "default-prompt"),
    (["--hf-token", "a", "--hf-api-token", "b"], {}, "hf-"),
    ([], {"PORT": "http"}, "PORT"),
    ([], {"MAX_BATCH_REQUESTS": ""}, "MAX_BATCH_REQUESTS"),
    ([], {"AUTO_TRUNCATE": "1"}, "AUTO_TRUNCATE"),
    ([], {"AUTO_TRUNCATE": "TRUE"}, "AUTO_TRUNCATE"),
    ([], {"JSON_OUTPUT": "yes"}, "JSON_OUTPUT"),
    ([], {"JSON_OUTPUT": ""}, "JSON_OUTPUT"),
    ([], {"POOLING": "max"}, "POOLING"),
    ([], {"DEFAULT_PROMPT": "a", "DEFAULT_PROMPT_NAME": "b"}, "default-prompt"),
]


@pytest.mark.parametrize("args, env, names", USAGE_ERRORS, ids=str)
def test_usage_errors(args, env, names):
    if args and args[0] not in ("--model-id",) or env:
        args = ["--model-id", embd_process.MODEL, *args]
    done = run(*args, env=env)
    assert done.returncode == 2, done
    assert names in done.stderr
    assert done.stdout == ""
    assert "hf_secret" not in done.stderr


def test_every_option_parses(launcher, tiny):
    args = [part for pair in EVERY_OPTION.items() for part in pair]
    process = launcher.serve(*args, "--json-output", "--disable-spans", model=tiny)
    with process.connect() as connection:
        info = connection.request("GET", "/info", headers={"authorization": "Bearer s3cret"}).json()
    expected = {
        "model_sha": "main",
        "tokenization_workers": 2,
        "served_model_name": "name",
        "max_concurrent_requests": 64,
        "max_batch_tokens": 4096,
        "max_batch_requests": 8,
        "max_client_batch_size": 16,
        "auto_truncate": False,
    }
    assert {key: info[key] for key in expected} == expected
    for secret in ("s3cret", "hf_secret"):
        assert secret not in process.output()
    for silent in ("uds-path", "hf-token", "otlp-endpoint", "prometheus-port"):
        assert f"--{silent} has no effect" in process.out(), silent


def test_every_option_from_the_environment(launcher, tiny):
    env = {name[2:].replace("-", "_").upper(): value for name, value in EVERY_OPTION.items()}
    process = launcher.serve(env={**env, "JSON_OUTPUT": "true", "DISABLE_SPANS": "false"}, model=tiny)
    with process.connect() as connection:
        info = connection.request("GET", "/info", headers={"authorization": "Bearer s3cret"}).json()
    assert (info["max_client_batch_size"], info["auto_truncate"]) == (16, False)
    assert process.out().startswith("{")


def test_model_and_port_from_the_environment(launcher, tiny):
    port = embd_process.free_port()
    process = launcher.run(env={"MODEL_ID": str(tiny), "PORT": str(port), "HOSTNAME": "127.0.0.1"})
    process.port = port
    process.wait_ready()
    assert process.embed("x")


@pytest.mark.parametrize("form", ["--port {}", "--port={}", "-p {}", "-p{}"])
def test_forms_of_the_port_option(launcher, tiny, form):
    port = embd_process.free_port()
    process = launcher.run(
        "--model-id", tiny, "--hostname", "127.0.0.1", *form.format(port).split(" "), env={"PORT": "1"}
    )  # the command line wins
    process.port = port
    process.wait_ready()


@pytest.mark.parametrize("args, expected", [(["--auto-truncate"], True), (["--auto-truncate=false"], False), (["--auto-truncate", "true"], True)])
def test_forms_of_auto_truncate(launcher, tiny, args, expected):
    process = launcher.serve(*args, model=tiny, env={"AUTO_TRUNCATE": "false" if expected else "true"})
    assert process.get("/info").json()["auto_truncate"] is expected
    assert process.post("/embed", {"inputs": "word " * 100}).status == (200 if expected else 422)
    assert process.post("/embed", {"inputs": "word " * 100, "truncate": not expected}).status == (422 if expected else 200)


def test_hostname_that_is_a_name(launcher, tiny):
    """A container runtime sets HOSTNAME to the container's id."""
    port = embd_process.free_port()
    process = launcher.run("--model-id", tiny, "--port", port, env={"HOSTNAME": "3f2a9c0d1b7e"})
    process.port = port
    process.wait_ready()
    assert "Invalid hostname, defaulting to 0.0.0.0" in process.out()
    Connection(port).close()


def test_empty_token_is_a_token(launcher, tiny):
    assert launcher.serve(model=tiny, env={"HF_TOKEN": ""}).embed("x")


def test_default_prompt(launcher, tiny):
    plain = launcher.serve(model=tiny)
    process = launcher.serve("--default-prompt", "query: ", model=tiny)
    assert process.embed("x") == plain.embed("query: x")
    assert process.post("/embed", {"inputs": ""}).status == 400


def test_default_prompt_name_that_is_not_there(launcher, tiny):
    process = launcher.launch("--default-prompt-name", "query", model=tiny)
    assert process.wait_exit() == 1
    assert "query" in process.err() and len(process.err().strip().splitlines()) == 1


def test_splade_on_an_encoder_is_refused(launcher, tiny):
    process = launcher.launch("--pooling", "splade", model=tiny)
    assert process.wait_exit() == 1
    assert "splade" in process.err().lower() and len(process.err().strip().splitlines()) == 1


def test_inputs_longer_than_a_batch(launcher, tiny):
    """The files allow 64 tokens, the flag 32: cut with a warning, or refused where nothing may be cut."""
    process = launcher.serve("--max-batch-tokens", 32, model=tiny)
    assert process.get("/info").json()["max_input_length"] == 32
    assert "WARN" in process.out()
    assert process.post("/embed", {"inputs": "word " * 100}).header("x-compute-tokens") == "32"
    refused = launcher.launch("--max-batch-tokens", 32, "--auto-truncate", "false", model=tiny)
    assert refused.wait_exit() == 1
    assert "max-batch-tokens" in refused.err()


def test_small_batches_give_the_same(launcher, tiny):
    texts = [f"text number {index} " * (index + 1) for index in range(32)]
    expected = launcher.serve(model=tiny).embed(texts)
    assert launcher.serve("--max-batch-requests", 1, model=tiny).embed(texts) == expected
    assert launcher.serve("--max-batch-tokens", 64, model=tiny).embed(texts) == expected


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_number_of_threads_changes_no_bit(launcher, threads):
    texts = ["one", "word " * 300, "and a third one of some words"] * 5
    expected = launcher.serve("--threads", 1).embed(texts)
    assert launcher.serve("--threads", threads).embed(texts) == expected


def test_second_name_is_the_same_server(launcher, tiny, tmp_path):
    link = tmp_path / "text-embeddings-router"
    link.symlink_to(embd_process.BINARY)
    process = launcher.serve(model=tiny, binary=link)
    assert process.embed("x")
    assert run("--version", binary=link).stdout == run("--version").stdout


@pytest.mark.skipif("EMBD_BINARY" in os.environ, reason="installs what make built")
def test_install(tmp_path):
    make = shutil.which("make")
    subprocess.run(
        [make, "-s", "-C", embd_process.ROOT, "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"],
        check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=200,
    )  # fmt: skip
    installed = tmp_path / "usr" / "bin"
    assert sorted(path.name for path in installed.iterdir()) == ["embd", "text-embeddings-router"]
    for name in ("embd", "text-embeddings-router"):
        assert run("--version", binary=installed / name).returncode == 0


def test_log_level(launcher, tiny):
    process = launcher.serve(model=tiny, env={"LOG_LEVEL": "warn"})
    assert "INFO" not in process.out()
    assert "DEBUG" in launcher.serve(model=tiny, env={"LOG_LEVEL": "debug"}).out()
    assert "INFO" in launcher.serve(model=tiny, env={"LOG_LEVEL": "gibberish"}).out()


def test_colours(launcher, tiny):
    assert "\x1b[" not in launcher.serve(model=tiny).out()
