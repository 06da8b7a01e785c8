"""The embeddings equal those of sentence-transformers, alone, in batches and under concurrent clients."""

import concurrent.futures
import itertools
import json
import re

import numpy as np
import pytest

TOLERANCE = 2e-6  # largest absolute difference of a normalised component


def rows_as_text(body):
    """The rows of an answer as the digits that the server wrote."""
    assert body.startswith(b"[[") and body.endswith(b"]]")
    return body[2:-2].split(b"],[")


@pytest.fixture(scope="module")
def alone(server, golden):
    """Golden text -> its row when asked alone, as written by the server."""
    with server.connect() as connection:
        answers = [connection.post("/embed", {"inputs": text}) for text in golden.texts]
    assert [answer.status for answer in answers] == [200] * len(golden.texts)
    return [rows_as_text(answer.body)[0] for answer in answers]


def parse(row):
    return np.array([float(number) for number in row.split(b",")], dtype=np.float32)


def largest_difference(rows, golden):
    found = np.stack([parse(row) for row in rows])
    assert found.shape == golden.embeddings.shape
    assert np.isfinite(found).all()
    by_text = np.abs(found.astype(np.float64) - golden.embeddings).max(axis=1)
    worst = int(by_text.argmax())
    return float(by_text[worst]), golden.names[worst]


def test_there_are_enough_texts(golden):
    assert len(golden.texts) >= 50
    assert golden.embeddings.dtype == np.float32
    assert max(len(text) for text in golden.texts) == 10_000


def test_alone(alone, golden, report):
    difference, name = largest_difference(alone, golden)
    report(f"largest difference from sentence-transformers: {difference:.2e} ({name})")
    assert difference <= TOLERANCE, name


def test_in_batches_of_32(server, golden, alone):
    rows = []
    with server.connect() as connection:
        for start in range(0, len(golden.texts), 32):
            answer = connection.post("/embed", {"inputs": golden.texts[start : start + 32]})
            assert answer.status == 200, answer.text
            rows += rows_as_text(answer.body)
    difference, name = largest_difference(rows, golden)
    assert difference <= TOLERANCE, name
    assert rows == alone, "a text's digits depend on its batch"


def test_under_64_concurrent_clients(server, golden, alone):
    """Each client asks for every text, starting at another one, singly or in small batches."""

    def client(index):
        order = [(index + step) % len(golden.texts) for step in range(len(golden.texts))]
        size = 1 + index % 4
        with server.connect() as connection:
            for start in range(0, len(order), size):
                part = order[start : start + size]
                answer = connection.post("/embed", {"inputs": [golden.texts[i] for i in part]})
                assert answer.status == 200, answer.text
                assert rows_as_text(answer.body) == [alone[i] for i in part], [golden.names[i] for i in part]
        return len(order)

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        counts = list(pool.map(client, range(64)))
    assert sum(counts) == 64 * len(golden.texts)


def test_token_ids_give_what_their_text_gives(server):
    # [CLS] hello world [SEP]
    assert server.embed([101, 7592, 2088, 102]) == server.embed("hello world")
    assert server.embed(["hello world", [101, 7592, 2088, 102]]) == server.embed(["hello world"] * 2)


@pytest.mark.parametrize("dimensions", [1, 2, 100, 383, 384])
def test_dimensions_cut_before_normalising(server, golden, dimensions):
    index = golden.names.index("question")
    row = np.array(server.embed(golden.texts[index], dimensions=dimensions)[0])
    expected = golden.embeddings[index][:dimensions].astype(np.float64)
    expected /= np.linalg.norm(expected)
    # A cut row is scaled up, and its error with it.
    scale = 1 / np.linalg.norm(golden.embeddings[index][:dimensions])
    assert np.abs(row - expected).max() <= TOLERANCE * scale * 2


def test_normalize_false_gives_the_pooled_row(server, golden):
    index = golden.names.index("question")
    raw = np.array(server.embed(golden.texts[index], normalize=False)[0])
    assert abs(np.linalg.norm(raw) - 1) > 0.01
    assert np.abs(raw / np.linalg.norm(raw) - golden.embeddings[index]).max() <= TOLERANCE
    cut = np.array(server.embed(golden.texts[index], normalize=False, dimensions=7)[0])
    assert (cut == raw[:7]).all()


def test_truncation_sides(server):
    words = [f"w{i}" for i in itertools.islice(itertools.cycle(range(10)), 600)]
    text = "start " + " ".join(words) + " end"
    right = server.embed(text, truncate=True)
    left = server.embed(text, truncate=True, truncation_direction="left")
    assert right != left
    assert right == server.embed("start " + " ".join(words) + " another end", truncate=True)
    assert left == server.embed("another start " + " ".join(words) + " end", truncation_direction="Left")


NUMBER = re.compile(rb"-?(?:0|[1-9]\d*)\.\d+|-?\d(?:\.\d+)?e-?\d+")


def shortest(value):
    """The digits that serde_json with Ryu prints for a finite float32."""
    magnitude = abs(float(value))
    if magnitude == 0 or 1e-6 <= magnitude < 1e13:
        return np.format_float_positional(value, unique=True, trim="0")
    text = np.format_float_scientific(value, unique=True, trim="-", exp_digits=1)
    return text.replace("e+", "e")


def test_floats_are_written_with_the_fewest_digits(server, golden):
    body = server.post("/embed", {"inputs": golden.texts[:32], "normalize": False}).body
    assert b" " not in body and b"\n" not in body
    numbers = [number for row in rows_as_text(body) for number in row.split(b",")]
    assert len(numbers) == 32 * 384
    for number in numbers:
        assert NUMBER.fullmatch(number), number
        assert number.decode() == shortest(np.float32(number)), number
    assert json.loads(body)
