"""Writes model folders: a tiny BERT with random weights, and safetensors files right and wrong."""

import json
import pathlib
import shutil
import struct

import numpy as np

HIDDEN, LAYERS, HEADS, INTERMEDIATE, POSITIONS, VOCABULARY = 32, 2, 4, 64, 128, 30522

CONFIG = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": HIDDEN,
    "intermediate_size": INTERMEDIATE,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": POSITIONS,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "pad_token_id": 0,
    "position_embedding_type": "absolute",
    "type_vocab_size": 2,
    "vocab_size": VOCABULARY,
}
POOLING = {"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
DTYPES = {np.dtype(np.float32): "F32", np.dtype(np.float16): "F16", np.dtype(np.int64): "I64"}


def tensors():
    """Name -> float32 array of the tiny model; each value is exact in bfloat16 and float16."""
    random = np.random.default_rng(1)

    def values(*shape, scale=0.1, offset=0.0):
        raw = (random.standard_normal(shape) * scale + offset).astype(np.float32)
        # 6 bits of fraction, and nothing below 2^-10: exact in every float type.
        mantissa, exponent = np.frexp(raw)
        return np.where(exponent < -9, 0, np.ldexp(np.round(mantissa * 64) / 64, exponent)).astype(np.float32)

    def norm(name):
        return {f"{name}.weight": values(HIDDEN, offset=1.0), f"{name}.bias": values(HIDDEN)}

    def linear(name, rows, cols):
        return {f"{name}.weight": values(rows, cols), f"{name}.bias": values(rows)}

    result = {
        "embeddings.word_embeddings.weight": values(VOCABULARY, HIDDEN),
        "embeddings.position_embeddings.weight": values(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": values(2, HIDDEN),
        **norm("embeddings.LayerNorm"),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            result |= linear(f"{prefix}.attention.self.{part}", HIDDEN, HIDDEN)
        result |= linear(f"{prefix}.attention.output.dense", HIDDEN, HIDDEN)
        result |= norm(f"{prefix}.attention.output.LayerNorm")
        result |= linear(f"{prefix}.intermediate.dense", INTERMEDIATE, HIDDEN)
        result |= linear(f"{prefix}.output.dense", HIDDEN, INTERMEDIATE)
        result |= norm(f"{prefix}.output.LayerNorm")
    return result


def with_head(random, **layers):
    """The tiny model's tensors under "bert.", and linear layers or norms beside them: name=(rows, cols) or (size,)."""
    named = {f"bert.{name}": array for name, array in tensors().items()}
    for name, shape in layers.items():
        name = name.replace("__", ".")
        if len(shape) == 1:
            named[f"{name}.weight"] = random.normal(1, 0.1, shape).astype(np.float32)
        else:
            named[f"{name}.weight"] = random.normal(0, 0.1, shape).astype(np.float32)
        named[f"{name}.bias"] = random.normal(0, 0.1, shape[0]).astype(np.float32)
    return named


def to_bfloat16(array):
    return (array.view(np.uint32) >> 16).astype(np.uint16)


def layout(named, dtype="F32"):
    """The header entries and the data of a safetensors file."""
    header, data = {}, b""
    for name, array in named.items():
        if dtype == "BF16":
            stored, label = to_bfloat16(array), "BF16"
        else:
            stored = array.astype(np.float16) if dtype == "F16" else array
            label = DTYPES[stored.dtype]
        raw = stored.tobytes()
        header[name] = {"dtype": label, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    return header, data


def encode(header, data):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(text)) + text + data


def write_safetensors(path, named, dtype="F32"):
    pathlib.Path(path).write_bytes(encode(*layout(named, dtype)))


def write_sharded(folder, named, shards=3, dtype="F32"):
    names = list(named)
    weight_map = {}
    for index in range(shards):
        file = f"model-{index + 1:05}-of-{shards:05}.safetensors"
        part = names[index::shards]
        write_safetensors(folder / file, {name: named[name] for name in part}, dtype)
        weight_map |= {name: file for name in part}
    total = sum(array.nbytes for array in named.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_json(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def write(folder, tokenizer, weights=True, changed=()):
    """A whole tiny model; the tokenizer is copied from the real one. `changed` holds tensors in place of drawn ones."""
    folder.mkdir(parents=True)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    write_json(folder / "config.json", CONFIG)
    write_json(folder / "1_Pooling" / "config.json", POOLING)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 64, "do_lower_case": False})
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    write_json(folder / "modules.json", modules)
    if weights:
        write_safetensors(folder / "model.safetensors", tensors() | dict(changed))


def write_classifier(folder, tokenizer, labels=("negative", "neutral", "positive"), pooler=True, changed=()):
    """A tiny BertForSequenceClassification; with one label it is a reranker. `changed` as for `write`."""
    folder.mkdir(parents=True)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    id2label = {str(index): label for index, label in enumerate(labels)}
    config = CONFIG | {
        "architectures": ["BertForSequenceClassification"],
        "id2label": id2label,
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    write_json(folder / "config.json", config)
    layers = {"bert__pooler__dense": (HIDDEN, HIDDEN)} if pooler else {}
    named = with_head(np.random.default_rng(2), **layers, classifier=(len(labels), HIDDEN))
    write_safetensors(folder / "model.safetensors", named | dict(changed))


def write_reranker(folder, tokenizer, changed=()):
    write_classifier(folder, tokenizer, labels=("LABEL_0",), changed=changed)


def write_splade(folder, tokenizer):
    """A tiny BertForMaskedLM, its decoder tied: sparse embeddings with --pooling splade."""
    folder.mkdir(parents=True)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    write_json(folder / "config.json", CONFIG | {"architectures": ["BertForMaskedLM"], "tie_word_embeddings": True})
    named = with_head(
        np.random.default_rng(3),
        cls__predictions__transform__dense=(HIDDEN, HIDDEN),
        cls__predictions__transform__LayerNorm=(HIDDEN,),
    )
    named["cls.predictions.bias"] = np.random.default_rng(4).normal(-0.5, 0.3, VOCABULARY).astype(np.float32)
    write_safetensors(folder / "model.safetensors", named)
