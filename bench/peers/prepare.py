"""Prepares what the peers run: a BERT-base-shaped random model, and each model as an optimised ONNX graph.

    python prepare.py random-base <tokenizer folder> <out folder>
    python prepare.py onnx <model folder> <out file>

Runs in the peers' own environment (bench/peers/requirements.txt).
"""

import contextlib
import io
import json
import pathlib
import shutil
import sys
import warnings

import torch
from transformers import AutoModel, BertConfig, BertModel

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def random_base(tokenizer_folder, out):
    """BERT-base in shape, with the tokenizer of another model and weights that no training has seen."""
    source, out = pathlib.Path(tokenizer_folder), pathlib.Path(out)
    vocabulary = json.loads((source / "config.json").read_text())["vocab_size"]
    torch.manual_seed(7)
    BertModel(BertConfig(vocab_size=vocabulary), add_pooling_layer=False).save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "sentence_bert_config.json"):
        shutil.copy(source / name, out / name)
    pooling = {"word_embedding_dimension": 768, "pooling_mode_mean_tokens": True}
    (out / "1_Pooling").mkdir(exist_ok=True)
    (out / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    modules = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    (out / "2_Normalize").mkdir(exist_ok=True)
    rows = [
        {"idx": i, "name": str(i), "path": paths[i], "type": f"sentence_transformers.models.{module}"}
        for i, module in enumerate(modules)
    ]
    (out / "modules.json").write_text(json.dumps(rows))


class LastHiddenState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return out.last_hidden_state


def onnx(folder, out):
    """Exports the encoder and fuses its graph with onnxruntime's own optimiser for transformers."""
    from onnxruntime.transformers import optimizer

    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    plain = pathlib.Path(out).with_suffix(".plain.onnx")
    ids = torch.randint(5, 1000, (2, 16))
    axes = {name: {0: "batch", 1: "sequence"} for name in (*INPUTS, "last_hidden_state")}
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        # The exporter by tracing: the optimiser knows its graphs.
        torch.onnx.export(
            LastHiddenState(model), (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(plain),
            input_names=list(INPUTS), output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
    config = model.config
    fused = optimizer.optimize_model(
        str(plain), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size,
        opt_level=1, use_gpu=False,
    )  # fmt: skip
    counts = fused.get_fused_operator_statistics()
    if counts["Attention"] != config.num_hidden_layers or counts["BiasGelu"] != config.num_hidden_layers:
        sys.exit(f"prepare.py: the graph did not fuse as it should: {counts}")
    fused.save_model_to_file(out)
    plain.unlink()


if __name__ == "__main__":
    {"random-base": random_base, "onnx": onnx}[sys.argv[1]](*sys.argv[2:])
