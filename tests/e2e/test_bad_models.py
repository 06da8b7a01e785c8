"""A model folder that is wrong in one thing is refused with one line that says what and where."""

import dataclasses
import json
import os
import pathlib
import struct

import numpy as np
import pytest

import embd_process
import tiny_model


def set_in(name, **values):
    """Changes keys of a JSON file; a key given as ... is removed."""

    def spoil(folder):
        path = folder / name
        document = json.loads(path.read_text())
        for key, value in values.items():
            if value is ...:
                document.pop(key)
            else:
                document[key] = value
        path.write_text(json.dumps(document))

    return spoil


def replace(name, content):
    def spoil(folder):
        (folder / name).write_bytes(content)

    return spoil


def remove(name):
    def spoil(folder):
        (folder / name).unlink()

    return spoil


def make_folder(name):
    def spoil(folder):
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def dangling_link(name):
    def spoil(folder):
        (folder / name).unlink()
        (folder / name).symlink_to("nowhere")

    return spoil


def cut(name, size):
    """Keeps the first `size` bytes (from the end when negative)."""

    def spoil(folder):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[:size])

    return spoil


def tokenizer(change):
    def spoil(folder):
        path = folder / "tokenizer.json"
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return spoil


WEIGHTS = "model.safetensors"
QUERY = "encoder.layer.1.attention.self.query.weight"


def header(change):
    """Rewrites the header of the weights, keeping the data as it is."""

    def spoil(folder):
        entries, data = tiny_model.layout(tiny_model.tensors())
        changed = change(entries, len(data))
        entries = entries if changed is None else changed
        (folder / WEIGHTS).write_bytes(tiny_model.encode(entries, data))

    return spoil


def header_length(length):
    def spoil(folder):
        data = (folder / WEIGHTS).read_bytes()
        (folder / WEIGHTS).write_bytes(struct.pack("<Q", length) + data[8:])

    return spoil


def entry(name, **values):
    return header(lambda entries, _: entries[name].update(values))


def tensor(name, array):
    """Puts another tensor in place of one; nothing instead of an array removes it."""

    def spoil(folder):
        named = tiny_model.tensors()
        if array is None:
            del named[name]
        else:
            named[name] = array
        tiny_model.write_safetensors(folder / WEIGHTS, named)

    return spoil


def overlap(entries, _):
    first, second = list(entries.values())[:2]
    begin, end = second["data_offsets"]
    second["data_offsets"] = [begin - 4, end - 4]
    assert first["data_offsets"][1] == begin


def swap_shape(entries, _):
    entries[QUERY]["shape"] = [16, 32]


def gap(entries, size):
    last = list(entries.values())[-1]
    begin, end = last["data_offsets"]
    last["data_offsets"] = [begin + 4, end]
    last["shape"] = [last["shape"][0] - 1]


def out_of_file(entries, size):
    entries[QUERY]["data_offsets"][1] = size + 4096


def index(change):
    """Splits the weights into shards and changes their index."""

    def spoil(folder):
        (folder / WEIGHTS).unlink()
        tiny_model.write_sharded(folder, tiny_model.tensors())
        path = folder / "model.safetensors.index.json"
        document = json.loads(path.read_text())
        change(document, folder)
        path.write_text(json.dumps(document))

    return spoil


INDEX = "model.safetensors.index.json"
SHARD = "model-00002-of-00003.safetensors"


def point_outside(target):
    def change(document, folder):
        name = next(iter(document["weight_map"]))
        outside = folder.parent / "outside.safetensors"
        tiny_model.write_safetensors(outside, tiny_model.tensors())
        document["weight_map"][name] = target.format(outside=outside)

    return change


def wrong_shard(document, _):
    names = document["weight_map"]
    other = {SHARD, "model-00001-of-00003.safetensors"} - {names[QUERY]}
    names[QUERY] = sorted(other)[0]


