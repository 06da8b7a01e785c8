"""EMBD_ISA and --isa: which instruction set computes, where that is told, what is refused."""

import platform
import re

import numpy as np
import pytest

FOREIGN = "avx2" if platform.machine() == "aarch64" else "neon"


def backend_in_metrics(process):
    (series,) = [name for name in process.metrics() if name.startswith("embd_build_info{")]
    return re.search(r'backend="([^"]*)"', series)[1]


def backend_in_log(process):
    (name,) = re.findall(r"Starting bert model on (\S+)", process.out())
    return name


def test_the_environment_chooses_and_log_and_metrics_tell(launcher, server, golden):
    process = launcher.serve(env={"EMBD_ISA": "portable"})
    assert backend_in_metrics(process) == backend_in_log(process) == "cpu-portable"
    texts = golden.texts[:32]
    rows, best = np.array(process.embed(texts)), np.array(server.embed(texts))
    assert np.abs(rows - best).max() <= 1e-5
    # Sums of another order differ somewhere: the name is not all that changed.
    if backend_in_metrics(server) != "cpu-portable":
        assert (rows != best).any()


def test_without_a_choice_log_and_metrics_agree(server):
    assert backend_in_metrics(server) == backend_in_log(server)


def test_the_command_line_comes_before_the_environment(launcher, tiny):
    process = launcher.serve("--isa", "portable", model=tiny, env={"EMBD_ISA": FOREIGN})
    assert backend_in_metrics(process) == "cpu-portable"


@pytest.mark.parametrize("value, hint", [("sse9", ""), ("Portable", ""), (FOREIGN, " (this machine cannot run it)")])
def test_what_cannot_run_is_refused_at_start(launcher, tiny, value, hint):
    process = launcher.launch(model=tiny, env={"EMBD_ISA": value})
    assert process.wait_exit() == 1
    (line,) = process.err().splitlines()
    assert re.fullmatch(rf"Error: --isa: expected one of the instruction sets portable(, [a-z0-9-]+)*, found {value}{re.escape(hint)}", line)
