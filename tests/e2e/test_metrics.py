"""The exposition as Prometheus reads it, and that every counter says what has happened."""

import concurrent.futures
import re

import embd_process
import pytest
from prometheus_client.parser import text_string_to_metric_families

FAILURES = [
    "validation", "batch_size", "model_type", "overloaded", "tokenization", "inference", "dropped", "missing_values",
]  # fmt: skip
# Base units and what is counted; TEI's own names are as they are.
OWN_NAME = re.compile(r"embd_([a-z]+_)*([a-z]+_total|seconds|bytes|ratio|info|connections|healthy)")


def families(text):
    return {family.name: family for family in text_string_to_metric_families(text)}



@pytest.fixture(scope="module")
def exposition(server):
    server.embed("one")
    server.embed(["one", "two"])
    response = server.get("/metrics")
    assert response.header("content-type").startswith("text/plain")
    return response.text


def test_each_family_stands_once_with_help_and_type_first(exposition):
    assert exposition.endswith("\n")
    seen, current = set(), None
    lines = iter(exposition.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name, _, text = line.removeprefix("# HELP ").partition(" ")
            assert text and name not in seen, line
            seen.add(name)
            kind_line = next(lines)
            assert kind_line.startswith(f"# TYPE {name} "), kind_line
            current, kind = name, kind_line.rpartition(" ")[2]
            assert kind in ("counter", "gauge", "histogram"), kind_line
            continue
        sample = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^{}]*\})? (\S+)', line)
        assert sample, line
        suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        assert sample[1] in {current + suffix for suffix in suffixes}, line
        float(sample[3])


def test_the_reference_parser_reads_every_sample(exposition):
    read = [sample for family in text_string_to_metric_families(exposition) for sample in family.samples]
    lines = [line for line in exposition.splitlines() if not line.startswith("#")]
    assert len(read) == len(lines)
    keys = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in read]
    assert len(set(keys)) == len(keys), "a series stands there twice"
    for family in text_string_to_metric_families(exposition):
        assert family.documentation and family.type in ("counter", "gauge", "histogram"), family


def test_names_tell_their_units(exposition):
    for line in exposition.splitlines():
        if not line.startswith("# TYPE "):
            continue
        _, _, name, kind = line.split(" ")
        if name.startswith("embd_"):
            assert OWN_NAME.fullmatch(name), name
            assert (kind == "counter") == name.endswith("_total"), line
        else:
            assert name.startswith("te_"), name


def test_histograms_are_cumulative(exposition):
    count = 0
    for family in text_string_to_metric_families(exposition):
        if family.type != "histogram":
            continue
        buckets = [(float(s.labels["le"]), s.value) for s in family.samples if s.name.endswith("_bucket")]
        edges, values = zip(*buckets)
        assert list(edges) == sorted(set(edges)) and edges[-1] == float("inf"), family.name
        assert list(values) == sorted(values) and values[0] >= 0, family.name
        by_name = {s.name: s.value for s in family.samples if not s.name.endswith("_bucket")}
        assert by_name[family.name + "_count"] == values[-1], family.name
        total = by_name[family.name + "_sum"]
        assert total >= 0 and (total == 0 or values[-1] > 0), family.name
        count += 1
    assert count == 17


def test_every_series_is_there_from_the_start(launcher, tiny):
    text = launcher.serve(model=tiny).get("/metrics").text
    names = set(families(text))
    scopes = [f"te_{scope}_{stage}duration" for scope in ("request", "embed", "predict")
              for stage in ("", "tokenization_", "queue_", "inference_")]  # fmt: skip
    for name in scopes + [
        "te_request_input_length", "te_batch_next_size", "te_batch_next_tokens", "te_queue_size",
        "te_request_count", "te_request_success", "te_request_failure",
        "te_embed_count", "te_embed_success", "te_predict_count", "te_predict_success",
        "embd_batch_fill_ratio", "embd_queue_wait_seconds", "embd_healthy", "embd_connections", "embd_answer_bytes",
        "embd_memory_plan_bytes", "embd_memory_resident_bytes", "embd_startup_phase_seconds", "embd_build_info",
    ]:  # fmt: skip
        assert name in names, name
    for counter in ("tokens", "cancelled", "rejected"):
        assert f"\nembd_{counter}_total 0\n" in text
    for method in ("single", "batch"):
        for name in ("te_request_count", "te_request_success"):
            assert f'\n{name}{{method="{method}"}} 0\n' in text
    for failure in FAILURES:
        assert f'\nte_request_failure{{err="{failure}"}} 0\n' in text
    # The warm-up is nobody's request.
    for family in text_string_to_metric_families(text):
        if family.name.startswith("te_"):
            assert all(sample.value == 0 for sample in family.samples), family.name


