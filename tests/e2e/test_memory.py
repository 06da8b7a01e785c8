"""Memory is planned before it is used, refused when it does not fit, and never outgrown."""

import concurrent.futures
import re
import time

import pytest

import embd_process
from http_client import embed_request


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


def test_smaller_limits_plan_less(launcher):
    planned = sum(launcher.serve().planned_bytes().values())
    small = launcher.serve("--max-batch-tokens", 512, "--max-concurrent-requests", 16)
    assert sum(small.planned_bytes().values()) < planned


@pytest.mark.load
def test_resident_size_stays_within_the_plan_under_load(launcher, report):
    """Twenty seconds of the largest requests from many clients, some of which fail or go away."""
    process = launcher.serve()
    planned = sum(process.planned_bytes().values())
    after_start = process.resident_bytes()
    end = time.monotonic() + 20
    peak = after_start
    requests = [
        embed_request(["word " * 300] * 32),
        embed_request(["🦊 文 é " * 20_000]),
        embed_request([f"{index} " * index for index in range(1, 32)]),
        embed_request("x" * 1_900_000),
        embed_request(["word " * 2000] * 32, truncate=False),
        embed_request(["x"] * 33),
    ]

    def client(index):
        count = 0
        while time.monotonic() < end:
            with process.connect() as connection:
                for step in range(4):
                    connection.send(requests[(index + step) % len(requests)])
                    if index % 8 == 7 and step == 3:
                        break  # goes away without waiting
                    assert connection.read_response().status in (200, 413, 422, 429)
                    count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        clients = [pool.submit(client, index) for index in range(48)]
        while time.monotonic() < end:
            peak = max(peak, process.resident_bytes())
            time.sleep(0.05)
        answered = sum(task.result() for task in clients)
    report(
        f"memory: plan {planned / 2**20:.0f} MiB, after start {after_start / 2**20:.0f}, "
        f"peak in 20 s of load {peak / 2**20:.0f}, at the end {process.resident_bytes() / 2**20:.0f} ({answered} requests)"
    )
    assert peak <= planned * 1.1
    process.is_well()


@pytest.mark.load
def test_resident_size_is_near_the_plan_after_start(launcher, report):
    """The plan is no mere upper bound: what it says is what is used."""
    process = launcher.serve()
    planned = sum(process.planned_bytes().values())
    resident = process.resident_bytes()
    report(f"memory after start: {resident / planned:.0%} of the plan")
    assert planned * 0.9 <= resident <= planned * 1.1
