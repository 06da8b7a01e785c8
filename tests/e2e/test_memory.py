"""Memory is planned before it is used, refused when it does not fit, and never outgrown."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import time

import pytest

import embd_process
from h2_client import Http2Connection
from http_client import embed_request, encode_request


def test_plan_is_printed_and_exported(server):
    planned = server.planned_bytes()
    assert len(planned) >= 5, planned
    assert all(value >= 0 for value in planned.values())
    out = server.out()
    before_ready = out[: out.index("Ready")]
    for part in planned:
        name = re.search(r'part="([^"]*)"', part)[1]
        assert name in before_ready, f"{name} is exported but not printed\n{before_ready}"


def test_resident_size_is_exported(server):
    exported = server.metrics()["embd_memory_resident_bytes"]
    assert abs(exported - server.resident_bytes()) < 16 << 20


def test_what_does_not_fit_is_refused_before_it_is_read(launcher, shim, tmp_path):
    trace = tmp_path / "trace"
    env = {"LD_PRELOAD": str(shim), "EMBD_SHIM_FOLDER": str(embd_process.MODEL.resolve()), "EMBD_SHIM_TRACE": str(trace)}
    process = launcher.launch("--memory-limit", "50M", env=env)
    assert process.wait_exit() == 1
    message = process.err()
    assert "--memory-limit" in message or "memory" in message
    assert "--max-batch-tokens" in message, "no flag is named that would make it fit"
    assert "Ready" not in process.out()
    assert "listen" not in (trace.read_text() if trace.exists() else "")


def test_plan_that_just_fits(launcher):
    planned = sum(launcher.serve().planned_bytes().values())
    assert launcher.serve("--memory-limit", int(planned * 1.01)).embed("x")
    process = launcher.launch("--memory-limit", int(planned * 0.9))
    assert process.wait_exit() == 1


def test_connections_end_where_memory_does(launcher, tiny):
    """Those of the plan are served whatever the limit, those beyond it only as long as there is room for them."""
    planned = sum(launcher.serve(model=tiny).planned_bytes().values())
    process = launcher.serve("--memory-limit", int(planned + 100 * 3584), model=tiny)
    with embd_process.many_files(), contextlib.ExitStack() as stack:
        connections = [stack.enter_context(process.connect()) for _ in range(1300)]
        for connection in connections[:1000:100]:
            assert connection.post("/embed", {"inputs": "one of many"}).status == 200
        for connection in connections[1200:]:
            assert connection.socket.recv(1) == b"", "closed at once"


def test_smaller_limits_plan_less(launcher):
    planned = sum(launcher.serve().planned_bytes().values())
    small = launcher.serve("--max-batch-tokens", 512, "--max-concurrent-requests", 16)
    assert sum(small.planned_bytes().values()) < planned


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_only_tables_in_use_stay_mapped(launcher, dtype):
    """What was repacked leaves none of its pages behind, nor those that came along with a neighbour's."""
    process = launcher.serve("--dtype", dtype)
    mapped = sum(v for name, v in process.planned_bytes().items() if "(mapped)" in name)
    assert (mapped > 0) == (dtype == "float32")
    maps = pathlib.Path(f"/proc/{process.pid}/smaps").read_text()
    (resident,) = re.findall(r"model\.safetensors\n(?:\w+:.*\n)*?Rss:\s+(\d+) kB", maps)
    assert mapped <= int(resident) * 1024 <= mapped + (64 << 10)


# What all-MiniLM-L6-v2 may take on two cores with default options, in MiB.
BOUNDS = {"float32": 140, "int8": 90}


PATIENCE = 180.0  # seconds: with every permit taken the last in line waits long on a busy machine


def two_cores():
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def mixed_requests():
    """The largest of each kind, some of which are refused."""
    ids = json.dumps({"inputs": [[1] * 20_000] * 32}).encode()
    return [
        embed_request(["word " * 300] * 16),
        embed_request(["🦊 文 é " * 20_000]),
        embed_request([f"{index} " * index for index in range(1, 32)]),
        embed_request("x" * 1_900_000),
        embed_request(["word " * 2000] * 32, truncate=False),
        embed_request(["x"] * 33),
        encode_request("POST", "/embed", ids),
        encode_request("POST", "/embed_all", json.dumps({"inputs": "word " * 300}).encode()),
        encode_request("POST", "/tokenize", json.dumps({"inputs": ["word " * 2000] * 8}).encode()),
        encode_request("GET", "/metrics"),
    ]


def ask(process, requests, index):
    """A few requests over one connection; returns how many were answered."""
    with process.connect(timeout=PATIENCE) as connection:
        for step in range(4):
            connection.send(requests[(index + step) % len(requests)])
            if index % 8 == 7 and step == 3:
                return 3  # goes away without waiting
            assert connection.read_response().status in (200, 413, 422, 429)
    return 4


def ask_by_http2(process, index):
    with Http2Connection(process.port) as connection:
        streams = [connection.embed(["word " * 40] * (1 + (index + n) % 4)) for n in range(20)]
        answers = connection.wait(*streams)
    assert all(answer.status in (200, 429) for answer in answers)
    return len(answers)


@pytest.mark.load
@pytest.mark.parametrize("dtype", BOUNDS)
def test_resident_size_stays_within_the_plan_under_load(launcher, report, dtype):
    """Twenty seconds of the largest requests from many clients, some of which fail or go away, some speak HTTP/2."""
    process = launcher.serve("--dtype", dtype, preexec=two_cores)
    planned = sum(process.planned_bytes().values())
    after_start = process.resident_bytes()
    end = time.monotonic() + 20
    peak = after_start
    requests = mixed_requests()

    def client(index):
        count = 0
        while time.monotonic() < end:
            count += ask_by_http2(process, index) if index % 12 == 5 else ask(process, requests, index)
        return count

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        clients = [pool.submit(client, index) for index in range(32)]
        while time.monotonic() < end:
            peak = max(peak, process.resident_bytes())
            time.sleep(0.05)
        answered = sum(task.result() for task in clients)
    report(
        f"memory, {dtype}: plan {planned / 2**20:.1f} MiB, after start {after_start / 2**20:.1f}, "
        f"peak in 20 s of load {peak / 2**20:.1f}, at the end {process.resident_bytes() / 2**20:.1f} ({answered} requests)"
    )
    assert peak <= planned * 1.02
    assert peak <= BOUNDS[dtype] << 20
    process.is_well()


@pytest.mark.load
@pytest.mark.parametrize("dtype", BOUNDS)
def test_resident_size_is_near_the_plan_after_start(launcher, report, dtype):
    """The plan is no mere upper bound: what it says is what is used."""
    process = launcher.serve("--dtype", dtype, preexec=two_cores)
    planned = sum(process.planned_bytes().values())
    resident = process.resident_bytes()
    report(f"memory after start, {dtype}: {resident / 2**20:.1f} MiB, {resident / planned:.0%} of the plan")
    assert planned * 0.9 <= resident <= planned
    assert resident <= BOUNDS[dtype] << 20
