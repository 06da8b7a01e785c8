"""Every route of this server: statuses, bodies and headers, right and wrong requests alike."""

import json
import re

import pytest

from http_client import encode_request

TEXT = "text/plain; charset=utf-8"
EMPTY = "Input validation error: `inputs` cannot be empty"
LONG = "word " * 2000  # 2002 tokens with [CLS] and [SEP]


# ---------------------------------------------------------------- what answers

@pytest.mark.parametrize("path", ["/health", "/ping", "/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health(server, method, path):
    with server.connect() as connection:
        response = connection.request(method, path)
        assert (response.status, response.body) == (200, b"")
        assert response.header("content-length") == "0"
        assert response.header("content-type") is None


def test_health_ignores_the_query(server):
    assert server.get("/health?probe=1").status == 200


def test_info(server):
    response = server.get("/info")
    assert response.status == 200
    assert response.header("content-type") == "application/json"
    info = response.json()
    assert list(info) == [
        "model_id", "model_sha", "model_dtype", "served_model_name", "model_type", "max_concurrent_requests",
        "max_input_length", "max_batch_tokens", "max_batch_requests", "max_client_batch_size", "auto_truncate",
        "tokenization_workers", "version", "sha", "docker_label",
    ]  # fmt: skip
    assert info["model_id"].endswith("all-MiniLM-L6-v2")
    assert info["served_model_name"] == info["model_id"]
    assert info["tokenization_workers"] >= 1
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", info["version"])
    expected = {
        "model_sha": None, "model_dtype": "float32", "model_type": {"embedding": {"pooling": "mean"}},
        "max_concurrent_requests": 512, "max_input_length": 256, "max_batch_tokens": 16384,
        "max_batch_requests": None, "max_client_batch_size": 32, "auto_truncate": True,
    }  # fmt: skip
    assert {key: info[key] for key in expected} == expected
    assert b" " not in response.body.replace(b"text embeddings", b"")


def test_info_by_head(server):
    with server.connect() as connection:
        head = connection.request("HEAD", "/info")
        get = connection.request("GET", "/info")
    assert (head.status, head.header("content-length")) == (200, get.header("content-length"))


@pytest.mark.parametrize("path", ["/embed", "/"])
@pytest.mark.parametrize(
    "inputs, rows",
    [
        ("one text", 1),
        (["one text"], 1),
        (["a", "b", "c"], 3),
        ([101, 7592, 102], 1),
        ([[101, 7592, 102], [101, 2088, 102]], 2),
        (["a", [101, 2088, 102]], 2),
        (" ", 1),
        ("\u0000", 1),
        (["x"] * 32, 32),
    ],
)
def test_embed_answers_a_list_of_rows(server, path, inputs, rows):
    response = server.post(path, {"inputs": inputs})
    assert response.status == 200, response.text
    assert response.header("content-type") == "application/json"
    assert [len(row) for row in response.json()] == [384] * rows


@pytest.mark.parametrize("path", ["/embed", "/"])
def test_embed_tells_what_it_cost(server, path):
    inputs = ["héllo wörld", "a"]
    response = server.post(path, {"inputs": inputs})
    assert response.header("x-compute-type") == "gpu+optimized"
    assert response.header("x-compute-characters") == str(len("".join(inputs)))
    assert response.header("x-compute-tokens") == str(4 + 3)
    for name in ("x-compute-time", "x-total-time", "x-tokenization-time", "x-queue-time", "x-inference-time"):
        assert re.fullmatch(r"\d+", response.header(name) or ""), name


def test_costs_count_characters_before_and_tokens_after_truncation(server):
    response = server.post("/embed", {"inputs": LONG, "truncate": True})
    assert response.header("x-compute-characters") == "10000"
    assert response.header("x-compute-tokens") == "256"


@pytest.mark.parametrize(
    "options",
    [
        {"truncate": None},
        {"truncate": True},
        {"truncation_direction": "left"},
        {"truncation_direction": "Left"},
        {"truncation_direction": "right"},
        {"truncation_direction": "Right"},
        {"prompt_name": None},
        {"normalize": True},
        {"dimensions": None},
        {"dimensions": 384},
        {"parameters": {}, "options": {"wait_for_model": True, "use_cache": [1, {"a": None}]}, "model": "x", "user": 7},
    ],
    ids=str,
)
def test_options_that_change_nothing(server, options):
    assert server.embed("same", **options) == server.embed("same")


def test_unknown_fields_may_be_deep(server):
    deep = b'{"inputs":"same","x":' + b"[" * 200 + b"]" * 200 + b"}"
    with server.connect() as connection:
        response = connection.request("POST", "/embed", deep)
    assert response.status == 200, response.text
    assert response.json() == server.embed("same")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"],
)
def test_content_types_of_json(server, content_type):
    response = server.post("/embed", {"inputs": "x"}, {"content-type": content_type})
    assert response.status == 200, response.text


def test_bytes_after_the_document_are_ignored(server):
    with server.connect() as connection:
        response = connection.request("POST", "/embed", b'{"inputs":"same"} trailing')
    assert response.status == 200, response.text


# ---------------------------------------------------------------- what is refused before it is understood

@pytest.mark.parametrize("path", ["/embed", "/"])
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_content_type_that_is_not_json(server, path, content_type):
    response = server.post(path, {"inputs": "x"}, {"content-type": content_type})
    assert response.status == 415
    assert response.header("content-type") == TEXT
    assert response.text == "Expected request with `Content-Type: application/json`"


NOT_JSON = [
    b"", b"{", b'{"inputs":', b'{"inputs":"x"', b"nonsense", b'{"inputs":"x",}', b"{'inputs':'x'}",
    b'{"inputs":"\xff"}', b'{"inputs":"\xc3"}', b'{"inputs":"\xed\xa0\x80"}', b'{"inputs":"a\nb"}', b'{"inputs":"\\ud800"}',
    b'\xef\xbb\xbf{"inputs":"x"}', b'{"inputs":"\\x"}', b'{"inputs":01}', b'{"inputs":[1,]}', b'{"inputs":NaN}',
    b'{"inputs":"x","truncation_direction":null}',
]  # fmt: skip


@pytest.mark.parametrize("path", ["/embed", "/"])
@pytest.mark.parametrize("body", NOT_JSON, ids=repr)
def test_body_that_is_not_json(server, path, body):
    with server.connect() as connection:
        response = connection.request("POST", path, body)
        assert response.status == 400, response.text
        assert response.header("content-type") == TEXT
        assert response.text.startswith("Failed to parse the request body as JSON: ")
        # The connection goes on.
        assert connection.post(path, {"inputs": "x"}).status == 200


WRONG_SHAPE = [
    "{}", '"x"', "null", "7",
    '{"inputs":null}', '{"inputs":true}', '{"inputs":{}}', '{"inputs":1}', '{"inputs":-1}',
    '{"inputs":[-1]}', '{"inputs":[1.5]}', '{"inputs":[4294967296]}', '{"inputs":[null]}', '{"inputs":[["x"]]}',
    '{"inputs":[[[1]]]}', '{"inputs":["x",1]}', '{"inputs":[1,"x"]}',
    '{"inputs":"x","truncate":"yes"}', '{"inputs":"x","truncate":1}', '{"inputs":"x","normalize":null}',
    '{"inputs":"x","normalize":"true"}', '{"inputs":"x","prompt_name":1}',
    '{"inputs":"x","dimensions":-1}', '{"inputs":"x","dimensions":1.5}', '{"inputs":"x","dimensions":"3"}',
    '{"inputs":"x","inputs":"y"}', '{"inputs":"x","truncate":true,"truncate":true}', '{"Inputs":"x"}',
]  # fmt: skip


@pytest.mark.parametrize("path", ["/embed", "/"])
@pytest.mark.parametrize("body", WRONG_SHAPE)
def test_json_of_the_wrong_shape(server, path, body):
    with server.connect() as connection:
        response = connection.request("POST", path, body.encode())
        assert response.status == 422, response.text
        assert response.header("content-type") == TEXT
        assert response.text.startswith("Failed to deserialize the JSON body into the target type: ")
        assert connection.post(path, {"inputs": "x"}).status == 200


def test_unknown_truncation_direction_is_told_the_known_ones(server):
    response = server.post("/embed", {"inputs": "x", "truncation_direction": "up"})
    assert response.status == 422
    for name in ("`Left`", "`left`", "`Right`", "`right`"):
        assert name in response.text


@pytest.mark.parametrize("path", ["/embed", "/"])
def test_body_over_the_payload_limit(server, path):
    body = json.dumps({"inputs": "x" * 2_000_000}).encode()
    with server.connect() as connection:
        response = connection.request("POST", path, body)
    assert response.status == 413
    assert response.header("content-type") == TEXT
    assert response.text == "Failed to buffer the request body: length limit exceeded"
    server.is_well()


def test_content_type_is_looked_at_before_the_size(server):
    body = b"x" * 2_100_000
    with server.connect() as connection:
        assert connection.request("POST", "/embed", body, {"content-type": "text/plain"}).status == 415


def test_body_of_exactly_the_payload_limit(launcher, tiny):
    process = launcher.serve("--payload-limit", 1000, model=tiny)
    body = json.dumps({"inputs": "x"}).encode()
    for size, status in ((1000, 200), (1001, 413)):
        with process.connect() as connection:
            assert connection.request("POST", "/embed", body.ljust(size)).status == status, size


# ---------------------------------------------------------------- what is refused afterwards

REFUSED = [
    ("empty text", {"inputs": ""}, 400, EMPTY, "Empty"),
    ("empty list", {"inputs": []}, 400, EMPTY, "Empty"),
    ("list of an empty text", {"inputs": [""]}, 400, EMPTY, "Empty"),
    ("list of no ids", {"inputs": [[]]}, 400, EMPTY, "Empty"),
    ("one empty among others", {"inputs": ["a", ""]}, 400, EMPTY, "Empty"),
    ("33 inputs", {"inputs": ["x"] * 33}, 422, "batch size 33 > maximum allowed batch size 32", "Validation"),
    (
        "too long",
        {"inputs": LONG, "truncate": False},
        422,
        "Input validation error: `inputs` must have less than 256 tokens. Given: 2002",
        "Validation",
    ),
    (
        "one token too long",
        {"inputs": "word " * 255, "truncate": False},
        422,
        "Input validation error: `inputs` must have less than 256 tokens. Given: 257",
        "Validation",
    ),
    (
        "too many characters",
        {"inputs": "é" * 64_001, "truncate": False},
        422,
        "Input validation error: `inputs` must have less than 64000 characters. Given: 64001",
        "Validation",
    ),
    (
        "no dimensions",
        {"inputs": "x", "dimensions": 0},
        422,
        "Input validation error: `dimensions` should be positive",
        "Validation",
    ),
    (
        "too many dimensions",
        {"inputs": "x", "dimensions": 385},
        422,
        "Input validation error: `dimensions` should be smaller than the maximum embedding dimension.",
        "Validation",
    ),
    (
        "a prompt where there are none",
        {"inputs": "x", "prompt_name": "query"},
        422,
        "Input validation error: `default-prompt-name` is set to `query` but no prompts were found in the "
        "Sentence Transformers configuration",
        "Validation",
    ),
]


@pytest.mark.parametrize("path", ["/embed", "/"])
@pytest.mark.parametrize("request_, status, message, kind", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_requests(server, path, request_, status, message, kind):
    with server.connect() as connection:
        response = connection.post(path, request_)
        assert response.status == status, response.text
        assert response.header("content-type") == "application/json"
        assert response.json() == {"error": message, "error_type": kind}
        assert list(response.json()) == ["error", "error_type"]
        assert [name for name, _ in response.headers if name.startswith("x-")] == ["x-request-id"]
        assert connection.post(path, {"inputs": "x"}).status == 200


def test_exactly_the_longest_input_is_taken(server):
    response = server.post("/embed", {"inputs": "word " * 254, "truncate": False})
    assert (response.status, response.header("x-compute-tokens")) == (200, "256")


def test_ids_outside_the_vocabulary_do_no_harm(server):
    response = server.post("/embed", {"inputs": [999_999]})
    assert response.status in (400, 422), response.text
    assert response.json()["error_type"] in ("Empty", "Validation")
    server.is_well()


def test_unknown_prompt_lists_the_known_ones(launcher, tiny_copy):
    prompts = {"query": "query: ", "passage": "passage: "}
    (tiny_copy / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    process = launcher.serve(model=tiny_copy)
    assert process.embed("x", prompt_name="query") == process.embed("query: x")
    error = process.post("/embed", {"inputs": "x", "prompt_name": "nothing"})
    assert error.status == 422
    message = error.json()["error"]
    assert message.startswith(
        "Input validation error: `default-prompt-name` is set to `nothing` but it was not found in the "
        "Sentence Transformers prompts. Available prompts: ["
    )
    assert "query" in message and "passage" in message


def test_more_inputs_than_permits_are_turned_away(launcher, tiny):
    process = launcher.serve("--max-concurrent-requests", 2, model=tiny)
    response = process.post("/embed", {"inputs": ["a", "b", "c"]})
    assert response.status == 429
    assert response.json() == {"error": "Model is overloaded", "error_type": "Overloaded"}
    assert process.post("/embed", {"inputs": ["a", "b"]}).status == 200
    assert process.get("/health").status == 200


# ---------------------------------------------------------------- routes and methods

@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/nothing", "/embed/", "/health/", "//embed", "/EMBED"])
def test_unknown_path(server, method, path):
    with server.connect() as connection:
        response = connection.request(method, path)
        assert (response.status, response.body) == (404, b"")
        assert connection.request("GET", "/health").status == 200


@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("GET", "/embed", {"POST"}),
        ("PUT", "/embed", {"POST"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("POST", "/ping", {"GET", "HEAD"}),
        ("POST", "/info", {"GET", "HEAD"}),
        ("DELETE", "/metrics", {"GET", "HEAD"}),
        ("DELETE", "/", {"GET", "HEAD", "POST"}),
    ],
)
def test_wrong_method(server, method, path, allowed):
    with server.connect() as connection:
        response = connection.request(method, path)
        assert (response.status, response.body) == (405, b"")
        assert {name.strip() for name in response.header("allow").split(",")} == allowed
        assert connection.request("GET", "/health").status == 200


# ---------------------------------------------------------------- keys and origins

def test_api_key(launcher, tiny):
    process = launcher.serve("--api-key", "s3cret", model=tiny)
    for path in ("/health", "/ping", "/", "/metrics"):
        assert process.get(path).status == 200, path
    assert process.get("/info").status == 401
    for value in (None, "Bearer wrong", "bearer s3cret", "s3cret", "Bearer s3cret ", "Bearer s3cretX", "Bearer"):
        headers = {} if value is None else {"authorization": value}
        response = process.post("/embed", {"inputs": "x"}, headers)
        # Space around a header's value belongs to no value.
        expected = 200 if value == "Bearer s3cret " else 401
        assert response.status == expected, value
        if expected == 401:
            assert response.body == b""
    key = {"authorization": "Bearer s3cret"}
    assert process.post("/embed", {"inputs": "x"}, key).status == 200
    assert process.post("/", {"inputs": "x"}, key).status == 200
    assert process.get("/info", key).status == 200
    # The key is asked for before anything else of a protected path, and not for unknown ones.
    with process.connect() as connection:
        assert connection.request("POST", "/embed", b"{", {"content-type": "text/plain"}).status == 401
        assert connection.request("GET", "/nothing").status == 404
        refused = connection.request("GET", "/embed")
        assert refused.status == 401 and refused.header("allow") == "POST"
    assert "s3cret" not in process.output()


VARY = "origin, access-control-request-method, access-control-request-headers"


def test_any_origin(server):
    for response in (server.get("/health"), server.post("/embed", {"inputs": ""}), server.get("/nothing")):
        assert response.header("vary") == VARY
        assert response.header("access-control-allow-origin") == "*"


def test_listed_origins(launcher, tiny):
    origins = ["https://a.example", "https://b.example"]
    arguments = [part for origin in origins for part in ("--cors-allow-origin", origin)]
    process = launcher.serve(*arguments, model=tiny)
    for origin in origins:
        response = process.get("/health", {"origin": origin})
        assert response.header("access-control-allow-origin") == origin
        assert response.header("vary") == VARY
    other = process.get("/health", {"origin": "https://c.example"})
    assert (other.status, other.header("access-control-allow-origin")) == (200, None)


@pytest.mark.parametrize("path", ["/embed", "/health", "/nothing"])
def test_preflight(server, path):
    headers = {"origin": "https://a.example", "access-control-request-method": "POST"}
    with server.connect() as connection:
        response = connection.request("OPTIONS", path, headers=headers)
    assert (response.status, response.body) == (200, b"")
    assert response.header("access-control-allow-methods") == "GET,POST"
    assert response.header("access-control-allow-headers") == "content-type"


# ---------------------------------------------------------------- metrics

SERIES = re.compile(r'([a-zA-Z_:][\w:]*)(\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})? (\S+)')


def test_metrics_are_well_formed(server):
    server.embed(["a", "b"])
    response = server.get("/metrics")
    assert response.status == 200
    assert response.header("content-type") == TEXT
    types = {}
    for line in response.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} is declared twice"
            types[name] = kind
        elif line and not line.startswith("#"):
            match = SERIES.fullmatch(line)
            assert match, line
            float(match[3])
            base = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert match[1] in types or types.get(base) == "histogram", line
    expected = {"te_request_count": "counter", "te_embed_count": "counter", "te_queue_size": "gauge"}
    expected |= {f"te_{scope}_{stage}duration": "histogram" for scope in ("request", "embed")
                 for stage in ("", "tokenization_", "queue_", "inference_")}  # fmt: skip
    expected |= {name: "histogram" for name in ("te_request_input_length", "te_batch_next_size", "te_batch_next_tokens")}
    assert {name: types.get(name) for name in expected} == expected


def test_metrics_buckets(server):
    server.embed("a")
    series = server.metrics()
    edges = [name for name in series if name.startswith("te_request_duration_bucket")]
    assert len(edges) == 36 and 'te_request_duration_bucket{le="+Inf"}' in series
    assert 'te_request_duration_bucket{le="0.000015000000000000002"}' in series
    counts = [series[name] for name in edges]
    assert counts == sorted(counts), "buckets are cumulative"
    assert series["te_request_duration_count"] == counts[-1]
    lengths = [name for name in series if name.startswith("te_request_input_length_bucket")]
    assert [re.search('le="(.*)"', name)[1] for name in lengths] == [*(str(2**i) for i in range(9)), "+Inf"]
    for histogram, largest in (("te_batch_next_size", 4096), ("te_batch_next_tokens", 1_048_576)):
        edges = [re.search('le="(.*)"', name)[1] for name in series if name.startswith(f"{histogram}_bucket")]
        assert edges == [*(str(2**i) for i in range(largest.bit_length())), "+Inf"], histogram


def test_metrics_buckets_of_durations(server):
    scopes = [f"te_{scope}_{stage}duration" for scope in ("request", "embed", "predict")
              for stage in ("", "tokenization_", "queue_", "inference_")]  # fmt: skip
    series = server.metrics()
    for histogram in scopes:
        edges = [re.search('le="(.*)"', name)[1] for name in series if name.startswith(f"{histogram}_bucket")]
        assert [float(edge) for edge in edges[:-1]] == pytest.approx([1e-5 * 1.5**i for i in range(1, 36)], rel=1e-12)
        assert edges[-1] == "+Inf"


COUNTED = [
    # request -> by how much each series rises
    ({"inputs": "a"}, {'te_request_count{method="single"}': 1, 'te_request_success{method="single"}': 1,
                       "te_embed_count": 1, "te_embed_success": 1}),
    ({"inputs": ["a"] * 5}, {'te_request_count{method="batch"}': 1, 'te_request_success{method="batch"}': 1,
                             "te_embed_count": 5, "te_embed_success": 5}),
    ({"inputs": ""}, {'te_request_failure{err="tokenization"}': 1, 'te_request_count{method="single"}': 1}),
    ({"inputs": LONG, "truncate": False}, {'te_request_failure{err="tokenization"}': 1}),
    ({"inputs": ["x"] * 33}, {'te_request_failure{err="batch_size"}': 1}),
    ({"inputs": "x", "dimensions": 0}, {'te_request_failure{err="validation"}': 1}),
]  # fmt: skip


@pytest.mark.parametrize("request_, rises", COUNTED, ids=[str(row[0])[:40] for row in COUNTED])
def test_requests_are_counted(launcher, tiny, request_, rises):
    process = launcher.serve(model=tiny)
    if request_.get("truncate") is False:
        request_ = {**request_, "inputs": "word " * 100}
    before = process.metrics()
    process.post("/embed", request_)
    after = process.metrics()
    assert {name: after.get(name, 0) - before.get(name, 0) for name in rises} == rises
    failed = sum(after[name] - before.get(name, 0) for name in after if name.startswith("te_request_failure"))
    assert failed == (1 if any("failure" in name for name in rises) else 0)


def test_bodies_that_are_not_understood_are_not_counted(launcher, tiny):
    process = launcher.serve(model=tiny)
    before = process.metrics()
    with process.connect() as connection:
        connection.send(encode_request("POST", "/embed", b"{") + encode_request("POST", "/embed", b"{}"))
        assert [connection.read_response().status for _ in range(2)] == [400, 422]
    after = process.metrics()
    moved = {name for name in after if after[name] != before.get(name, 0)}
    assert not {name for name in moved if name.startswith(("te_request", "te_embed"))}


# ---------------------------------------------------------------- names of requests

def test_every_answer_names_its_request(server):
    seen = set()
    with server.connect() as connection:
        for method, path in [("GET", "/health"), ("GET", "/nowhere"), ("DELETE", "/embed"), ("POST", "/embed")]:
            name = connection.request(method, path, b"{}").header("x-request-id")
            assert re.fullmatch(r"[0-9a-f]{32}", name), (method, path)
            seen.add(name)
    assert len(seen) == 4


def test_a_client_may_name_its_request(server):
    response = server.post("/embed", {"inputs": "x"}, {"X-Request-Id": "job-7/part:3"})
    assert response.header("x-request-id") == "job-7/part:3"
    assert 'request_id="job-7/part:3"' in server.output() or "request_id=job-7/part:3" in server.output()


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, "\u00e9".encode().decode("latin-1")])
def test_names_that_cannot_be_handed_on_are_replaced(server, name):
    response = server.post("/embed", {"inputs": "x"}, {"x-request-id": name})
    assert response.status == 200
    assert re.fullmatch(r"[0-9a-f]{32}", response.header("x-request-id"))
