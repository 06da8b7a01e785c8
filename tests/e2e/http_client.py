"""A small HTTP/1.1 client on a bare socket: tests see and send exactly the bytes that they mean."""

import dataclasses
import json
import socket

TIMEOUT = 60.0  # of one send or receive: a hang fails the test instead of the run


@dataclasses.dataclass
class Response:
    status: int
    headers: list  # of (lower-case name, value), in order
    body: bytes
    interim: list  # statuses of 1xx responses before this one

    def header(self, name):
        """The value of a header that stands there at most once, or nothing."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{name} stands there {len(values)} times"
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)


class Closed(Exception):
    """The server closed the connection before a whole response had come."""

    def __init__(self, received):
        super().__init__(f"closed after {len(received)} bytes of a response")
        self.received = received


class Connection:
    """One connection to 127.0.0.1. `receive_buffer` shrinks the window, for clients that read slowly."""

    def __init__(self, port, timeout=TIMEOUT, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, path, body=None, headers=None):
        self.send(encode_request(method, path, body, headers))
        return self.read_response(head=method == "HEAD")

    def post(self, path, document, headers=None):
        return self.request("POST", path, json.dumps(document).encode(), headers)

    def read_response(self, head=False):
        interim = []
        while True:
            status, headers = self._read_head()
            if status >= 200:
                break
            interim.append(status)
        length = dict(headers).get("content-length")
        body = b"" if head or status in (204, 304) else self._read_body(length)
        return Response(status, headers, body, interim)

    def at_end(self):
        """Whether the server has closed its side and sent nothing more."""
        if self.buffer:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError as error:
            raise Closed(self.buffer) from error
        if not data:
            raise Closed(self.buffer)
        self.buffer += data

    def _read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        headers = []
        for line in lines:
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        return int(status), headers

    def _read_body(self, length):
        if length is None:  # delimited by the end of the connection
            try:
                while True:
                    self._fill()
            except Closed:
                body, self.buffer = self.buffer, b""
                return body
        while len(self.buffer) < int(length):
            self._fill()
        body, self.buffer = self.buffer[: int(length)], self.buffer[int(length) :]
        return body


def encode_request(method, path, body=None, headers=None):
    """A request as bytes. With a body, content-type defaults to JSON and content-length to its length;
    a header given as None is left out."""
    fields = {"host": "localhost"}
    if body is not None:
        fields["content-type"] = "application/json"
        fields["content-length"] = str(len(body))
    fields.update(headers or {})
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def embed_request(inputs, headers=None, **options):
    """POST /embed as bytes."""
    return encode_request("POST", "/embed", json.dumps({"inputs": inputs, **options}).encode(), headers)