def nan_weights(folder):
    named = tiny_model.tensors()
    named["encoder.layer.0.output.LayerNorm.weight"] = np.full(tiny_model.HIDDEN, np.nan, np.float32)
    tiny_model.write_safetensors(folder / WEIGHTS, named)


@dataclasses.dataclass
class Case:
    name: str
    spoil: object
    says: list  # what the line must contain; the first is the file


CONFIG = "config.json"
POOLING = "1_Pooling/config.json"
SENTENCE = "sentence_bert_config.json"
TOKENIZER = "tokenizer.json"

CASES = [
    # config.json
    Case("no config", remove(CONFIG), [CONFIG]),
    Case("empty config", replace(CONFIG, b""), [CONFIG]),
    Case("config is no JSON", replace(CONFIG, b"{,}"), [CONFIG]),
    Case("config is cut", cut(CONFIG, 100), [CONFIG]),
    Case("config is a list", replace(CONFIG, b"[]"), [CONFIG]),
    Case("config is not UTF-8", replace(CONFIG, b'{"model_type":"\xff"}'), [CONFIG]),
    Case("config is a folder", make_folder(CONFIG), [CONFIG]),
    Case("config is a dangling link", dangling_link(CONFIG), [CONFIG]),
    Case("config nested too deep", replace(CONFIG, b'{"a":' * 100_000 + b"1" + b"}" * 100_000), [CONFIG]),
    Case("unknown model type", set_in(CONFIG, model_type="starfish"), [CONFIG, "starfish", "bert"]),
    Case("no model type", set_in(CONFIG, model_type=...), [CONFIG, "model_type"]),
    Case("model type is a number", set_in(CONFIG, model_type=7), [CONFIG, "model_type"]),
    Case("no hidden size", set_in(CONFIG, hidden_size=...), [CONFIG, "hidden_size"]),
    Case("hidden size is text", set_in(CONFIG, hidden_size="32"), [CONFIG, "hidden_size"]),
    Case("hidden size is negative", set_in(CONFIG, hidden_size=-32), [CONFIG, "hidden_size"]),
    Case("hidden size is zero", set_in(CONFIG, hidden_size=0), [CONFIG, "hidden_size"]),
    Case("hidden size is huge", set_in(CONFIG, hidden_size=2**62), [CONFIG, "hidden_size"]),
    Case("hidden size is a fraction", set_in(CONFIG, hidden_size=32.5), [CONFIG, "hidden_size"]),
    Case("heads do not divide hidden", set_in(CONFIG, num_attention_heads=5), [CONFIG, "num_attention_heads"]),
    Case("no heads", set_in(CONFIG, num_attention_heads=0), [CONFIG, "num_attention_heads"]),
    Case("a million layers", set_in(CONFIG, num_hidden_layers=10**6), [CONFIG]),
    Case("unknown activation", set_in(CONFIG, hidden_act="wobble"), [CONFIG, "hidden_act", "wobble"]),
    Case(
        "relative positions",
        set_in(CONFIG, position_embedding_type="relative_key"),
        [CONFIG, "position_embedding_type", "relative_key"],
    ),
    Case("layer norm epsilon is negative", set_in(CONFIG, layer_norm_eps=-1), [CONFIG, "layer_norm_eps"]),
    Case("no architectures", set_in(CONFIG, architectures=...), [CONFIG, "architectures"]),
    # tokenizer.json
    Case("no tokenizer", remove(TOKENIZER), [TOKENIZER]),
    Case("tokenizer is no JSON", replace(TOKENIZER, b"x"), [TOKENIZER]),
    Case("tokenizer is cut", cut(TOKENIZER, -1000), [TOKENIZER]),
    Case("tokenizer is empty", replace(TOKENIZER, b"{}"), [TOKENIZER]),
    Case("unknown model", tokenizer(lambda d: d["model"].update(type="Mystery")), [TOKENIZER, "Mystery"]),
    Case("no model", tokenizer(lambda d: d.pop("model")), [TOKENIZER, "model"]),
    Case("unknown normalizer", tokenizer(lambda d: d.update(normalizer={"type": "Mystery"})), [TOKENIZER, "Mystery"]),
    Case(
        "unknown pre-tokenizer",
        tokenizer(lambda d: d.update(pre_tokenizer={"type": "Mystery"})),
        [TOKENIZER, "Mystery"],
    ),
    Case("no vocabulary", tokenizer(lambda d: d["model"].pop("vocab")), [TOKENIZER, "vocab"]),
    Case("an id is text", tokenizer(lambda d: d["model"]["vocab"].update(the="x")), [TOKENIZER, "vocab"]),
    Case("an id is negative", tokenizer(lambda d: d["model"]["vocab"].update(the=-1)), [TOKENIZER, "vocab"]),
    Case("ids beyond the embedding table", tokenizer(lambda d: d["model"]["vocab"].update(the=40_000)), [TOKENIZER]),
    Case("unknown token is not in the vocabulary", tokenizer(lambda d: d["model"].update(unk_token="<?>")), [TOKENIZER, "<?>"]),
    # what says how to pool and how long inputs may be
    Case("pooling is no JSON", replace(POOLING, b"{"), [POOLING]),
    Case(
        "no pooling mode",
        set_in(POOLING, pooling_mode_mean_tokens=False),
        [POOLING],
    ),
    Case("pooling mode is text", set_in(POOLING, pooling_mode_mean_tokens="yes"), [POOLING, "pooling_mode_mean_tokens"]),
    Case("sentence config is no JSON", replace(SENTENCE, b""), [SENTENCE]),
    Case("length is null", set_in(SENTENCE, max_seq_length=None), [SENTENCE, "max_seq_length"]),
    Case("length is missing", set_in(SENTENCE, max_seq_length=...), [SENTENCE, "max_seq_length"]),
    Case("length is zero", set_in(SENTENCE, max_seq_length=0), [SENTENCE, "max_seq_length"]),
    Case("length is text", set_in(SENTENCE, max_seq_length="64"), [SENTENCE, "max_seq_length"]),
    # model.safetensors
    Case("no weights", remove(WEIGHTS), ["model.safetensors"]),
    Case("weights are a folder", make_folder(WEIGHTS), [WEIGHTS]),
    Case("weights are empty", replace(WEIGHTS, b""), [WEIGHTS]),
    Case("weights have 7 bytes", replace(WEIGHTS, b"1234567"), [WEIGHTS]),
    Case("weights are a pointer file", replace(WEIGHTS, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), [WEIGHTS]),
    Case("header longer than the file", header_length(1 << 40), [WEIGHTS]),
    Case("header length is all ones", header_length((1 << 64) - 1), [WEIGHTS]),
    Case("header length is nothing", header_length(0), [WEIGHTS]),
    Case("header is no JSON", header(lambda *_: b"not json at all"), [WEIGHTS]),
    Case("header is a list", header(lambda *_: b"[]"), [WEIGHTS]),
    Case("no tensors", header(lambda *_: {}), [WEIGHTS]),
    Case("data is cut", cut(WEIGHTS, -4), [WEIGHTS]),
    Case("half of the data", cut(WEIGHTS, 2_000_000), [WEIGHTS]),
    Case("bytes after the data", lambda folder: (folder / WEIGHTS).open("ab").write(b"more"), [WEIGHTS]),
    Case("tensors overlap", header(overlap), [WEIGHTS]),
    Case("tensors leave a gap", header(gap), [WEIGHTS]),
    Case("a tensor leaves the file", header(out_of_file), [WEIGHTS, QUERY]),
    Case("a tensor ends before it begins", entry(QUERY, data_offsets=[4096, 0]), [WEIGHTS, QUERY]),
    Case("offsets are negative", entry(QUERY, data_offsets=[-4096, 0]), [WEIGHTS, QUERY]),
    Case("three offsets", entry(QUERY, data_offsets=[0, 1, 2]), [WEIGHTS, QUERY]),
    Case("offsets are text", entry(QUERY, data_offsets="0-4"), [WEIGHTS, QUERY]),
    Case("shape disagrees with the bytes", header(swap_shape), [WEIGHTS, QUERY]),
    Case("shape overflows", entry(QUERY, shape=[2**33, 2**33]), [WEIGHTS, QUERY]),
    Case("shape is negative", entry(QUERY, shape=[-32, -32]), [WEIGHTS, QUERY]),
    Case("unknown dtype", entry(QUERY, dtype="F12"), [WEIGHTS, QUERY, "F12"]),
    Case("a tensor is missing", tensor(QUERY, None), [WEIGHTS, QUERY]),
    Case("a tensor has another shape", tensor(QUERY, np.zeros((32, 16), np.float32)), [WEIGHTS, QUERY, "32", "16"]),
    Case("a tensor has one dimension too many", tensor(QUERY, np.zeros((1, 32, 32), np.float32)), [WEIGHTS, QUERY]),
    Case("a weight is an integer", tensor(QUERY, np.zeros((32, 32), np.int64)), [WEIGHTS, QUERY, "I64"]),
    Case("weights that are no numbers", nan_weights, []),
    # shards
    Case("index without a map", index(lambda d, _: d.pop("weight_map")), [INDEX, "weight_map"]),
    Case("map is empty", index(lambda d, _: d.update(weight_map={})), [INDEX]),
    Case("map is a list", index(lambda d, _: d.update(weight_map=[])), [INDEX, "weight_map"]),
    Case("a shard is missing", index(lambda _, folder: (folder / SHARD).unlink()), [SHARD]),
    Case("a shard is cut", index(lambda _, folder: os.truncate(folder / SHARD, 1000)), [SHARD]),
    Case("a shard lacks its tensor", index(wrong_shard), [QUERY]),
    Case("a shard outside, relative", index(point_outside("../outside.safetensors")), [INDEX, ".."]),
    Case("a shard outside, absolute", index(point_outside("{outside}")), [INDEX, "outside"]),
    Case("a shard outside, in disguise", index(point_outside("sub/../../outside.safetensors")), [INDEX, ".."]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_model_is_refused(launcher, tiny_copy, case):
    case.spoil(tiny_copy)
    process = launcher.launch(model=tiny_copy)
    assert process.wait_exit() == 1, process.output()
    lines = process.err().strip().splitlines()
    assert len(lines) == 1, process.output()
    if case.says:
        assert str(tiny_copy) in lines[0], lines[0]
    for part in case.says:
        assert part in lines[0], lines[0]
    assert "Ready" not in process.out()
    assert embd_process.is_refused(process.port)


def test_index_that_is_no_json(launcher, tiny_copy):
    index(lambda *_: None)(tiny_copy)
    (tiny_copy / INDEX).write_bytes(b"{")
    process = launcher.launch(model=tiny_copy)
    assert process.wait_exit() == 1
    assert str(tiny_copy / INDEX) in process.err()


def test_folder_that_is_not_there(launcher, tmp_path):
    process = launcher.launch(model=tmp_path / "nothing")
    assert process.wait_exit() == 1
    assert str(tmp_path / "nothing") in process.err()
    assert len(process.err().strip().splitlines()) == 1


def test_file_instead_of_a_folder(launcher, tmp_path):
    (tmp_path / "file").write_text("x")
    process = launcher.launch(model=tmp_path / "file")
    assert process.wait_exit() == 1
    assert str(tmp_path / "file") in process.err()


# ---------------------------------------------------------------- what may differ and is fine

@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The rows of the tiny model with float32 weights in one file."""
    folder = tmp_path_factory.mktemp("reference")
    tiny_model.write(folder / "model", embd_process.MODEL / "tokenizer.json")
    launcher = embd_process.Launcher(folder)
    rows = launcher.serve(model=folder / "model").embed(["a", "some words"])
    launcher.close()
    return rows


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_weights_of_other_float_types(launcher, tiny_copy, reference, dtype):
    """Each value of the tiny model is exact in these types, so the rows are the same."""
    tiny_model.write_safetensors(tiny_copy / WEIGHTS, tiny_model.tensors(), dtype)
    rows = launcher.serve(model=tiny_copy).embed(["a", "some words"])
    assert np.abs(np.array(rows) - np.array(reference)).max() <= 1e-6


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_sharded_weights(launcher, tiny_copy, reference, dtype):
    (tiny_copy / WEIGHTS).unlink()
    tiny_model.write_sharded(tiny_copy, tiny_model.tensors(), dtype=dtype)
    rows = launcher.serve(model=tiny_copy).embed(["a", "some words"])
    assert np.abs(np.array(rows) - np.array(reference)).max() <= 1e-6


def test_prefixed_names(launcher, tiny_copy, reference):
    named = {f"bert.{name}": array for name, array in tiny_model.tensors().items()}
    tiny_model.write_safetensors(tiny_copy / WEIGHTS, named)
    assert launcher.serve(model=tiny_copy).embed(["a", "some words"]) == reference


def test_unused_tensors_are_named_and_harmless(launcher, tiny_copy, reference):
    named = tiny_model.tensors() | {"pooler.dense.bias": np.zeros(32, np.float32)}
    named["position_ids_of_old"] = np.zeros((1, 4), np.int64)
    tiny_model.write_safetensors(tiny_copy / WEIGHTS, named)
    process = launcher.serve(model=tiny_copy)
    assert process.embed(["a", "some words"]) == reference
    assert "position_ids_of_old" in process.out()


def test_no_optional_files(launcher, tiny_copy):
    for name in ("modules.json", SENTENCE, POOLING):
        (tiny_copy / name).unlink()
    process = launcher.serve(model=tiny_copy)
    info = process.get("/info").json()
    # BERT without a pooling file: the first token. Without a length: the position table's.
    assert info["model_type"] == {"embedding": {"pooling": "cls"}}
    assert info["max_input_length"] == tiny_model.POSITIONS
    assert "WARN" in process.out()
    assert len(process.embed("word " * 300)[0]) == tiny_model.HIDDEN


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_pooling_flag_wins(launcher, tiny_copy, pooling):
    process = launcher.serve("--pooling", pooling, model=tiny_copy)
    assert process.get("/info").json()["model_type"] == {"embedding": {"pooling": pooling}}


def test_pooling_modes_differ(launcher, tiny):
    rows = [launcher.serve("--pooling", pooling, model=tiny).embed("some words") for pooling in ("cls", "mean")]
    assert rows[0] != rows[1]


def test_length_beyond_the_position_table_is_never_read(launcher, tiny_copy):
    """max_seq_length promises more than there are positions: refused at start, or held to the table."""
    set_in(SENTENCE, max_seq_length=100_000)(tiny_copy)
    process = launcher.launch(model=tiny_copy)
    try:
        process.wait_ready()
    except AssertionError:
        assert process.process.poll() == 1, process.output()
        assert SENTENCE in process.err()
        return
    assert process.get("/info").json()["max_input_length"] <= tiny_model.POSITIONS
    assert len(process.embed("word " * 5000)[0]) == tiny_model.HIDDEN


def test_model_folder_that_cannot_be_written(launcher, tiny_copy):
    for path in [*tiny_copy.rglob("*"), tiny_copy]:
        pathlib.Path(path).chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert launcher.serve(model=tiny_copy).embed("x")
    finally:
        for path in (tiny_copy, *tiny_copy.rglob("*")):
            pathlib.Path(path).chmod(0o755)
