"""Fixtures: the shared server, servers of one test, model folders."""

import json
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

import embd_process
import tiny_model

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden" / "minilm"
TEST_TIMEOUT = 240  # seconds; a hang fails one test, not the run


def pytest_sessionstart(session):
    for path, hint in ((embd_process.BINARY, "make build"), (embd_process.MODEL / "model.safetensors", "make default-model")):
        if not path.is_file():
            pytest.exit(f"{path} is missing: run `{hint}`", returncode=2)


@pytest.fixture(autouse=True)
def time_limit():
    def expire(*_):
        raise TimeoutError(f"the test ran longer than {TEST_TIMEOUT} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(TEST_TIMEOUT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def launcher(tmp_path):
    launcher = embd_process.Launcher(tmp_path / "embd")
    yield launcher
    launcher.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server with default options for all tests that only ask it something."""
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("shared"))
    yield launcher.serve()
    launcher.close()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A folder with a tiny BERT: starts in no time. Not to be written to: see `tiny_copy`."""
    folder = tmp_path_factory.mktemp("tiny") / "model"
    tiny_model.write(folder, embd_process.MODEL / "tokenizer.json")
    return folder


@pytest.fixture
def tiny_copy(tmp_path):
    folder = tmp_path / "model"
    tiny_model.write(folder, embd_process.MODEL / "tokenizer.json")
    return folder


@pytest.fixture(scope="session")
def tiny_heads(tmp_path_factory):
    """Folders with tiny models: "classifier" of three labels, "reranker", and "splade" for --pooling splade."""
    folder = tmp_path_factory.mktemp("heads")
    tokenizer = embd_process.MODEL / "tokenizer.json"
    tiny_model.write_classifier(folder / "classifier", tokenizer)
    tiny_model.write_reranker(folder / "reranker", tokenizer)
    tiny_model.write_splade(folder / "splade", tokenizer)
    return folder


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """A library to preload that traces and slows down what the server does with its files."""
    library = tmp_path_factory.mktemp("shim") / "slow_disk.so"
    command = ["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(library), str(HERE / "slow_disk.c"), "-ldl"]
    subprocess.run(command, check=True, stderr=sys.stderr)
    return library


class Golden:
    def __init__(self):
        self.document = json.loads((GOLDEN / "texts.json").read_text())
        self.texts = [case["text"] for case in self.document["cases"]]
        self.names = [case["name"] for case in self.document["cases"]]
        self.embeddings = np.load(GOLDEN / "embeddings.npy", allow_pickle=False)


@pytest.fixture(scope="session")
def golden():
    return Golden()


REPORT = []


@pytest.fixture
def report():
    """Collects measurements that are told, not judged; they stand at the end of the run."""
    return REPORT.append


@pytest.fixture(scope="session")
def report_at_end():
    """The same for fixtures that live longer than a test."""
    return REPORT.append


def pytest_terminal_summary(terminalreporter):
    if REPORT:
        terminalreporter.section("measurements")
        for line in REPORT:
            terminalreporter.write_line(line)
