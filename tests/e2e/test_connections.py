"""HTTP/1.1 as clients really speak it: kept alive, pipelined, slow, half-closed, broken, idle, gone."""

import json
import resource
import socket
import threading
import time

import pytest

from http_client import Closed, embed_request, encode_request


def shut_down_writing(connection):
    connection.socket.shutdown(socket.SHUT_WR)


# ---------------------------------------------------------------- one connection, many requests

def test_keep_alive(server):
    with server.connect() as connection:
        for index in range(50):
            response = connection.post("/embed", {"inputs": f"text {index}"})
            assert response.status == 200
            assert (response.header("connection") or "keep-alive").lower() == "keep-alive"


def test_connection_close_is_honoured(server):
    with server.connect() as connection:
        response = connection.post("/embed", {"inputs": "x"}, {"connection": "close"})
        assert response.status == 200
        assert connection.at_end()


def test_http_1_0_closes(server):
    with server.connect() as connection:
        body = b'{"inputs":"x"}'
        connection.send(
            b"POST /embed HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        )
        assert connection.socket.recv(9) in (b"HTTP/1.0 ", b"HTTP/1.1 ")
        assert connection.socket.recv(3) == b"200"
        rest = b""
        while data := connection.socket.recv(65536):  # ends: the server closes
            rest += data
        assert rest.endswith(b"]]")


def test_pipelined_requests_are_answered_in_order(server):
    texts = [f"number {index}" for index in range(64)]
    expected = [server.embed(text) for text in texts]
    with server.connect() as connection:
        connection.send(b"".join(embed_request(text) for text in texts))
        answers = [connection.read_response() for _ in texts]
    assert [answer.json() for answer in answers] == expected


def test_pipelined_mix_of_routes_and_errors(server):
    requests = [
        (encode_request("GET", "/health"), 200),
        (embed_request("x"), 200),
        (encode_request("GET", "/nothing"), 404),
        (encode_request("POST", "/embed", b"{"), 400),
        (embed_request(""), 400),
        (encode_request("DELETE", "/embed"), 405),
        (encode_request("POST", "/embed", b"{}", {"content-type": "text/plain"}), 415),
        (embed_request(["x"] * 33), 422),
        (encode_request("GET", "/info"), 200),
        (embed_request("x"), 200),
    ]
    with server.connect() as connection:
        connection.send(b"".join(data for data, _ in requests))
        assert [connection.read_response().status for _ in requests] == [status for _, status in requests]


def test_pipelined_requests_in_odd_pieces(server):
    stream = b"".join(embed_request(f"piece {index}") for index in range(20))
    expected = [server.embed(f"piece {index}") for index in range(20)]
    with server.connect() as connection:
        for start in range(0, len(stream), 37):
            connection.send(stream[start : start + 37])
        assert [connection.read_response().json() for _ in range(20)] == expected


# ---------------------------------------------------------------- ways of sending a body

def test_body_in_one_byte_pieces(server):
    request = embed_request("what is deep learning?")
    with server.connect() as connection:
        for byte in request:
            connection.send(bytes([byte]))
        assert connection.read_response().json() == server.embed("what is deep learning?")


def chunked(body, sizes, trailer=b""):
    data = b""
    for size in sizes:
        piece, body = body[:size], body[size:]
        data += b"%x\r\n%s\r\n" % (len(piece), piece)
    if body:
        data += b"%X;name=value\r\n%s\r\n" % (len(body), body)
    return data + b"0\r\n" + trailer + b"\r\n"


CHUNKED = {"content-type": "application/json", "transfer-encoding": "chunked"}


@pytest.mark.parametrize("sizes", [[], [1] * 12, [5, 7]])
@pytest.mark.parametrize("trailer", [b"", b"x-checksum: 1\r\n"])
def test_chunked_body(server, sizes, trailer):
    body = json.dumps({"inputs": "chunks"}).encode()
    with server.connect() as connection:
        for _ in range(2):
            connection.send(encode_request("POST", "/embed", headers=CHUNKED) + chunked(body, sizes, trailer))
            assert connection.read_response().json() == server.embed("chunks")


def test_chunked_body_over_the_limit(server):
    with server.connect() as connection:
        connection.send(encode_request("POST", "/embed", headers=CHUNKED))
        try:
            for _ in range(40):
                connection.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent, which is fine
        try:
            assert connection.read_response().status == 413
        except Closed:
            pass  # the refusal was lost in the reset
    server.is_well()


@pytest.mark.parametrize("broken", [b"zz\r\nabc\r\n", b"-1\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nx"])
def test_broken_chunks(server, broken):
    with server.connect() as connection:
        connection.send(encode_request("POST", "/embed", headers=CHUNKED) + broken)
        response = connection.read_response()
        assert response.status == 400
        assert response.text == "Failed to buffer the request body: error reading a body from connection"
        assert response.header("content-type") == "text/plain; charset=utf-8"
        assert response.header("vary") == "origin, access-control-request-method, access-control-request-headers"
        assert response.header("access-control-allow-origin") == "*"
        assert connection.at_end()  # where the next request begins cannot be known
    server.is_well()


def test_expect_continue(server):
    body = json.dumps({"inputs": "x"}).encode()
    with server.connect() as connection:
        head = {"content-type": "application/json", "content-length": str(len(body)), "expect": "100-continue"}
        connection.send(encode_request("POST", "/embed", headers=head))
        time.sleep(0.05)  # a client that waits for the permission
        connection.send(body)
        response = connection.read_response()
        assert (response.status, response.interim[:1]) == (200, [100])


# ---------------------------------------------------------------- slow ones

def test_slow_headers_delay_nobody(server):
    with server.connect() as slow:
        request = embed_request("slow")
        for start in range(0, len(request), 16):
            slow.send(request[start : start + 16])
            assert server.post("/embed", {"inputs": "quick"}).status == 200
        assert slow.read_response().status == 200


def test_slow_reader_delays_nobody(server):
    """32 rows are some 130 kB, more than the buffers of a client that does not read."""
    with server.connect(receive_buffer=4096) as slow:
        for _ in range(8):
            slow.send(embed_request(["x"] * 32))
        for _ in range(20):
            assert server.post("/embed", {"inputs": "quick"}).status == 200
        expected = server.embed(["x"] * 32)
        for _ in range(8):
            assert slow.read_response().json() == expected


def test_big_answers_pipelined_to_a_reader_that_never_reads(server):
    """A client that only sends must not make the server keep its answers without bound."""
    before = server.resident_bytes()
    request = embed_request(["x" * 600] * 32)  # 40 MB in all: more than the kernel keeps
    with server.connect(timeout=0.5, receive_buffer=4096) as stubborn:
        sent = 0
        try:
            for _ in range(2000):
                stubborn.send(request)
                sent += 1
        except (TimeoutError, ConnectionError):
            pass  # the server has stopped reading
        assert server.get("/health").status == 200
    assert sent < 2000
    assert server.resident_bytes() - before < 64 << 20
    server.is_well()


# ---------------------------------------------------------------- half-closed, broken off, gone

def test_half_closed_connection_gets_its_answer(server):
    with server.connect() as connection:
        connection.send(embed_request("half"))
        shut_down_writing(connection)
        assert connection.read_response().json() == server.embed("half")
        assert connection.at_end()


def test_half_closed_after_a_long_batch_gets_its_answer(server):
    batch = ["word " * 300] * 32
    expected = server.embed(batch)
    with server.connect() as connection:
        connection.send(embed_request(batch))
        shut_down_writing(connection)
        assert connection.read_response().json() == expected


def test_half_closed_with_pipelined_requests(server):
    with server.connect() as connection:
        connection.send(embed_request("one") + embed_request("two") + embed_request("three"))
        shut_down_writing(connection)
        answers = [connection.read_response().json() for _ in range(3)]
    assert answers == [server.embed(text) for text in ("one", "two", "three")]


@pytest.mark.parametrize("cut", [1, 10, 40, 90, -1])
def test_request_that_is_broken_off(server, cut):
    request = embed_request("never finished")
    with server.connect() as connection:
        connection.send(request[:cut])
        shut_down_writing(connection)
        try:
            assert connection.read_response().status == 400
        except Closed as closed:
            assert closed.received == b""
    server.is_well()


def test_clients_that_go_away_cost_no_work(launcher):
    """Whoever closes while waiting is noticed: his inputs are dropped, the others are answered."""
    process = launcher.serve("--max-concurrent-requests", 4096)
    gone = [process.connect() for _ in range(60)]
    for connection in gone:
        connection.send(embed_request(["word " * 300] * 32))
    deadline = time.monotonic() + 60
    while process.metrics().get('te_request_count{method="batch"}', 0) < len(gone):
        assert time.monotonic() < deadline, "the requests did not arrive"
        time.sleep(0.01)
    for connection in gone:
        connection.close()
    assert process.post("/embed", {"inputs": "patient"}).status == 200
    deadline = time.monotonic() + 60
    while True:
        series = process.metrics()
        left = series["te_embed_count"] - series["te_embed_success"] - series["embd_cancelled_total"]
        if series["embd_cancelled_total"] > 0 and left == 0:
            break
        assert time.monotonic() < deadline, f"{left} inputs are neither answered nor cancelled: {series}"
        time.sleep(0.05)


def test_resets_do_no_harm(server):
    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    for cut in (0, 5, 60, None):
        for _ in range(20):
            connection = server.connect()
            connection.send(embed_request("reset")[:cut])
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()  # sends RST
    server.is_well()


@pytest.mark.parametrize(
    "data, status",
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /health\r\n\r\n", 400),
        (b"GET /health HTTP/9.9\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\n: no name\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nspace : x\r\n\r\n", 400),
        (b"POST /embed HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (b"POST /embed HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST /embed HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n", 400),
        (b"POST /embed HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", 400),
        (b"GET /health HTTP/1.1\r\n" + b"".join(b"x-%d: 1\r\n" % i for i in range(110)) + b"\r\n", 431),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_requests_that_are_not_http(server, data, status):
    with server.connect() as connection:
        connection.send(data)
        response = connection.read_response()
        assert (response.status, response.body) == (status, b"")
        assert connection.at_end()
    server.is_well()


def test_length_and_chunks_together_are_not_smuggled(server):
    """Whatever is done with such a request, what follows it is not taken for a request of its own."""
    body = b"0\r\n\r\nGET /info HTTP/1.1\r\n\r\n"
    with server.connect() as connection:
        connection.send(
            b"POST /embed HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(body), body)
        )
        assert connection.read_response().status == 400
        assert connection.at_end()


@pytest.mark.parametrize(
    "data",
    [
        b"GET /health HTTP/1.1\r\n\r\n",  # no host
        b"GET http://localhost/health HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nx-long: " + b"x" * 60_000 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + b"".join(b"x-%d: 1\r\n" % i for i in range(90)) + b"\r\n",
        b"\r\nGET /health HTTP/1.1\r\n\r\n",
    ],
    ids=lambda value: repr(value)[:60],
)
def test_unusual_requests_that_are_fine(server, data):
    with server.connect() as connection:
        connection.send(data)
        assert connection.read_response().status == 200


# ---------------------------------------------------------------- many

@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2500:
        pytest.fail(f"the limit of open files is {hard}; this test needs 2500")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_thousand_idle_connections(launcher, many_files):
    process = launcher.serve()
    planned = sum(process.planned_bytes().values())
    idle = [process.connect() for _ in range(1000)]
    try:
        assert process.post("/embed", {"inputs": "x"}).status == 200
        assert process.metrics()["embd_connections"] >= 1000
        expected = process.embed("idle")
        for connection in idle[::20]:
            assert connection.post("/embed", {"inputs": "idle"}).json() == expected
        assert process.resident_bytes() <= planned * 1.1
    finally:
        for connection in idle:
            connection.close()
    deadline = time.monotonic() + 30
    while process.metrics()["embd_connections"] > 10:
        assert time.monotonic() < deadline, "connections are not given back"
        time.sleep(0.05)


def test_one_bad_client_among_good_ones(server):
    """Eight clients send only what is refused, eight others what is fine."""
    bad = [
        encode_request("POST", "/embed", b"{"),
        embed_request(""),
        embed_request(["fine", ""]),
        embed_request("word " * 2000, truncate=False),
        embed_request([999_999]),
        embed_request("x", dimensions=9999),
    ]
    expected = server.embed("good text")
    failures = []

    def run(requests, check):
        try:
            with server.connect() as connection:
                for _ in range(30):
                    for request in requests:
                        connection.send(request)
                        check(connection.read_response())
        except Exception as error:  # noqa: BLE001 - reported below, in the test's own thread
            failures.append(repr(error))

    def refused(response):
        assert response.status in (400, 422), response

    def answered(response):
        assert response.json() == expected

    threads = [threading.Thread(target=run, args=(bad, refused)) for _ in range(8)]
    threads += [threading.Thread(target=run, args=([embed_request("good text")], answered)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
