"""HTTP/2 without TLS, by prior knowledge, on the port of HTTP/1.1: the same routes, many requests on one connection."""

import asyncio
import json
import random
import signal
import struct
import subprocess
import time

import hpack
import httpx
import pytest

from h2_client import Http2Connection

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 7, 8, 11


@pytest.fixture
def connection(server):
    with Http2Connection(server.port) as connection:
        yield connection


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


SETTINGS = frame(4)


def raw(server, data):
    """A connection that has sent these bytes after the preface."""
    connection = Http2Connection(server.port, preface=False)
    connection.socket.sendall(PREFACE + SETTINGS + data)
    return connection


def until_closed(connection):
    """All that the server still says; fails if it does not close."""
    data = b""
    try:
        while part := connection.socket.recv(65536):
            data += part
    except (ConnectionResetError, BrokenPipeError):
        pass
    return data


def error_of_goodbye(data):
    """The code in the last GOAWAY of these frames."""
    code = None
    while len(data) >= 9:
        size = int.from_bytes(data[:3], "big")
        if data[3] == 7:
            code = int.from_bytes(data[13:17], "big")
        data = data[9 + size :]
    return code


# ---------------------------------------------------------------- the same answers

def test_curl(server):
    command = ["curl", "--silent", "--show-error", "--http2-prior-knowledge", "--max-time", "30"]
    url = f"http://127.0.0.1:{server.port}"
    version = ["--write-out", "\n%{http_version} %{http_code}"]
    out = subprocess.run([*command, *version, "--json", '{"inputs":"some text"}', url + "/embed"], capture_output=True, check=True, text=True).stdout
    body, _, status = out.rpartition("\n")
    assert status == "2 200"
    assert json.loads(body) == server.embed("some text")


def comparable(headers):
    skipped = {"date", "x-request-id", "connection", ":status"}
    return sorted((name, value) for name, value in headers if name not in skipped and not name.endswith("-time"))


@pytest.mark.parametrize(
    "method,path,headers,body",
    [
        ("GET", "/health", {}, None),
        ("GET", "/info", {}, None),
        ("HEAD", "/info", {}, None),
        ("GET", "/nothing", {}, None),
        ("GET", "/embed", {}, None),
        ("OPTIONS", "/embed", {"origin": "http://a"}, None),
        ("POST", "/embed", {"content-type": "application/json"}, b'{"inputs":"x"}'),
        ("POST", "/embed", {"content-type": "application/json"}, b"{"),
        ("POST", "/embed", {"content-type": "application/json"}, b"{}"),
        ("POST", "/embed", {"content-type": "application/json"}, b""),
        ("POST", "/embed", {"content-type": "text/plain"}, b"{}"),
        ("POST", "/embed", {}, b"{}"),
        ("POST", "/health", {"content-type": "application/json"}, b"{}"),
        ("POST", "/embed?a=b", {"content-type": "application/json"}, b'{"inputs":["x","y"]}'),
        ("POST", "/v1/embeddings", {"content-type": "application/json"}, b'{"input":"x","model":"m"}'),
    ],
)
def test_answers_are_those_of_http_1(server, connection, method, path, headers, body):
    with server.connect() as one:
        expected = one.request(method, path, body, {"content-type": None, **headers} if body is not None else headers)
    answer = connection.wait(connection.start(method, path, list(headers.items()), body))
    assert answer.status == expected.status
    assert answer.body == expected.body
    assert comparable(answer.headers) == comparable(expected.headers)


def test_request_id(connection):
    answer = connection.wait(connection.start("GET", "/health", [("x-request-id", "mine")]))
    assert dict(answer.headers)["x-request-id"] == "mine"


def test_api_key(launcher, tiny):
    process = launcher.serve("--api-key", "secret", model=tiny)
    with Http2Connection(process.port) as connection:
        assert connection.wait(connection.embed("x")).status == 401
        stream = connection.post("/embed", {"inputs": "x"}, [("authorization", "Bearer secret")])
        assert connection.wait(stream).status == 200


def test_httpx_shares_one_connection(server):
    texts = [f"text number {index}" for index in range(200)]
    answers = asyncio.run(post_all(server.port, texts))
    assert all(answer.http_version == "HTTP/2" and answer.status_code == 200 for answer in answers)
    assert [answer.json()[0] for answer in answers[:32]] == server.embed(texts[:32])