class Counted:
    """What has been counted since the last look, without what stayed the same."""

    def __init__(self, process):
        self.process = process
        self.before = process.metrics()

    def changes(self):
        after = self.process.metrics()
        changed = {name: value - self.before[name] for name, value in after.items() if value != self.before[name]}
        self.before = after
        return {
            name: value for name, value in changed.items()
            if not re.match(r".*_(bucket|sum)\b|embd_(memory|connections)", name)
        }  # fmt: skip


STAGES = ("", "tokenization_", "queue_", "inference_")


def request_counts(method, inputs, scope="embed", steps=None):
    """What one request that succeeds changes."""
    changes = {f'te_request_count{{method="{method}"}}': 1, f'te_request_success{{method="{method}"}}': 1}
    changes |= {f"te_request_{stage}duration_count": 1 for stage in STAGES}
    changes |= {f"te_{scope}_{stage}duration_count": inputs for stage in STAGES}
    changes["embd_queue_wait_seconds_count"] = inputs
    changes |= {f"te_{scope}_count": inputs, f"te_{scope}_success": inputs, "te_request_input_length_count": inputs}
    return changes


def without_steps(changes):
    """Into how many steps inputs are put is not said beforehand."""
    steps = {name: changes.pop(name) for name in (
        "te_batch_next_size_count", "te_batch_next_tokens_count", "embd_batch_fill_ratio_count")}  # fmt: skip
    assert len(set(steps.values())) == 1, steps
    return changes


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("counted"))
    yield Counted(launcher.serve("--max-concurrent-requests", 8))
    launcher.close()


@pytest.mark.parametrize(
    "path,body,method,inputs,tokens",
    [
        ("/embed", {"inputs": "hello"}, "single", 1, 3),
        ("/embed", {"inputs": [101, 7592, 102]}, "single", 1, 3),
        ("/embed", {"inputs": ["hello", "hello hello"]}, "batch", 2, 7),
        ("/embed", {"inputs": ["hello"]}, "batch", 1, 3),
        ("/v1/embeddings", {"input": "hello"}, "single", 1, 3),
        ("/similarity", {"inputs": {"source_sentence": "hello", "sentences": ["hello"]}}, "batch", 2, 6),
        ("/embed_all", {"inputs": ["hello", "hello"]}, "batch", 2, 6),
    ],
)
def test_success_counts_once(counted, path, body, method, inputs, tokens):
    response = counted.process.post(path, body)
    assert response.status == 200, response.text
    changes = without_steps(counted.changes())
    assert changes == request_counts(method, inputs) | {"embd_tokens_total": tokens}


# TEI counts a single /predict twice as begun and never as a success; here it counts like all others.
@pytest.mark.parametrize(
    "name,path,body,method,inputs,tokens,scope",
    [
        ("classifier", "/predict", {"inputs": "hello"}, "single", 1, 3, "predict"),
        ("classifier", "/predict", {"inputs": ["hello", "hello"]}, "single", 1, 5, "predict"),
        ("classifier", "/predict", {"inputs": [["hello"], ["hello", "hello"]]}, "batch", 2, 8, "predict"),
        ("reranker", "/predict", {"inputs": "hello"}, "single", 1, 3, "predict"),
        ("reranker", "/rerank", {"query": "hello", "texts": ["hello"] * 2}, "batch", 2, 10, "predict"),
        ("splade", "/embed_sparse", {"inputs": "hello"}, "single", 1, 3, "embed"),
        ("splade", "/embed_sparse", {"inputs": ["hello"] * 2}, "batch", 2, 6, "embed"),
    ],
)
def test_success_of_other_models_counts_once(launcher, tiny_heads, name, path, body, method, inputs, tokens, scope):
    flags = ["--pooling", "splade"] if name == "splade" else []
    counted = Counted(launcher.serve(*flags, model=tiny_heads / name))
    response = counted.process.post(path, body)
    assert response.status == 200, response.text
    assert without_steps(counted.changes()) == request_counts(method, inputs, scope) | {"embd_tokens_total": tokens}


