"""--listen-uds: the same routes over a Unix-domain socket, whose file is there exactly while somebody answers."""

import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

import embd_process


@pytest.fixture
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("s") / "embd.sock"


def curl(path, *args):
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "--unix-socket", str(path), *args]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def embed(path, text):
    body = json.dumps({"inputs": text})
    return json.loads(curl(path, "--json", body, "http://embd/embed"))


def wait_for_file(process, path):
    deadline = time.monotonic() + embd_process.START_TIMEOUT
    while not path.exists():
        assert process.process.poll() is None, process.output()
        assert time.monotonic() < deadline, process.output()
        time.sleep(0.002)


def serve_only_file(launcher, tiny, path, *args):
    process = launcher.run("--model-id", tiny, "--listen-uds", path, "--no-tcp", *args)
    wait_for_file(process, path)
    return process


def test_serves_the_same_beside_the_port(launcher, tiny, path):
    process = launcher.serve("--listen-uds", path, model=tiny)
    assert embed(path, "some text") == process.embed("some text")
    assert curl(path, "http://embd/info") == process.get("/info").text
    assert f"127.0.0.1:{process.port}, unix:{path}" in process.out()


def test_the_file_appears_when_requests_are_answered(launcher, tiny, path):
    """The first connect that finds the file is answered, with no wait in between."""
    process = serve_only_file(launcher, tiny, path)
    assert len(embed(path, "first")) == 1
    assert "Ready" in process.out() or process.process.poll() is None
    listening = subprocess.run(["ls", "-l", f"/proc/{process.pid}/fd"], capture_output=True, text=True, check=True).stdout
    assert listening  # the process is there
    tcp = open(f"/proc/{process.pid}/net/tcp").read()
    inodes = {line.split()[9] for line in tcp.splitlines()[1:] if line.split()[3] == "0A"}
    assert not any(f"socket:[{inode}]" in listening for inode in inodes), "a port is open"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_file_goes_with_the_server(launcher, tiny, path, number):
    process = serve_only_file(launcher, tiny, path)
    assert process.stop(number) == 0
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_the_moment_the_file_appears(launcher, tiny, path, shim, tmp_path, number):
    """From the moment when a client can be there, a signal no longer means to end at once. The delay is one between
    the file's appearance and whatever the server does next."""
    slow = embd_process.shim_environment(shim, path.parent, tmp_path / "trace", 300)
    process = launcher.run("--model-id", tiny, "--listen-uds", path, "--no-tcp", env=slow)
    wait_for_file(process, path)
    assert process.stop(number) == 0
    assert not path.exists()
    assert "starting graceful shutdown" in process.out()


@pytest.mark.parametrize("mode", ["0600", "0660", "0666"])
def test_mode(launcher, tiny, path, mode):
    serve_only_file(launcher, tiny, path, "--uds-mode", mode)
    assert stat.S_IMODE(path.stat().st_mode) == int(mode, 8)


def test_replaces_what_a_killed_server_left(launcher, tiny, path):
    process = serve_only_file(launcher, tiny, path)
    process.may_be_killed = True
    process.process.kill()
    process.wait_exit()
    assert path.is_socket()
    inode = path.stat().st_ino
    process = launcher.run("--model-id", tiny, "--listen-uds", path, "--no-tcp")
    deadline = time.monotonic() + 60
    while path.stat().st_ino == inode:  # there at every moment
        assert time.monotonic() < deadline, process.output()
    assert len(embed(path, "again")) == 1


def test_leaves_a_living_servers_file_alone(launcher, tiny, path):
    serve_only_file(launcher, tiny, path)
    second = launcher.run("--model-id", tiny, "--listen-uds", path, "--no-tcp")
    assert second.wait_exit() == 1
    assert "a server that answers there" in second.err()
    assert len(embed(path, "the first")) == 1


def test_leaves_other_files_alone(launcher, tiny, path):
    path.write_text("precious")
    process = launcher.run("--model-id", tiny, "--listen-uds", path, "--no-tcp")
    assert process.wait_exit() == 1
    assert "a file that is no socket" in process.err()
    assert path.read_text() == "precious"


def test_does_not_remove_its_successors_file(launcher, tiny, path):
    process = serve_only_file(launcher, tiny, path)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        assert process.stop() == 0
        assert path.is_socket()


@pytest.mark.parametrize("bad", ["/nowhere/embd.sock", "/tmp/" + "x" * 120])
def test_says_why_not(launcher, tiny, bad):
    process = launcher.run("--model-id", tiny, "--listen-uds", bad, "--no-tcp")
    assert process.wait_exit() == 1
    assert "expected a place for a socket file" in process.err()
    assert not os.path.exists(bad)
