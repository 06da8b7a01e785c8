"""A small HTTP/2 client on a bare socket: `h2` makes and reads the frames, tests decide which and when."""

import json
import socket

import h2.config
import h2.connection
import h2.events

TIMEOUT = 60.0


class Answer:
    def __init__(self):
        self.headers, self.interim, self.body = None, [], b""
        self.ended, self.reset = False, None

    @property
    def status(self):
        return int(dict(self.headers)[":status"]) if self.headers else None

    def json(self):
        return json.loads(self.body)


class Http2Connection:
    def __init__(self, port, preface=True, wrap=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(("127.0.0.1", port))
        if wrap:
            self.socket = wrap(self.socket)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8", validate_inbound_headers=False))
        self.answers = {}
        self.goodbye = None  # the last GOAWAY
        self.consume = True  # open windows as data comes
        if preface:
            self.h2.initiate_connection()
            self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def start(self, method, path, headers=(), body=None, end=True):
        """Sends a request, as far as the windows allow without waiting, and returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "localhost"), *headers]
        self.h2.send_headers(stream, fields, end_stream=body is None and end)
        self.answers[stream] = Answer()
        self.flush()
        if body is not None:
            self.send_body(stream, body, end)
        return stream

    def send_body(self, stream, body, end=True):
        while body:
            size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(body))
            if size == 0:
                assert self.read(), "the server closed"
                if self.answers[stream].reset is not None or self.answers[stream].ended:
                    return
                continue
            self.h2.send_data(stream, body[:size])
            body = body[size:]
            self.flush()
        if end:
            self.h2.end_stream(stream)
            self.flush()

    def post(self, path, document, headers=(), end=True):
        body = json.dumps(document).encode()
        return self.start("POST", path, [("content-type", "application/json"), *headers], body, end)

    def embed(self, inputs, **options):
        return self.post("/embed", {"inputs": inputs, **options})

    def read(self):
        """Handles what comes next. False at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        if not data:
            return False
        for event in self.h2.receive_data(data):
            self._handle(event)
        try:
            self.flush()
        except OSError:
            pass
        return True

    def _handle(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.InformationalResponseReceived):
            answer.interim.append(int(dict(event.headers)[":status"]))
        elif isinstance(event, h2.events.ResponseReceived):
            answer.headers = event.headers
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            if self.consume and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            answer.ended = True
        elif isinstance(event, h2.events.StreamReset):
            if answer is not None:
                answer.reset = event.error_code
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goodbye = event

    def wait(self, *streams):
        """Reads until these have been answered or reset."""
        answers = [self.answers[stream] for stream in streams]
        while not all(answer.ended or answer.reset is not None for answer in answers):
            assert self.read(), "the server closed"
        return answers[0] if len(answers) == 1 else answers

    def read_to_end(self):
        while self.read():
            pass
