#!/usr/bin/env python3
"""Writes tiny models of the BERT family with random weights and what transformers computes with them.

    build/venv-golden/bin/python tools/make_tiny_models.py tests/golden/model

(tools/make_golden.py makes that environment from tools/requirements-golden.txt.) Each folder is a
whole model, whose expected.safetensors holds a packed batch (ids, type_ids, offsets), the last hidden
states and one row for each sequence (pooled, logits of the labels, or SPLADE weights): one sequence at a
time, so without padding, in float64 with the weights as they are stored. Beside classifiers, rerankers
and sparse encoders answers.json holds such rows of a few texts and pairs. The weights come from fixed seeds; their spread is far wider than that of fresh
models, so that a wrong activation, norm or mask shows.
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import zlib

import numpy as np
import safetensors.numpy
import safetensors.torch
import tokenizers
import torch
import transformers

SENTENCES = [
    "the cat sat on the mat and the dog sat on the cat",
    "a tiny model has tiny weights but it has all the parts",
    "who needs a large model when a small one shows the same",
    "numbers like 1 23 456 7890 and signs like , . ! ? are words too",
]
PAIR = ("the small cat", "sat on a large mat !")
TEXTS = ["the cat sat on a mat", "1 23 !", "a"]
PAIRS = [PAIR, ("the small cat", "a dog"), ("the small cat", "7890")]
VOCABULARY = 72
LENGTHS = [1, 2, 7, 16, 31]


@dataclasses.dataclass
class Case:
    name: str
    dtype: torch.dtype = torch.float32
    pooling: str = "mean"
    activation: str = "gelu"
    hidden: int = 16
    layers: int = 2
    heads: int = 2
    shards: int = 1
    kind: str = "BertModel"  # the class of transformers; pooling "splade" or one with labels uses its head
    labels: int = 0
    tied: bool = True  # the decoder of a masked-language model
    bias: str = ""  # which of the two names of its bias is left out
    old_names: bool = False  # gamma and beta, and the buffer of position ids
    release_6: bool = False  # pooling, modules and length as Sentence Transformers 6 writes them


CASES = [
    Case("f32"),
    Case("f16", dtype=torch.float16, release_6=True),
    Case("bf16", dtype=torch.bfloat16, pooling="cls"),
    Case("sharded", dtype=torch.float16, hidden=8, shards=3),
    Case("prefixed", dtype=torch.float16, hidden=8, pooling="lasttoken", kind="BertForMaskedLM", bias="cls.predictions.decoder.bias", old_names=True),
    Case("gelu_new", activation="gelu_new", hidden=8, layers=1),
    Case("relu", activation="relu", hidden=8, layers=1, heads=1),
    Case("silu", activation="silu", hidden=8, layers=1, heads=4),
    Case("tanh", activation="tanh", hidden=8, layers=1),
    Case("reranker", kind="BertForSequenceClassification", labels=1, hidden=8),
    Case("classifier", dtype=torch.float16, kind="BertForSequenceClassification", labels=3, hidden=8, layers=1),
    Case("no_pooler", kind="BertForTokenClassification", labels=3, hidden=8, layers=1),
    Case("splade", pooling="splade", kind="BertForMaskedLM", bias="cls.predictions.decoder.bias"),
    Case("splade_untied", pooling="splade", kind="BertForMaskedLM", activation="relu", tied=False, hidden=8, layers=1),
    Case("roberta", pooling="cls", kind="RobertaModel", hidden=8, layers=1),
    Case("camembert", dtype=torch.float16, kind="CamembertModel", hidden=8, layers=1),
    Case("roberta_reranker", kind="RobertaForSequenceClassification", labels=1, hidden=8, layers=1),
    Case("xlm_roberta_classifier", dtype=torch.bfloat16, kind="XLMRobertaForSequenceClassification", labels=3, hidden=8),
    Case("roberta_splade", dtype=torch.float16, pooling="splade", kind="RobertaForMaskedLM", activation="relu",
         bias="lm_head.bias", hidden=8, layers=1),
    Case("roberta_splade_untied", pooling="splade", kind="RobertaForMaskedLM", tied=False, hidden=8, layers=1),
]  # fmt: skip
ROBERTA = ("Roberta", "XLMRoberta", "Camembert")


def new_tokenizer(vocabulary):
    model = tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return tokenizer


def make_tokenizer():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=VOCABULARY, special_tokens=special, show_progress=False
    )
    trained = new_tokenizer({"[UNK]": 0})
    trained.train_from_iterator(SENTENCES, trainer)
    # The trainer numbers the pieces in another order each time.
    pieces = special + sorted(set(trained.get_vocab()) - set(special))
    tokenizer = new_tokenizer({piece: number for number, piece in enumerate(pieces)})
    tokenizer.add_special_tokens(special)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    tokenizer.decoder = tokenizers.decoders.WordPiece()
    return tokenizer


def is_roberta(case):
    return case.kind.startswith(ROBERTA)


def make_model(case):
    kind = getattr(transformers, case.kind)
    # What the RoBERTa family has otherwise, and what only some classes know.
    special = {"max_position_embeddings": 34, "type_vocab_size": 1, "pad_token_id": 1} if is_roberta(case) else {}
    if case.labels:
        special |= {"num_labels": case.labels}
    if not case.tied:
        special |= {"tie_word_embeddings": False}
    config = kind.config_class(
        vocab_size=VOCABULARY,
        hidden_size=case.hidden,
        num_hidden_layers=case.layers,
        num_attention_heads=case.heads,
        intermediate_size=case.hidden * 2 - 4,
        hidden_act=case.activation,
        layer_norm_eps=1e-5,
        attn_implementation="eager",
        **{"max_position_embeddings": 32, **special},
    )
    model = kind(config).eval()
    random = torch.Generator().manual_seed(zlib.crc32(case.name.encode()))
    for name, parameter in model.named_parameters():
        spread = 0.2 if parameter.dim() == 1 else 0.4
        centre = 1.0 if name.lower().replace("_", "").endswith("layernorm.weight") else 0.0
        parameter.data = centre + spread * torch.randn(parameter.shape, generator=random)
    return model.to(case.dtype)


def batch(case, tokenizer):
    """Sequences of (ids, type ids): random ones of several lengths, and a pair with both types."""
    random = np.random.default_rng(zlib.crc32(case.name.encode()))
    sequences = [(random.integers(0, VOCABULARY, n), random.integers(0, 2, n)) for n in LENGTHS]
    encoding = tokenizer.encode(*PAIR)
    sequences.append((np.array(encoding.ids), np.array(encoding.type_ids)))
    if is_roberta(case):  # where the padding id has no position
        sequences = [(np.where(ids == 1, 5, ids), types) for ids, types in sequences]
    return sequences


def pool(hidden, mode):
    return {"mean": hidden.mean(axis=0), "cls": hidden[0], "lasttoken": hidden[-1]}[mode]


def answer(case, model, inputs, hidden):
    if case.pooling == "splade":
        return np.log1p(np.maximum(model(**inputs).logits[0].numpy(), 0)).max(axis=0)
    if case.labels:
        logits = model(**inputs).logits[0].numpy()
        return logits if logits.ndim == 1 else logits[0]  # of tokens: the first one's
    return pool(hidden, case.pooling)


def model_inputs(case, ids, types):
    return {
        "input_ids": torch.tensor(ids)[None],
        # The only type of a RoBERTa is 0, whatever the tokenizer says.
        "token_type_ids": torch.tensor(types * 0 if is_roberta(case) else types)[None],
        "attention_mask": torch.ones(1, len(ids), dtype=torch.long),
    }


def answers(case, model, tokenizer):
    """[{"input": text or pair, "row": floats}]"""
    result = []
    for item in TEXTS + PAIRS:
        encoding = tokenizer.encode(item) if isinstance(item, str) else tokenizer.encode(*item)
        inputs = model_inputs(case, np.array(encoding.ids), np.array(encoding.type_ids))
        with torch.no_grad():
            row = answer(case, model.double(), inputs, hidden=None)
        result.append({"input": item, "row": [round(float(value), 7) for value in row]})
    return result


def expected(case, model, sequences):
    model = model.double()
    hidden, rows = [], []
    with torch.no_grad():
        for ids, types in sequences:
            inputs = model_inputs(case, ids, types)
            hidden.append(model.base_model(**inputs).last_hidden_state[0].numpy())
            rows.append(answer(case, model, inputs, hidden[-1]))
    return {
        "ids": np.concatenate([ids for ids, _ in sequences]).astype(np.int32),
        "type_ids": np.concatenate([types for _, types in sequences]).astype(np.int32),
        "offsets": np.cumsum([0] + [len(ids) for ids, _ in sequences]).astype(np.int32),
        "hidden": np.concatenate(hidden).astype(np.float32),
        "pooled": np.stack(rows).astype(np.float32),
    }


def old_name(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def write_weights(folder, case, model):
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    if case.bias:
        del tensors[case.bias]
    if case.tied:
        tensors = {name: value for name, value in tensors.items() if not name.endswith("decoder.weight")}
    # transformers shares what is tied, safetensors does not.
    tensors = {name: value.clone() for name, value in tensors.items()}
    if case.old_names:
        tensors = {old_name(name): value for name, value in tensors.items()}
        tensors["bert.embeddings.position_ids"] = torch.arange(32)[None]
    if case.shards == 1:
        safetensors.torch.save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        return
    names, weight_map = sorted(tensors), {}
    for shard in range(case.shards):
        file = f"model-{shard + 1:05}-of-{case.shards:05}.safetensors"
        part = names[shard :: case.shards]
        safetensors.torch.save_file({name: tensors[name] for name in part}, folder / file, {"format": "pt"})
        weight_map |= {name: file for name in part}
    total = sum(value.numel() * value.element_size() for value in tensors.values())
    write_json(
        folder / "model.safetensors.index.json",
        {"metadata": {"total_size": total}, "weight_map": weight_map},
    )


def write_json(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def write_sentence_files(folder, case):
    package = "sentence_transformers.models"
    transformer, pooling = f"{package}.Transformer", f"{package}.Pooling"
    modes = {
        "pooling_mode_cls_token": case.pooling == "cls",
        "pooling_mode_mean_tokens": case.pooling == "mean",
        "pooling_mode_max_tokens": False,
        "pooling_mode_lasttoken": case.pooling == "lasttoken",
    }
    length = {"max_seq_length": 32, "do_lower_case": False}
    if case.release_6:
        transformer = "sentence_transformers.base.modules.transformer.Transformer"
        pooling = "sentence_transformers.sentence_transformer.modules.pooling.Pooling"
        modes = {"pooling_mode": case.pooling, "include_prompt": True}
        length = {"transformer_task": "feature-extraction", "module_output_name": "token_embeddings"}
    write_json(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": transformer},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": pooling},
        ],
    )
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": case.hidden, **modes})
    write_json(folder / "sentence_bert_config.json", length)


def write_sparse_files(folder, case):
    package = "sentence_transformers.sparse_encoder.models"
    modules = [("", f"{package}.MLMTransformer"), ("1_SpladePooling", f"{package}.SpladePooling")]
    write_json(
        folder / "modules.json",
        [{"idx": i, "name": str(i), "path": path, "type": kind} for i, (path, kind) in enumerate(modules)],
    )
    pooling = {"pooling_strategy": "max", "activation_function": "relu", "word_embedding_dimension": VOCABULARY}
    write_json(folder / "1_SpladePooling" / "config.json", pooling)


def write_case(folder, case, tokenizer):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = make_model(case)
    kept = ("hidden_act hidden_size intermediate_size layer_norm_eps max_position_embeddings model_type "
            "num_attention_heads num_hidden_layers pad_token_id type_vocab_size vocab_size").split()  # fmt: skip
    if case.labels:
        kept += ["id2label", "label2id"]
    if not case.tied:
        kept += ["tie_word_embeddings"]
    config = model.config.to_dict()
    write_json(
        folder / "config.json",
        {key: config[key] for key in kept} | {"architectures": [type(model).__name__]},
    )
    if case.labels:
        pass  # Sentence Transformers lays no files beside a cross-encoder
    elif case.pooling == "splade":
        write_sparse_files(folder, case)
    else:
        write_sentence_files(folder, case)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False))
    write_weights(folder, case, model)
    arrays = expected(case, model, batch(case, tokenizer))
    safetensors.numpy.save_file(arrays, folder / "expected.safetensors")
    if case.pooling == "splade" or case.kind.endswith("SequenceClassification"):
        write_json(folder / "answers.json", answers(case, model, tokenizer))
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where to write one folder a model")
    folder = parser.parse_args().folder
    tokenizer = make_tokenizer()
    for case in CASES:
        write_case(folder / case.name, case, tokenizer)
        print(folder / case.name)


if __name__ == "__main__":
    main()
