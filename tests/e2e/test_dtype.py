"""--dtype: how far each type's embeddings are from float32's, what it takes in memory, what is refused."""

import re

import numpy as np
import pytest

import tiny_model

HELLO = 7592  # a token

# Largest 1 - cosine to the reference of any golden text, and of their mean. A type that lost nothing at all would not
# be that type.
BOUNDS = {"float32": (1e-6, 1e-6), "float16": (1e-5, 1e-6), "bfloat16": (1e-3, 1e-4), "int8": (0.02, 0.005)}


def losses(rows, golden):
    rows = np.array(rows)
    assert rows.shape == golden.embeddings.shape and np.isfinite(rows).all()
    return 1 - (rows * golden.embeddings).sum(axis=1) / np.linalg.norm(golden.embeddings, axis=1)


@pytest.mark.parametrize("dtype", BOUNDS)
def test_embeddings_are_near_the_reference(launcher, golden, report, dtype):
    process = launcher.serve("--dtype", dtype)
    assert process.get("/info").json()["model_dtype"] == dtype
    rows = []
    for start in range(0, len(golden.texts), 32):
        rows += process.embed(golden.texts[start : start + 32])
    loss = losses(rows, golden)
    report(f"{dtype}: 1 - cosine to sentence-transformers, mean {loss.mean():.1e}, largest {loss.max():.1e} ({golden.names[loss.argmax()]})")
    largest, mean = BOUNDS[dtype]
    assert loss.max() <= largest, golden.names[loss.argmax()]
    assert loss.mean() <= mean
    if dtype in ("bfloat16", "int8"):
        assert loss.mean() > 1e-8
    # The same digits alone as in a batch, in every type.
    alone = [process.embed(text)[0] for text in golden.texts[:40]]
    assert alone == rows[:40]


@pytest.mark.parametrize("dtype, share", [("float16", 0.52), ("bfloat16", 0.52), ("int8", 0.28)])
def test_the_plan_knows_what_the_weights_take(launcher, server, dtype, share):
    def weights(process):
        (value,) = [v for name, v in process.planned_bytes().items() if 'part="weights"' in name]
        return value

    process = launcher.serve("--dtype", dtype)
    assert weights(process) <= share * weights(server)
    assert process.resident_bytes() <= sum(process.planned_bytes().values()) * 1.1


def kept_in_floats(process):
    (line,) = re.findall(r"int8 weights; kept in floats: (.*)", process.out())
    return line


def test_int8_says_that_all_layers_are_integers(launcher, tiny):
    assert kept_in_floats(launcher.serve("--dtype", "int8", model=tiny)) == "none"


def test_int8_says_which_layers_stay_in_floats(launcher, tiny_copy):
    """A huge weight in every row, for an input that is always 0: as integers the others would vanish."""
    named = tiny_model.tensors()
    layer = "encoder.layer.1.intermediate.dense"
    named[f"{layer}.weight"][:, 5] = 50
    for part in ("weight", "bias"):
        named[f"encoder.layer.1.attention.output.LayerNorm.{part}"][5] = 0
    tiny_model.write_safetensors(tiny_copy / "model.safetensors", named)
    process = launcher.serve("--dtype", "int8", model=tiny_copy)
    assert re.fullmatch(rf"{re.escape(layer)} \(\d+\.\d %\)", kept_in_floats(process))
    exact = launcher.serve(model=tiny_copy)
    texts = ["deep learning", "a river of small steps"]
    cosines = [np.dot(*rows) for rows in zip(process.embed(texts), exact.embed(texts))]
    assert min(cosines) > 0.999


def test_the_environment_works_too(launcher, tiny):
    process = launcher.serve(model=tiny, env={"DTYPE": "bfloat16"})
    assert process.get("/info").json()["model_dtype"] == "bfloat16"


def test_an_unknown_type_is_refused(launcher, tiny):
    process = launcher.launch("--dtype", "float64", model=tiny)
    assert process.wait_exit() == 2
    assert "int8" in process.err()


@pytest.mark.parametrize("isa", ["portable", "avx2", "avx-vnni", "avx512", "avx512-vnni", "amx-int8", "neon", "neon-dotprod", "neon-i8mm"])
def test_every_instruction_set_is_near_the_reference(launcher, golden, isa):
    """Not the same digits: a float on the edge between two integers falls to either side, and later layers magnify it."""
    process = launcher.launch("--dtype", "int8", "--isa", isa)
    try:
        process.wait_ready()
    except AssertionError:
        assert process.wait_exit() == 1
        assert "this machine cannot run it" in process.err()
        pytest.skip(f"this machine cannot run {isa}")
    rows = process.embed(golden.texts[:32]) + process.embed(golden.texts[32:])
    loss = losses(rows, golden)
    largest, mean = BOUNDS["int8"]
    assert loss.max() <= largest and loss.mean() <= mean


@pytest.mark.parametrize("dtype", BOUNDS)
def test_what_is_not_finite_is_an_error_of_its_input(launcher, tiny_copy, dtype):
    """A token whose embedding is no number, in a batch with others."""
    named = tiny_model.tensors()
    named["embeddings.word_embeddings.weight"][HELLO, 5] = np.nan
    tiny_model.write_safetensors(tiny_copy / "model.safetensors", named)
    process = launcher.serve("--dtype", dtype, model=tiny_copy)
    before = process.embed([101, 2088, 102])
    assert process.post("/embed", {"inputs": [101, HELLO, 102]}).status == 424
    assert process.post("/embed", {"inputs": [[101, 2088, 102], [101, HELLO, 102]]}).status == 424
    assert process.embed([101, 2088, 102]) == before
