"""What torch says about the operations that the reference backend defines, for its own test.

    python tests/golden/kernels/make_kernels.py > tests/golden/kernels/kernels.txt

A line is a name and its numbers, inputs first. Written with torch's own operations (and for rotary embeddings and
relative positions transformers' own functions), never with ours. Needs torch 2 and transformers 4 or 5.
"""

import torch
from transformers.models.gptj.modeling_gptj import rotate_every_two
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb
from transformers.models.t5.modeling_t5 import T5Attention

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)


def say(name, tensor):
    print(name, *(f"{x:.9g}" for x in tensor.float().flatten().tolist()))


def floats(*shape):
    """Numbers that a float32 holds exactly."""
    return torch.randn(*shape).float().double()


def rotary():
    tokens, heads, size = 5, 2, 8
    angles = torch.outer(torch.arange(tokens).double(), 100.0 ** -(torch.arange(0, size, 2) / size))
    cos, sin = angles.cos(), angles.sin()
    x = floats(tokens, heads, size)
    say("rotary_angles", torch.cat([cos, sin], -1))
    say("rotary_in", x)
    full_cos, full_sin = torch.cat([cos, cos], -1)[None], torch.cat([sin, sin], -1)[None]
    turned, _ = apply_rotary_pos_emb(x.transpose(0, 1)[None], x.transpose(0, 1)[None], full_cos, full_sin)
    say("rotary_halves", turned[0].transpose(0, 1))
    wide_cos, wide_sin = cos.repeat_interleave(2, -1)[:, None], sin.repeat_interleave(2, -1)[:, None]
    say("rotary_neighbours", x * wide_cos + rotate_every_two(x[None])[0] * wide_sin)
    # Half of each head: 4 of 8 values, with the angles of the first two pairs.
    part, rest = x[..., :4], x[..., 4:]
    half_cos, half_sin = (torch.cat([t[:, :2]] * 2, -1)[:, None] for t in (cos, sin))
    swapped = torch.cat([-part[..., 2:], part[..., :2]], -1)
    say("rotary_partial", torch.cat([part * half_cos + swapped * half_sin, rest], -1))


def attention():
    tokens, heads, size = 7, 4, 4
    q, k, v = floats(tokens, heads, size), floats(tokens, heads, size), floats(tokens, heads, size)
    say("attention_qkv", torch.cat([t.reshape(tokens, -1) for t in (q, k, v)], -1))
    place = torch.arange(tokens)
    apart = place[None] - place[:, None]  # key - query

    def attend(mask, keys=k, values=v):
        out = torch.nn.functional.scaled_dot_product_attention(
            *(t.transpose(0, 1)[None] for t in (q, keys, values)), attn_mask=mask, scale=0.3
        )
        return out[0].transpose(0, 1)

    say("attention_causal", attend(apart <= 0))
    say("attention_window_2", attend(apart.abs() <= 2))
    slopes = torch.tensor([2.0**-i for i in (2, 4, 6, 8)])
    say("attention_slopes", slopes)
    say("attention_alibi", attend(-slopes[:, None, None] * apart.abs()))
    buckets = T5Attention._relative_position_bucket(apart, bidirectional=True, num_buckets=8, max_distance=6)
    reach = torch.arange(-6, 7)
    bucket_of = T5Attention._relative_position_bucket(reach, bidirectional=True, num_buckets=8, max_distance=6)
    bias = floats(8, heads)
    say("attention_table", bias[bucket_of].T)
    say("attention_relative", attend(bias[buckets].permute(2, 0, 1)))
    shared_k, shared_v = (t[:, :2] for t in (k, v))
    say("attention_shared_qkv", torch.cat([t.reshape(tokens, -1) for t in (q, shared_k, shared_v)], -1))
    say("attention_shared", attend(None, shared_k.repeat_interleave(2, 1), shared_v.repeat_interleave(2, 1)))


def gates():
    x, gate, up = floats(3, 6), floats(5, 6), floats(5, 6)
    say("gate_in", x)
    say("gate_weight", gate)
    say("gate_up", up)
    functional = torch.nn.functional
    say("gate_silu", functional.silu(x @ gate.T) * (x @ up.T))
    say("gate_gelu", functional.gelu(x @ gate.T) * (x @ up.T))
    say("gate_gelu_tanh", functional.gelu(x @ gate.T, approximate="tanh") * (x @ up.T))


def norms():
    x, gamma, beta = floats(3, 8), floats(8), floats(8)
    say("norm_in", x)
    say("norm_gamma", gamma)
    say("norm_beta", beta)
    say("norm_layer", torch.nn.functional.layer_norm(x, (8,), gamma, beta, 1e-5))
    say("norm_rms", x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * gamma)
    pieces = x.reshape(3, 2, 4)
    say("norm_rms_pieces", pieces * torch.rsqrt(pieces.pow(2).mean(-1, keepdim=True) + 1e-5) * gamma[:4])


for part in (rotary, attention, gates, norms):
    part()
