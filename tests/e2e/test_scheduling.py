"""How the server divides its threads: the answers do not depend on it, and bulk does not hold up single texts."""

import concurrent.futures
import os
import threading

import pytest

import embd_process

WORDS = "deep learning is a river of small steps toward some far shore and the boats that sail it".split()


def text_of(words, salt=0):
    return " ".join(WORDS[(i * 7 + salt) % len(WORDS)] for i in range(words))


TEXTS = [text_of(words, salt) for salt, words in enumerate((1, 3, 6, 14, 14, 30, 60, 61, 110, 240, 400))]


def rows(answer):
    assert answer.status == 200, answer.text
    assert answer.body.startswith(b"[[") and answer.body.endswith(b"]]")
    return answer.body[2:-2].split(b"],[")


@pytest.fixture(scope="module", params=["float32", "bfloat16", "int8"])
def dtype(request):
    return request.param


@pytest.fixture(scope="module")
def one_thread(tmp_path_factory, dtype):
    """Each text's row when one thread computes it alone."""
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("one-thread"))
    server = launcher.serve("--threads", "1", "--dtype", dtype)
    with server.connect() as connection:
        found = [rows(connection.post("/embed", {"inputs": text}))[0] for text in TEXTS]
    launcher.close()
    return found


@pytest.mark.parametrize("args", [(), ("--threads", "2"), ("--threads", "3"), ("--threads", "5", "--pin-threads", "on")])
def test_the_same_digits_at_any_number_of_threads(launcher, one_thread, dtype, args):
    server = launcher.serve(*args, "--dtype", dtype)
    # One at a time, so that idle threads share each step; all together; and from many clients at once.
    with server.connect() as connection:
        for _ in range(3):
            assert [rows(connection.post("/embed", {"inputs": text}))[0] for text in TEXTS] == one_thread
        assert rows(connection.post("/embed", {"inputs": TEXTS})) == one_thread

    def client(start):
        order = [(start + i) % len(TEXTS) for i in range(2 * len(TEXTS))]
        with server.connect() as connection:
            return [(i, rows(connection.post("/embed", {"inputs": TEXTS[i]}))[0]) for i in order]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for answers in pool.map(client, range(8)):
            for i, row in answers:
                assert row == one_thread[i], TEXTS[i]


def test_a_single_text_is_answered_before_the_bulk_that_came_first(launcher):
    server = launcher.serve("--max-concurrent-requests", "1024")
    done = []
    started = threading.Barrier(9)

    def bulk(index):
        with server.connect() as connection:
            started.wait()
            answer = connection.post("/embed", {"inputs": [text_of(300, index * 32 + i) for i in range(32)]})
            assert answer.status == 200
            done.append("bulk")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(bulk, index) for index in range(8)]
        started.wait()
        with server.connect() as connection:
            for i in range(20):
                assert connection.post("/embed", {"inputs": text_of(12, i)}).status == 200
                done.append("single")
        for client in clients:
            client.result()
    # In order of arrival nearly all of the eight would come first.
    assert done[:20].count("single") >= 18


@pytest.mark.parametrize("args, pinned", [((), True), (("--pin-threads", "off"), False), (("--threads", "2"), False)])
def test_compute_threads_are_pinned_where_each_has_a_core(launcher, args, pinned):
    cpus = os.sched_getaffinity(0)
    if len(cpus) < 2:
        pytest.skip("there is one CPU")
    server = launcher.serve(*args, preexec=lambda: os.sched_setaffinity(0, {min(cpus)}))
    assert ("pinned to cores" in server.output()) == pinned


@pytest.mark.parametrize("value", ["", "yes", "true", "ON"])
def test_pinning_is_on_or_off(launcher, value):
    process = launcher.run("--model-id", "any", "--pin-threads", value)
    assert process.wait_exit() == 2
    assert "possible values: on, off" in process.err()