async def post_all(port, texts):
    """Not from threads: httpx mixes up their frames on a connection that they share."""
    at_once = asyncio.Semaphore(32)
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(http1=False, http2=True, base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:

        async def post(text):
            async with at_once:
                return await client.post("/embed", json={"inputs": text})

        return await asyncio.gather(*[post(text) for text in texts])


# ---------------------------------------------------------------- bodies and windows

def test_large_body_and_large_answer(server, connection):
    inputs = ["word " * 10_000] * 32  # 1.6 MB in, 390 kB out
    answer = connection.wait(connection.embed(inputs))
    assert answer.status == 200
    assert answer.json() == server.embed(inputs)


def test_body_in_one_byte_frames(server, connection):
    body = json.dumps({"inputs": "piece by piece"}).encode()
    stream = connection.start("POST", "/embed", [("content-type", "application/json")], end=False)
    for index in range(len(body)):
        connection.send_body(stream, body[index : index + 1], end=index == len(body) - 1)
    assert connection.wait(stream).json() == server.embed("piece by piece")


@pytest.mark.parametrize("told", [True, False])
def test_body_over_the_limit(connection, told):
    body = b" " * 2_000_001
    headers = [("content-type", "application/json")] + ([("content-length", str(len(body)))] if told else [])
    answer = connection.wait(connection.start("POST", "/embed", headers, body))
    assert answer.status == 413
    assert answer.body == b"Failed to buffer the request body: length limit exceeded"
    assert connection.wait(connection.start("GET", "/health")).status == 200


def test_expect_continue(connection):
    headers = [("content-type", "application/json"), ("expect", "100-continue")]
    stream = connection.start("POST", "/embed", headers, end=False)
    while not connection.answers[stream].interim:
        assert connection.read()
    assert connection.answers[stream].interim == [100]
    connection.send_body(stream, b'{"inputs":"x"}')
    assert connection.wait(stream).status == 200


def test_a_stalled_answer_does_not_hold_up_others(connection):
    """No window is opened for the large answers; small ones pass them."""
    connection.consume = False
    connection.h2.update_settings({4: 0})  # SETTINGS_INITIAL_WINDOW_SIZE
    connection.flush()
    assert connection.wait(connection.start("GET", "/health")).status == 200  # the settings have arrived
    large = [connection.embed(["x"] * 32) for _ in range(4)]
    for _ in range(20):
        assert connection.wait(connection.start("GET", "/health")).status == 200
    assert not any(connection.answers[stream].ended for stream in large)
    connection.consume = True
    connection.h2.update_settings({4: 1 << 20})
    connection.h2.increment_flow_control_window(1 << 20)
    connection.flush()
    assert [len(answer.json()) for answer in connection.wait(*large)] == [32] * 4


# ---------------------------------------------------------------- many, and given up

def test_many_streams_in_any_order(server, connection):
    inputs = [["a few words"] * (1 + index % 7) for index in range(100)]
    expected = server.embed("a few words")[0]
    streams = [connection.embed(texts) for texts in inputs]
    random.Random(1).shuffle(streams)
    connection.wait(*streams)
    for stream, texts in zip(sorted(streams), inputs, strict=True):
        assert connection.answers[stream].json() == [expected] * len(texts)


def test_number_of_streams_is_bounded(server):
    """A client that ignores the limit has the streams beyond it refused, and no request is lost."""
    with Http2Connection(server.port) as connection:
        streams = []
        connection.h2.remote_settings[3] = 10_000  # what the client believes
        for _ in range(200):
            streams.append(connection.start("POST", "/embed", [("content-type", "application/json")], end=False))
            connection.h2.remote_settings[3] = 10_000
        while not any(connection.answers[stream].reset == REFUSED_STREAM for stream in streams):
            if not connection.read():
                break
        refused = [stream for stream in streams if connection.answers[stream].reset is not None]
        assert refused or connection.goodbye is not None
    server.is_well()


def metric(server, prefix):
    return sum(value for name, value in server.metrics().items() if name.startswith(prefix))


def queue_drains(process, before):
    """Waits until the queue is empty and returns how many inputs have been computed since."""
    deadline = time.monotonic() + 60
    while metric(process, "te_queue_size") > 0:
        assert time.monotonic() < deadline, "work that nobody waits for is still queued"
        time.sleep(0.05)
    return metric(process, "te_batch_next_size_sum") - before


def test_reset_streams_are_not_computed(launcher):
    process = launcher.serve("--max-concurrent-requests", "8192")
    before = metric(process, "te_batch_next_size_sum")
    with Http2Connection(process.port) as connection:
        for index in range(40):
            connection.h2.reset_stream(connection.embed([("word " * 200) + str(index)] * 32), CANCEL)
        connection.flush()
        assert connection.wait(connection.embed("short")).status == 200
        assert queue_drains(process, before) < 40 * 32
    process.is_well()


def test_closing_the_connection_cancels(launcher):
    process = launcher.serve("--max-concurrent-requests", "8192")
    before = metric(process, "te_batch_next_size_sum")
    connection = Http2Connection(process.port)
    for index in range(40):
        connection.embed([("word " * 200) + str(index)] * 32)
    connection.close()
    assert queue_drains(process, before) < 40 * 32
    process.is_well()


# ---------------------------------------------------------------- the end

def test_shutdown_answers_what_was_sent(launcher):
    process = launcher.serve("--max-concurrent-requests", "8192")
    with Http2Connection(process.port) as connection:
        streams = [connection.embed(["word " * 200] * 16) for _ in range(20)]
        deadline = time.monotonic() + 60
        while process.metrics().get('te_request_count{method="batch"}', 0) < 20:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.process.send_signal(signal.SIGTERM)
        answers = connection.wait(*streams)
        assert [answer.status for answer in answers] == [200] * 20
        connection.read_to_end()
        assert connection.goodbye is not None and connection.goodbye.error_code == 0
    assert process.wait_exit() == 0


def test_shutdown_with_an_idle_connection(launcher, tiny):
    process = launcher.serve(model=tiny)
    with Http2Connection(process.port) as connection:
        assert connection.wait(connection.start("GET", "/health")).status == 200
        process.process.send_signal(signal.SIGTERM)
        connection.read_to_end()
        assert connection.goodbye is not None
    assert process.wait_exit(timeout=30) == 0


# ---------------------------------------------------------------- what should not be

@pytest.mark.parametrize(
    "data",
    [
        frame(0, 0, 0, b"data on stream 0"),
        frame(0, 0, 1, b"data on an idle stream"),
        frame(1, 4, 2, b"\x82"),  # an even stream
        frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff"),  # no HPACK
        frame(1, 0, 1, b"\x82") + frame(6, 0, 0, bytes(8)),  # a PING between HEADERS and CONTINUATION
        frame(4, 0, 0, b"\0\4\xff\xff\xff\xff"),  # a window of 2^32 - 1
        frame(4, 0, 0, b"x"),
        frame(6, 0, 0, b"short"),
        frame(8, 0, 0, bytes(4)),  # a window update of 0
        frame(9, 4, 1, b"\x82"),  # a CONTINUATION of nothing
        b"\xff\xff\xff" + bytes(6),  # a frame of 16 MB
        frame(5, 4, 1, bytes(4)),  # a client that pushes
    ],
)
def test_broken_frames_end_the_connection(server, data):
    with raw(server, data) as connection:
        assert error_of_goodbye(until_closed(connection)) not in (None, 0)
    server.is_well()


def test_half_a_preface(server):
    with Http2Connection(server.port, preface=False) as connection:
        connection.socket.sendall(PREFACE[:18] + b"XX\r\n\r\n")
        assert until_closed(connection).startswith(b"HTTP/1.1 400 ")


BAD_REQUESTS = [
    [(":method", "GET"), (":path", "/health")],  # no scheme
    [(":method", "GET"), (":scheme", "http"), (":path", "")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), ("connection", "close")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), ("transfer-encoding", "chunked")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), ("Upper", "case")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), ("a", "b\r\nc: d")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), ("a", "b\0c")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), ("content-length", "1"), ("content-length", "2")],
    [(":method", "GET"), ("a", "b"), (":scheme", "http"), (":path", "/health")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), (":path", "/info")],
]


