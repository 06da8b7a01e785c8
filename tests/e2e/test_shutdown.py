"""SIGTERM and SIGINT after Ready: no further connection, every accepted request answered, status 0."""

import collections
import re
import signal
import threading
import time

import pytest

import embd_process
from http_client import Closed, embed_request


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_idle_server_ends(launcher, tiny, number):
    process = launcher.serve(model=tiny)
    assert process.stop(number, timeout=20) == 0
    assert embd_process.is_refused(process.port)
    assert "signal received, starting graceful shutdown" in process.out()


def test_idle_connections_do_not_hold_it_up(launcher, tiny):
    process = launcher.serve(model=tiny)
    connections = [process.connect() for _ in range(50)]
    for connection in connections[::2]:  # half have been used, half never
        assert connection.post("/embed", {"inputs": "x"}).status == 200
    assert process.stop(timeout=20) == 0
    assert all(connection.at_end() for connection in connections)


def wait_for_count(process, name, count):
    deadline = time.monotonic() + 60
    while process.metrics().get(name, 0) < count:
        assert time.monotonic() < deadline, f"{name} does not reach {count}"
        time.sleep(0.005)


def test_requests_inside_the_server_are_all_answered(launcher):
    """64 requests, seconds of work, all inside when the signal comes."""
    process = launcher.serve("--max-concurrent-requests", 4096)
    expected = process.embed("word " * 100)
    connections = [process.connect() for _ in range(64)]
    for connection in connections:
        connection.send(embed_request(["word " * 100] * 2))
    wait_for_count(process, 'te_request_count{method="batch"}', 64)
    process.process.send_signal(signal.SIGTERM)
    answers = [connection.read_response() for connection in connections]
    assert [answer.status for answer in answers] == [200] * 64
    assert all(answer.json() == expected * 2 for answer in answers)
    assert all(connection.at_end() for connection in connections)
    assert process.wait_exit() == 0
    assert embd_process.is_refused(process.port)


class Client(threading.Thread):
    """Sends requests until the server will not have any more; counts what becomes of them."""

    def __init__(self, process, keep_alive, signalled):
        super().__init__(daemon=True)
        self.process = process
        self.keep_alive = keep_alive
        self.signalled = signalled
        self.outcomes = collections.Counter()
        self.stop_at = time.monotonic() + 120

    def run(self):
        connection = None
        while time.monotonic() < self.stop_at:
            if connection is None:
                try:
                    connection = self.process.connect()
                except OSError:
                    self.outcomes["refused"] += 1
                    return
            try:
                connection.send(embed_request(["some text of a few words"] * 2))
            except OSError:
                sent_in_time = False
            else:
                sent_in_time = not self.signalled.is_set()
            try:
                status = connection.read_response().status
                self.outcomes["answered" if status == 200 else f"status {status}"] += 1
            except Closed as closed:
                if closed.received:
                    self.outcomes["cut short"] += 1
                else:
                    self.outcomes["lost" if sent_in_time else "too late"] += 1
                connection.close()
                connection = None
                continue
            if not self.keep_alive:
                connection.close()
                connection = None
        self.outcomes["did not end"] += 1


@pytest.mark.load
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_no_accepted_request_is_lost_under_load(launcher, number):
    """A request that was wholly sent before the signal is answered; one sent later may find the door shut, but no
    answer is cut short."""
    process = launcher.serve()
    signalled = threading.Event()
    clients = [Client(process, keep_alive=index % 2 == 0, signalled=signalled) for index in range(32)]
    for client in clients:
        client.start()
    deadline = time.monotonic() + 60
    while sum(client.outcomes["answered"] for client in clients) < 200:
        assert time.monotonic() < deadline, "the clients get no answers"
        time.sleep(0.05)
    # From here on a request counts as late, which can only err by the microseconds between these lines.
    signalled.set()
    process.process.send_signal(number)
    for client in clients:
        client.join(120)
    outcomes = sum((client.outcomes for client in clients), collections.Counter())
    assert process.wait_exit() == 0
    assert set(outcomes) <= {"answered", "refused", "too late"}, outcomes


def test_half_sent_request_does_not_hold_it_up_for_ever(launcher, tiny):
    process = launcher.serve(model=tiny)
    with process.connect() as connection:
        connection.send(embed_request("half")[:-3])
        time.sleep(0.1)
        assert process.stop(timeout=90) == 0


def test_second_signal_ends_at_once(launcher):
    process = launcher.serve("--max-concurrent-requests", 4096)
    connections = [process.connect() for _ in range(60)]
    for connection in connections:
        connection.send(embed_request(["word " * 300] * 32))
    wait_for_count(process, 'te_request_count{method="batch"}', 60)
    process.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert process.process.poll() is None, "60 heavy requests were done in 0.2 s?"
    process.process.send_signal(signal.SIGTERM)
    process.may_be_killed = True
    process.wait_exit(timeout=20)
    assert not re.search("terminate called|Aborted|Sanitizer", process.output())
