"""Starts the real binary, waits for its port, stops it."""

import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

from http_client import Connection

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("EMBD_BINARY", ROOT / "build/release/src/app/embd"))
# Resolved, since tests watch the files in it by path.
MODEL = pathlib.Path(os.environ.get("EMBD_MODEL", ROOT / "models/all-MiniLM-L6-v2")).resolve()
START_TIMEOUT = 60.0
STOP_TIMEOUT = 60.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def many_files():
    """Lets this process open as many files and sockets as the system permits; yields how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_refused(port):
    try:
        Connection(port, timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def clean_environment(home, extra=None):
    """What the server sees of the environment: nothing of this machine's settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1", **(extra or {})}


def shim_environment(shim, folder, trace, delay):
    """For slow_disk.c: calls on files below `folder` are written to `trace` and take `delay` ms longer."""
    return {
        "LD_PRELOAD": str(shim),
        "EMBD_SHIM_FOLDER": str(pathlib.Path(folder).resolve()),
        "EMBD_SHIM_TRACE": str(trace),
        "EMBD_SHIM_DELAY": str(delay),
    }


class Embd:
    """One process of the binary; its output goes to files below `folder`."""

    def __init__(self, folder, args, env=None, binary=BINARY, preexec=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.out_path = folder / "stdout"
        self.err_path = folder / "stderr"
        self.port = None
        self.may_be_killed = False  # whether an end by a signal is what the test wants
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [str(binary), *map(str, args)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=clean_environment(folder, env),
                preexec_fn=preexec,
            )

    @property
    def pid(self):
        return self.process.pid

    def out(self):
        return self.out_path.read_text(errors="replace")

    def err(self):
        return self.err_path.read_text(errors="replace")

    def output(self):
        return f"--- stdout\n{self.out()}--- stderr\n{self.err()}"

    def wait_ready(self, timeout=START_TIMEOUT):
        """Returns how many connects were refused before the first that was not."""
        refused = 0
        deadline = time.monotonic() + timeout
        while is_refused(self.port):
            refused += 1
            assert self.process.poll() is None, f"embd ended with {self.process.returncode}\n{self.output()}"
            assert time.monotonic() < deadline, f"the port is still closed\n{self.output()}"
            time.sleep(0.002)
        return refused

    def wait_exit(self, timeout=STOP_TIMEOUT):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"embd did not end within {timeout} s\n{self.output()}") from None

    def stop(self, number=signal.SIGTERM, timeout=STOP_TIMEOUT):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait_exit(timeout)

    def connect(self, **options):
        return Connection(self.port, **options)

    def get(self, path, headers=None):
        with self.connect() as connection:
            return connection.request("GET", path, headers=headers)

    def post(self, path, document, headers=None):
        with self.connect() as connection:
            return connection.post(path, document, headers)

    def embed(self, inputs, **options):
        response = self.post("/embed", {"inputs": inputs, **options})
        assert response.status == 200, response.text
        return response.json()

    def metrics(self):
        """Series with labels as printed -> value."""
        response = self.get("/metrics")
        assert response.status == 200
        series = {}
        for line in response.text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                series[name] = float(value)
        return series

    def resident_bytes(self):
        """Counted page by page: the kernel's running sum is some pages behind on each core."""
        sums = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Rss:\s+(\d+) kB", sums, re.MULTILINE)[1]) * 1024

    def planned_bytes(self):
        """The memory plan that the server exports, all parts together."""
        parts = {
            name: value for name, value in self.metrics().items() if name.startswith("embd_memory_plan_bytes")
        }
        assert parts, "no embd_memory_plan_bytes in /metrics"
        return parts

    def is_well(self):
        """Fails unless the server answers a request as it should."""
        assert self.get("/health").status == 200
        assert len(self.embed("still here")) == 1


class Launcher:
    """Starts processes and makes sure that none outlives its test."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def run(self, *args, **options):
        """Starts the binary with exactly these arguments."""
        process = Embd(self.folder / f"run-{len(self.started)}", args, **options)
        self.started.append(process)
        return process

    def launch(self, *args, model=MODEL, **options):
        """Starts a server on a free port, and does not wait for it."""
        port = free_port()
        process = self.run("--model-id", model, "--hostname", "127.0.0.1", "--port", port, *args, **options)
        process.port = port
        return process

    def serve(self, *args, **options):
        """Starts a server and waits until it is ready."""
        process = self.launch(*args, **options)
        process.wait_ready()
        return process

    def close(self):
        failures = []
        for process in self.started:
            alive = process.process.poll() is None
            if alive and process.stop() != 0:
                failures.append(f"ended with {process.process.returncode} on SIGTERM\n{process.output()}")
            elif not alive and process.process.returncode < 0 and not process.may_be_killed:
                failures.append(f"died of signal {-process.process.returncode}\n{process.output()}")
        assert not failures, "\n".join(failures)