@pytest.mark.parametrize("fields", BAD_REQUESTS)
def test_malformed_requests_are_reset(server, fields):
    with raw(server, frame(1, 5, 1, hpack.Encoder().encode(fields))) as connection:
        data = b""
        while not {3, 7} & set(kinds(data)):  # RST_STREAM or GOAWAY
            part = connection.socket.recv(65536)
            assert part
            data += part
        assert 1 not in kinds(data), "it was answered"
    server.is_well()


def kinds(data):
    """The types of the whole frames, HEADERS etc."""
    found = []
    while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
        found.append(data[3])
        data = data[9 + int.from_bytes(data[:3], "big") :]
    return found


def test_headers_over_the_limit(connection):
    many = [(f"h{index}", "v") for index in range(101)]
    assert connection.wait(connection.start("GET", "/health", many)).status == 431
    assert connection.wait(connection.start("GET", "/health", many[:90])).status == 200
    assert connection.wait(connection.start("GET", "/health", [("a", "x" * 60_000)])).status == 200


@pytest.mark.parametrize(
    "flood",
    [
        lambda n: frame(6, 0, 0, bytes(8)) * n,  # PING
        lambda n: frame(4) * n,  # SETTINGS
        lambda n: b"".join(frame(1, 5, 2 * i + 1, b"\x82\x86\x84\x41\x01a") + frame(3, 0, 2 * i + 1, bytes(3) + b"\x08") for i in range(n)),
        lambda n: frame(1, 1, 1, b"\x82") + frame(9, 0, 1, b"\0\1a\1b") * n,  # CONTINUATION
        lambda n: frame(4, 0, 0, b"\0\4\0\0\xff\xff" * 2000) * (n // 100),  # entries of SETTINGS
    ],
    ids=["ping", "settings", "rapid-reset", "continuation", "settings-entries"],
)
def test_floods_end_the_connection(server, flood):
    """Sent without reading, as a flood is. The server closes, whether or not the kernels took it all before."""
    before = server.resident_bytes()
    with Http2Connection(server.port, preface=False, receive_buffer=4096) as connection:
        try:
            connection.socket.sendall(PREFACE + SETTINGS)
            for _ in range(20):
                connection.socket.sendall(flood(20_000))
        except OSError:
            pass
        until_closed(connection)
    server.is_well()
    assert server.resident_bytes() - before < 8 << 20