@pytest.mark.parametrize(
    "path,body,status,failure,method",
    [
        ("/embed", {"inputs": ""}, 400, "tokenization", "single"),
        ("/embed", {"inputs": ["a", ""]}, 400, "tokenization", "batch"),
        ("/embed", {"inputs": "a " * 300, "truncate": False}, 422, "tokenization", "single"),
        ("/embed", {"inputs": "a", "dimensions": 0}, 422, "validation", "single"),
        ("/embed", {"inputs": ["a"] * 33}, 422, "batch_size", "batch"),
        ("/embed", {"inputs": ["a"] * 5000}, 422, "batch_size", "batch"),
        ("/embed", {"inputs": ["a"] * 9}, 429, "overloaded", "batch"),
        ("/v1/embeddings", {"input": ["a"] * 33}, 422, "batch_size", "batch"),
        ("/similarity", {"inputs": {"source_sentence": "a", "sentences": []}}, 400, "validation", "batch"),
        ("/similarity", {"inputs": {"source_sentence": "a", "sentences": ["a"] * 5000}}, 422, "batch_size", "batch"),
        ("/embed_sparse", {"inputs": "a"}, 424, "model_type", "single"),
        ("/predict", {"inputs": "a"}, 424, "model_type", "single"),
        ("/predict", {"inputs": [["a"]] * 5000}, 422, "batch_size", "batch"),
        ("/rerank", {"query": "a", "texts": []}, 400, "validation", "batch"),
        ("/rerank", {"query": "a", "texts": ["b"]}, 424, "model_type", "batch"),
        ("/rerank", {"query": "a", "texts": ["b"] * 5000}, 424, "model_type", "batch"),
        ("/v1/embeddings", {"input": ["a"] * 5000}, 422, "batch_size", "batch"),
        ("/tokenize", {"inputs": ""}, 400, "tokenization", None),
        ("/tokenize", {"inputs": []}, 400, "validation", None),
        ("/tokenize", {"inputs": ["a"] * 33}, 422, "batch_size", None),
        ("/tokenize", {"inputs": ["a"] * 5000}, 422, "batch_size", None),
        ("/decode", {"ids": [[7]] * 5000}, 422, "batch_size", None),
        ("/decode", {"ids": []}, 400, "tokenization", None),
    ],
)
def test_failure_counts_once(counted, path, body, status, failure, method):
    response = counted.process.post(path, body)
    assert response.status == status, response.text
    changes = counted.changes()
    # Inputs before the one that failed may have been run.
    for name in list(changes):
        if re.match(r"te_(embed|predict)_|te_batch|embd_batch|embd_queue_wait|embd_tokens|te_request_input_length", name):
            del changes[name]
    expected = {f'te_request_failure{{err="{failure}"}}': 1}
    if method:
        expected[f'te_request_count{{method="{method}"}}'] = 1
    if failure == "overloaded":
        expected["embd_rejected_total"] = len(body["inputs"])
    assert changes == expected


@pytest.mark.parametrize(
    "path,body,status",
    [
        ("/embed", {"input": "a"}, 422),
        ("/embed", {"inputs": 7}, 422),
        ("/nowhere", {}, 404),
        ("/tokenize", {"inputs": "hello"}, 200),
        ("/decode", {"ids": [7592]}, 200),
    ],
)
def test_nothing_counts(counted, path, body, status):
    response = counted.process.post(path, body)
    assert response.status == status, response.text
    assert counted.changes() == {}


def test_retry_after_is_said_with_overload(counted):
    response = counted.process.post("/embed", {"inputs": ["a"] * 9})
    assert response.status == 429
    assert 1 <= int(response.header("retry-after")) <= 60
    assert counted.process.post("/embed", {"inputs": "a"}).header("retry-after") is None
    counted.changes()


@pytest.mark.load
def test_counters_add_up_under_load(launcher):
    process = launcher.serve("--max-concurrent-requests", 16)

    def client(number):
        statuses = []
        with process.connect() as connection:
            for i in range(40):
                body = {"inputs": ["load"] * (1 + (number + i) % 6)} if i % 2 else {"inputs": "load" if i % 8 else ""}
                statuses.append((isinstance(body["inputs"], list), connection.post("/embed", body).status))
        return statuses

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        statuses = [status for statuses in pool.map(client, range(12)) for status in statuses]
    series = process.metrics()
    for batch, method in ((True, "batch"), (False, "single")):
        of_method = [status for is_batch, status in statuses if is_batch == batch]
        assert series[f'te_request_count{{method="{method}"}}'] == len(of_method)
        assert series[f'te_request_success{{method="{method}"}}'] == of_method.count(200)
    all_statuses = [status for _, status in statuses]
    assert series["te_request_duration_count"] == all_statuses.count(200)
    assert series['te_request_failure{err="overloaded"}'] == all_statuses.count(429)
    assert series['te_request_failure{err="tokenization"}'] == all_statuses.count(400)
    assert set(all_statuses) <= {200, 400, 429}
    assert series["te_embed_success"] == series["te_embed_duration_count"] == series["te_batch_next_size_sum"]
    assert series["te_queue_size"] == 0 and series["embd_answer_bytes"] == 0
