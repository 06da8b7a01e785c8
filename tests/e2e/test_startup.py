"""Nothing listens until everything is ready, and signals work from the beginning."""

import json
import os
import re
import signal
import time

import pytest

import embd_process


def trace_lines(path):
    return path.read_text().splitlines() if path.exists() else []


def wait_for_trace(process, trace, word, timeout=30):
    deadline = time.monotonic() + timeout
    while not any(line.startswith(word) for line in trace_lines(trace)):
        assert process.process.poll() is None, process.output()
        assert time.monotonic() < deadline, f"no '{word}' in the trace\n{process.output()}"
        time.sleep(0.001)


def check_order(process, trace):
    """The port was bound and opened after the last look at the model's files."""
    lines = trace_lines(trace)
    listens = [index for index, line in enumerate(lines) if line.startswith("listen")]
    files = [index for index, line in enumerate(lines) if line.startswith(("open", "map"))]
    binds = [index for index, line in enumerate(lines) if line.startswith("bind")]
    assert len(listens) == 1, lines
    touched = "\n".join(lines)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        assert name in touched, f"{name} was opened in a way that the shim does not see:\n{touched}"
    assert max(files) < min(binds + listens), lines


def test_port_is_closed_until_the_first_request_can_be_answered(launcher, report):
    """Ten starts: the first connect that is not refused is answered, at once and for good."""
    times = []
    for _ in range(10):
        started = time.monotonic()
        process = launcher.launch()
        refused = process.wait_ready()
        times.append(time.monotonic() - started)
        assert refused > 0
        response = process.post("/embed", {"inputs": "first"})
        assert response.status == 200
        assert process.get("/health").status == 200
        assert process.stop() == 0
        assert re.search(r"\bReady\b", process.out()), process.output()
    times.sort()
    report(f"process start to open port, ten starts: median {times[5] * 1000:.0f} ms, worst {times[-1] * 1000:.0f} ms")


def test_order_of_start_up(launcher, shim, tmp_path):
    trace = tmp_path / "trace"
    process = launcher.serve(env=embd_process.shim_environment(shim, embd_process.MODEL, trace, 0))
    check_order(process, trace)


def test_port_stays_closed_while_a_slow_disk_delivers(launcher, shim, tmp_path):
    """Every open and map of a model file takes 0.3 s longer, as on a cold network disk."""
    trace = tmp_path / "trace"
    process = launcher.launch(env=embd_process.shim_environment(shim, embd_process.MODEL, trace, 300))
    wait_for_trace(process, trace, "open")
    refused = process.wait_ready()
    # Both waits end by the server's doing: a port that opened early would have been seen at once.
    assert refused > 50
    assert process.post("/embed", {"inputs": "first"}).status == 200
    check_order(process, trace)


def test_log_up_to_ready(launcher):
    process = launcher.serve()
    process.embed("x")
    assert process.stop() == 0
    lines = process.out().splitlines()
    ready = [index for index, line in enumerate(lines) if re.search(r"\bReady\b", line)]
    assert len(ready) == 1, process.out()
    # Tools that watch the log take any line with "error" for a failure, in whatever case.
    assert not [line for line in lines[: ready[0] + 1] if "error" in line.lower()]
    assert process.err() == ""
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\s+(TRACE|DEBUG|INFO|WARN|ERROR) ", line), line
    assert "signal received, starting graceful shutdown" in process.out()


def test_json_log(launcher, tiny):
    process = launcher.serve("--json-output", model=tiny)
    process.embed("x")
    assert process.stop() == 0
    lines = [json.loads(line) for line in process.out().splitlines()]
    assert any(line["message"] == "Ready" for line in lines)
    for line in lines:
        assert list(line)[:3] == ["timestamp", "level", "message"], line
        assert "target" in line


def test_start_up_phases_are_exported(server):
    phases = {name: value for name, value in server.metrics().items() if name.startswith("embd_startup")}
    assert len(phases) >= 4, phases
    assert all(0 <= value < 60 for value in phases.values())


# ---------------------------------------------------------------- signals before Ready

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_signal_while_loading(launcher, shim, tmp_path, number, report):
    """The first file of the model takes a minute: only a handled signal ends the process sooner."""
    trace = tmp_path / "trace"
    process = launcher.launch(env=embd_process.shim_environment(shim, embd_process.MODEL, trace, 60_000))
    wait_for_trace(process, trace, "open")
    sent = time.monotonic()
    assert process.stop(number, timeout=20) == 0
    report(f"{number.name} while loading: ended after {(time.monotonic() - sent) * 1000:.0f} ms")
    assert not re.search(r"\bReady\b", process.out())


def test_signal_that_is_there_before_main(launcher):
    """Blocked and pending from before exec, as a supervisor may leave it: it still ends the process."""

    def block_and_raise():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        os.kill(os.getpid(), signal.SIGTERM)

    process = launcher.launch(preexec=block_and_raise)
    assert process.wait_exit(timeout=20) == 0


def test_ignored_signals_are_still_obeyed(launcher, tiny):
    """As in a shell's background job, which leaves SIGINT ignored, and as process 1, which ignores all."""

    def ignore():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    process = launcher.serve(model=tiny, preexec=ignore)
    assert process.stop(signal.SIGTERM, timeout=20) == 0


@pytest.mark.parametrize("milliseconds", [5, 15, 30, 45, 60, 80, 100, 150])
def test_signal_at_any_moment_of_start_up(launcher, milliseconds):
    process = launcher.launch()
    time.sleep(milliseconds / 1000)
    code = process.stop(signal.SIGTERM, timeout=20)
    if code == -signal.SIGTERM:
        # Nothing can be done about a signal that comes before main() runs: no line was written yet.
        assert process.out() == "", process.output()
        process.may_be_killed = True
    else:
        assert code == 0, process.output()


def test_port_in_use(launcher, tiny):
    first = launcher.serve(model=tiny)
    second = launcher.run("--model-id", tiny, "--hostname", "127.0.0.1", "--port", first.port)
    assert second.wait_exit() == 1
    assert str(first.port) in second.err()
    assert len(second.err().strip().splitlines()) == 1
    first.is_well()
