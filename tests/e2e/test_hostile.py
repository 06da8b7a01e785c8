"""Traffic that means no good: each is answered or closed in bounded time and memory, and others are served meanwhile."""

import contextlib
import json
import socket
import threading
import time

import pytest

import embd_process
from http_client import Closed, encode_request

SLACK = 12 << 20  # of resident memory, for what a test itself makes the allocator keep


@pytest.fixture(scope="module")
def victim(tmp_path_factory, tiny):
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("victim"))
    yield launcher.serve("--max-concurrent-requests", "16384", model=tiny)
    launcher.close()


class Bystander(threading.Thread):
    """Another client: every answer of it must be right."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.answers, self.failure = process, 0, None
        self.seconds = []  # that each answer took
        self.stopped = threading.Event()

    def run(self):
        try:
            with self.process.connect() as connection:
                while not self.stopped.is_set():
                    begin = time.monotonic()
                    assert connection.post("/embed", {"inputs": "a bystander"}).status == 200
                    self.seconds.append(time.monotonic() - begin)
                    assert connection.request("GET", "/health").status == 200
                    self.answers += 1
                    time.sleep(0.001)
        except Exception as failure:  # told by the main thread
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        deadline = time.monotonic() + 60
        seen = self.answers
        while self.answers <= seen + 1 and self.failure is None and time.monotonic() < deadline:
            time.sleep(0.001)  # one that began after all that was sent
        self.stopped.set()
        self.join(60)
        if kind is None:
            assert self.failure is None, repr(self.failure)
            assert self.answers > seen


@pytest.fixture(scope="module")
def latencies(report_at_end):
    """What bystanders waited for their answers, by test. Told, not judged: the machine may be busy."""
    found = {}
    yield found
    every = sorted(second for seconds in found.values() for second in seconds)
    worst = max(found, key=lambda name: max(found[name]))
    report_at_end(
        f"a client beside hostile ones, {len(every)} answers: median {every[len(every) // 2] * 1e3:.1f} ms, "
        f"p99 {every[len(every) * 99 // 100] * 1e3:.1f} ms, worst {every[-1] * 1e3:.1f} ms (in {worst})"
    )


@pytest.fixture(autouse=True)
def others_are_served_and_memory_holds(victim, request, latencies):
    planned = sum(victim.planned_bytes().values())
    with Bystander(victim) as bystander:
        yield
    latencies[request.node.name] = bystander.seconds
    assert victim.resident_bytes() < planned + SLACK
    deadline = time.monotonic() + 60
    while victim.metrics()["te_queue_size"] > 0:  # of clients that have gone
        assert time.monotonic() < deadline
        time.sleep(0.01)
    victim.is_well()


def answers_of(process, data):
    """Statuses of everything that the server answers to these bytes until it closes; the client closes its half."""
    with process.connect() as connection:
        try:
            connection.send(data)
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        statuses = []
        try:
            while True:
                statuses.append(connection.read_response().status)
        except Closed:
            return statuses


NEXT = encode_request("GET", "/health")
POST = b"POST /embed HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"


@pytest.mark.parametrize(
    "data",
    [
        POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        POST + b"content-length: 2, 3\r\n\r\n{}",
        POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"content-length : 2\r\n\r\n{}",
        POST + b" content-length: 2\r\n\r\n{}",
        POST + b"content-length:\r\n 2\r\n\r\n{}",
        POST + b"content-length: +2\r\n\r\n{}",
        POST + b"content-length: -1\r\n\r\n{}",
        POST + b"content-length: 0x2\r\n\r\n{}",
        POST + b"content-length: 99999999999999999999\r\n\r\n{}",
        POST + b"x: a\nb: c\r\n\r\n",
        POST + b"x: a\rb: c\r\n\r\n",
        POST + b"x: a\0b\r\n\r\n",
        POST + b": empty\r\n\r\n",
        POST + b"no colon\r\n\r\n",
        b"POST /embed HTTP/1.1\n\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET  /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1 \r\n\r\n",
        b"GET /health HTTP/2.0\r\n\r\n",
        b"GET /health\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ],
)
def test_smuggling_shapes(victim, data):
    """Refused, and what follows is not taken for a request."""
    assert answers_of(victim, data + NEXT) == [400]


@pytest.mark.parametrize(
    "body",
    [
        b"fffffffff\r\n",  # more digits than a size may have
        b"ffffffffffffffff2\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\r\n0\r\n\r\n",
        b"2\r\n{}0\r\n\r\n",
        b"2\r\n{}XX0\r\n\r\n",
        b"2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nbad\ntrailer: x\r\n\r\n",
        b"\r\n",
    ],
)
def test_broken_chunks(victim, body):
    statuses = answers_of(victim, POST + b"transfer-encoding: chunked\r\n\r\n" + body + NEXT)
    assert statuses in ([400], [])


def test_oversized_heads(victim):
    assert answers_of(victim, b"GET /" + b"a" * 200_000) == [431]
    assert answers_of(victim, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 101 + b"\r\n") == [431]
    assert answers_of(victim, b"GET / HTTP/1.1\r\na: " + b"b" * 200_000 + b"\r\n\r\n") == [431]


@pytest.mark.parametrize("value", ["a\tb", "x" * 129, "é", "a b", "\x7f", "a,b\x01"])
def test_request_ids_that_are_not_echoed(victim, value):
    with victim.connect() as connection:
        response = connection.request("GET", "/health", headers={"x-request-id": value})
    echoed = response.header("x-request-id")
    assert response.status == 400 or (echoed != value and len(echoed) == 32)


JSON_BODIES = {
    "deep arrays": (b"[" * 500_000, 422),
    "deep inputs": (b'{"inputs":' + b"[" * 500_000, 422),
    "deep unknown field": (b'{"x":' + b"[" * 1_000_000, 400),
    "deep objects": (b'{"x":' + b'{"a":' * 200_000, 400),
    "duplicate keys": (b'{"inputs":"a","inputs":"b"}', 422),
    "lone surrogate": (b'{"inputs":"\\ud800"}', 400),
    "swapped surrogates": (b'{"inputs":"\\udc00\\ud800"}', 400),
    "raw surrogate": (b'{"inputs":"\xed\xa0\x80"}', 400),
    "overlong": (b'{"inputs":"\xc0\xaf"}', 400),
    "raw NUL": (b'{"inputs":"\0"}', 400),
    "byte order mark": (b'\xef\xbb\xbf{"inputs":"a"}', 400),
    "huge number": (b'{"inputs":[' + b"9" * 100_000 + b"]}", 422),
    "huge exponent": (b'{"inputs":"a","dimensions":1e999999999}', None),
    "no end": (b'{"inputs":"' + b"a" * 1_000_000, 400),
    "many keys": (b"{" + b",".join(b'"k%d":0' % i for i in range(100_000)) + b"}", 422),
    "nothing": (b"", 400),
}


@pytest.mark.parametrize("name", JSON_BODIES)
def test_json(victim, name):
    body, status = JSON_BODIES[name]
    with victim.connect() as connection:
        response = connection.request("POST", "/embed", body)
    assert 400 <= response.status < 500
    assert status is None or response.status in (400, 422)


def test_escaped_nul_is_text(victim):
    assert len(victim.embed("a\0b")) == 1


def test_two_gigabytes_announced(victim):
    """Refused at once, and nothing of it is kept."""
    head = POST + b"content-length: 2147483648\r\n\r\n"
    with victim.connect() as connection:
        connection.send(head + b"x" * 100_000)
        assert connection.read_response().status == 413
        assert connection.at_end()


def test_slow_heads_and_bodies(victim):
    """A hundred clients that send a byte now and then; the rest of the world does not notice."""
    slow = [victim.connect() for _ in range(100)]
    request = encode_request("POST", "/embed", json.dumps({"inputs": "x" * 500}).encode())
    for place in range(60):
        for index, connection in enumerate(slow):
            at = place if index % 2 else len(request) - 100 + place
            data = request[:at] if place == 0 else request[at - 1 : at]
            connection.send(data)
    for connection in slow:
        connection.close()


def test_clients_that_do_not_read(victim):
    """Answers of 100 kB that nobody takes."""
    stuck = [victim.connect(receive_buffer=2048) for _ in range(50)]
    request = encode_request("POST", "/embed", json.dumps({"inputs": ["word " * 20] * 32}).encode())
    for connection in stuck:
        connection.send(request * 4)
    time.sleep(1)
    for connection in stuck:
        connection.close()


def test_half_closed_and_gone(victim):
    request = encode_request("POST", "/embed", json.dumps({"inputs": ["word " * 50] * 16}).encode())
    for index in range(100):
        connection = victim.connect()
        connection.send(request[: len(request) - index % 3])
        if index % 2:
            connection.socket.shutdown(socket.SHUT_WR)
        connection.close()


def test_ten_thousand_idle_connections(victim, report):
    """The server takes as many as it may and closes the rest; nobody waits, and memory stays in the plan."""
    before = victim.resident_bytes()
    with embd_process.many_files() as files, contextlib.ExitStack() as stack:
        count = min(10_000, files - 500)
        connections = [stack.enter_context(victim.connect()) for _ in range(count)]
        deadline = time.monotonic() + 60
        while victim.metrics()["embd_connections"] < min(count, 10_000):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for connection in connections[:: count // 50]:
            assert connection.post("/embed", {"inputs": "from the crowd"}).status == 200
        used = victim.resident_bytes() - before
        report(f"{count} idle connections: {used / count:.0f} bytes each beyond what was reserved")
        assert victim.resident_bytes() < sum(victim.planned_bytes().values()) + SLACK
