#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train libration's bundled transformer: a small Llama on Jane Austen's prose.

What it does, from nothing but Debian packages and without any network:

  1. takes the six novels out of the package r-cran-janeaustenr (by Rscript) and
     normalises them to a fixed alphabet of 75 ASCII characters (austen.py),
  2. trains a decoder of the Llama family on five of them (AdamW, linear warm-up and
     then cosine decay to zero; gradient clipping),
  3. rounds the weights to bfloat16 and measures, with those rounded weights computing
     in float32, the loss on the whole sixth novel: windows of the context's length,
     half a context apart, each charged for its second half, the first for the whole,
  4. writes a folder as Hugging Face has it: config.json, model.safetensors (BF16, the
     vocabulary in its metadata) and vocabulary.json.

Needs: Debian packages python3-torch and r-cran-janeaustenr; libopenblas0-pthread makes
it several times as fast.

    apt-get install --no-install-recommends python3-torch r-cran-janeaustenr libopenblas0-pthread
    python3 train_austen_llama.py --model austen_llama

The model, a layer (x a row a character):

    a  = rms_norm(x, input_layernorm)
    x += o_proj(attention(rope(q_proj a), rope(k_proj a), v_proj a))     causal, grouped queries
    b  = rms_norm(x, post_attention_layernorm)
    x += down_proj(silu(gate_proj b) * up_proj b)

and after the layers logits = embed_tokens rms_norm(x, norm). rope turns the pairs
(i, i + d/2) of a head by position * theta^(-2i/d).

Deterministic: same seed, options, thread count, library versions and processor give
the same weights.
"""

import argparse
import json
import math
import os
import sys
import time

import torch

from austen import (NOVELS, VOCABULARY, Corpus, Product, add_training_arguments, new_optimiser,
                    prepare, write_safetensors)

linear = Product.apply

# ----------------------------------------------------------------------------
# Model
# ----------------------------------------------------------------------------


class Attention(torch.autograd.Function):
    """Causal attention of units (a sequence's key head and its queries), one at a time,
    so that a unit's weights stay in the cache.

    q (units, group, T, d), k, v (units, T, d); scale is in q already.
    """

    @staticmethod
    def forward(ctx, q, k, v, mask):
        units, group, length, size = q.shape
        q = q.reshape(units, group * length, size)
        weights = q.new_empty(units, group * length, length)
        out = torch.empty_like(q)
        mask = mask.repeat(group, 1)
        for u in range(units):
            p = weights[u]
            torch.addmm(mask, q[u], k[u].t(), out=p)
            p.copy_(torch.softmax(p, 1))
            torch.mm(p, v[u], out=out[u])
        ctx.save_for_backward(q, k, v, weights)
        return out.view(units, group, length, size)

    @staticmethod
    def backward(ctx, g):
        q, k, v, weights = ctx.saved_tensors
        g = g.reshape(q.shape)
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        for u in range(len(q)):
            p = weights[u]
            torch.mm(p.t(), g[u], out=dv[u])
            d = torch.mm(g[u], v[u].t()).mul_(p)
            d.addcmul_(p, d.sum(1, keepdim=True), value=-1.0)
            torch.mm(d, k[u], out=dq[u])
            torch.mm(d.t(), q[u], out=dk[u])
        return dq.view(len(q), -1, *k.shape[1:]), dk, dv, None


class RootMeanSquare(torch.autograd.Function):
    """x / sqrt(mean(x^2) + eps) * w of rows x (N, n)."""

    @staticmethod
    def forward(ctx, x, w, eps):
        r = x.square().mean(1, keepdim=True).add_(eps).rsqrt_()
        y = x * r
        ctx.save_for_backward(y, r, w)
        return y * w

    @staticmethod
    def backward(ctx, g):
        y, r, w = ctx.saved_tensors
        dw = (g * y).sum(0)
        d = g * w
        d.addcmul_(y, (d * y).mean(1, keepdim=True), value=-1.0)
        return d.mul_(r), dw, None


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Llama:
    def __init__(self, config):
        c = self.config = config
        n, head = c["hidden_size"], c["hidden_size"] // c["num_attention_heads"]
        keys, inner = c["num_key_value_heads"] * head, c["intermediate_size"]
        deep = (2 * c["num_hidden_layers"]) ** -0.5  # what is added to the stream

        def new(rows, columns, scale=1.0):
            return torch.randn(rows, columns) * (scale * columns ** -0.5)

        w = {"model.embed_tokens.weight": torch.randn(c["vocab_size"], n) * n ** -0.5}
        for i in range(c["num_hidden_layers"]):
            layer = "model.layers.%d." % i
            w[layer + "input_layernorm.weight"] = torch.ones(n)
            w[layer + "self_attn.q_proj.weight"] = new(n, n)
            w[layer + "self_attn.k_proj.weight"] = new(keys, n)
            w[layer + "self_attn.v_proj.weight"] = new(keys, n)
            w[layer + "self_attn.o_proj.weight"] = new(n, n, deep)
            w[layer + "post_attention_layernorm.weight"] = torch.ones(n)
            w[layer + "mlp.gate_proj.weight"] = new(inner, n)
            w[layer + "mlp.up_proj.weight"] = new(inner, n)
            w[layer + "mlp.down_proj.weight"] = new(n, inner, deep)
        w["model.norm.weight"] = torch.ones(n)
        self.weights = w
        length = c["max_position_embeddings"]
        frequencies = c["rope_theta"] ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
        angles = torch.arange(length, dtype=torch.float64)[:, None] * frequencies
        self.cos, self.sin = angles.cos().float(), angles.sin().float()
        self.mask = torch.full((length, length), -math.inf).triu(1)

    def logits(self, tokens, w=None, dropout=0.0):
        """Logits (sequences * T, vocabulary) of tokens (sequences, T)."""
        w, c = w or self.weights, self.config
        sequences, length = tokens.shape
        heads, key_heads = c["num_attention_heads"], c["num_key_value_heads"]
        group, head = heads // key_heads, c["hidden_size"] // heads
        cos, sin, mask = self.cos[:length], self.sin[:length], self.mask[:length, :length]
        units = sequences * key_heads

        def norm(x, name):
            return RootMeanSquare.apply(x, w[name], c["rms_norm_eps"])

        def dropped(x):
            return torch.nn.functional.dropout(x, dropout) if dropout > 0.0 else x

        def keys(x):
            x = x.view(sequences, length, key_heads, head).transpose(1, 2)
            return x.reshape(units, length, head)

        x = torch.nn.functional.embedding(tokens.reshape(-1), w["model.embed_tokens.weight"])
        for i in range(c["num_hidden_layers"]):
            layer = "model.layers.%d." % i
            a = norm(x, layer + "input_layernorm.weight")
            q = linear(a, w[layer + "self_attn.q_proj.weight"]) * head ** -0.5
            q = q.view(sequences, length, key_heads, group, head).permute(0, 2, 3, 1, 4)
            q = rotate(q.reshape(units, group, length, head), cos, sin)
            k = rotate(keys(linear(a, w[layer + "self_attn.k_proj.weight"])), cos, sin)
            v = keys(linear(a, w[layer + "self_attn.v_proj.weight"]))
            y = Attention.apply(q, k, v, mask)
            y = y.view(sequences, key_heads, group, length, head).permute(0, 3, 1, 2, 4)
            y = y.reshape(sequences * length, heads * head)
            x = x + dropped(linear(y, w[layer + "self_attn.o_proj.weight"]))
            b = norm(x, layer + "post_attention_layernorm.weight")
            gate = linear(b, w[layer + "mlp.gate_proj.weight"])
            up = linear(b, w[layer + "mlp.up_proj.weight"])
            inner = torch.nn.functional.silu(gate) * up
            x = x + dropped(linear(inner, w[layer + "mlp.down_proj.weight"]))
        return linear(norm(x, "model.norm.weight"), w["model.embed_tokens.weight"])


@torch.no_grad()
def held_out_loss(model, data, weights=None, windows=None):
    """Mean loss of a text: windows half a context apart, each charged for its second half, the first for
    the whole. The text's first character is given. `windows`: only so many, evenly spread."""
    context = model.config["max_position_embeddings"]
    half, total, count = context // 2, 0.0, 0
    starts = list(range(0, max(1, len(data) - 1 - half), half))
    if windows:
        starts = starts[:: max(1, len(starts) // windows)]
    for start in starts:
        piece = data[start: start + context + 1]
        logits = model.logits(piece[None, :-1], weights).double()
        first = 0 if start == 0 else half
        losses = torch.nn.functional.cross_entropy(logits, piece[1:], reduction="none")[first:]
        total += float(losses.sum())
        count += len(losses)
    return total / count


# ----------------------------------------------------------------------------
# Training
# ----------------------------------------------------------------------------

def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="austen_llama", help="folder to write")
    p.add_argument("--layers", type=int, default=5, help="default %(default)s")
    p.add_argument("--hidden", type=int, default=128, help="default %(default)s")
    p.add_argument("--intermediate", type=int, default=248, help="default %(default)s")
    p.add_argument("--heads", type=int, default=4, help="query heads (default %(default)s)")
    p.add_argument("--key-heads", type=int, default=2, help="default %(default)s")
    p.add_argument("--context", type=int, default=256, help="default %(default)s")
    p.add_argument("--sequences", type=int, default=32, help="a step (default %(default)s)")
    p.add_argument("--dropout", type=float, default=0.0,
                   help="of what a layer adds (default %(default)s)")
    add_training_arguments(p)
    p.set_defaults(epochs=5.0, warm_up=300, weight_decay=0.05, precision="float32", glance_every=250)
    return p.parse_args()


def main():
    a = arguments()
    prepare(a)
    corpus = Corpus(a.held_out)
    data, held_out = corpus.data, corpus.held_out

    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(VOCABULARY),
        "hidden_size": a.hidden,
        "intermediate_size": a.intermediate,
        "num_hidden_layers": a.layers,
        "num_attention_heads": a.heads,
        "num_key_value_heads": a.key_heads,
        "max_position_embeddings": a.context,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "rope_scaling": None,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": None,
        "torch_dtype": "bfloat16",
    }
    model = Llama(config)
    w = model.weights
    for p in w.values():
        p.requires_grad_(True)
    parameters = sum(p.numel() for p in w.values())
    optimiser = new_optimiser(w, a)
    steps = round(a.epochs * len(data) / (a.sequences * a.context))
    print("%d parameters, %d steps of %d characters"
          % (parameters, steps, a.sequences * a.context), flush=True)

    def save(loss, remark=""):
        os.makedirs(a.model, exist_ok=True)
        with open(os.path.join(a.model, "config.json"), "w", encoding="ascii") as f:
            json.dump(config, f, indent=2)
            f.write("\n")
        with open(os.path.join(a.model, "vocabulary.json"), "w", encoding="ascii") as f:
            json.dump(VOCABULARY, f)
            f.write("\n")
        metadata = corpus.metadata(
            "train_austen_llama.py", parameters, loss, "%g epochs, %d sequences of %d a step, seed %d%s"
            % (a.epochs, a.sequences, a.context, a.seed, remark))
        return write_safetensors(os.path.join(a.model, "model.safetensors"), w, metadata, torch.bfloat16)

    start, mean = time.time(), None
    if a.steps:
        steps = min(steps, a.steps)
    window = torch.arange(a.context + 1)
    for step in range(1, steps + 1):
        at = torch.randint(len(data) - a.context, (a.sequences, 1))
        piece = data[at + window]
        rate = a.rate * min(1.0, step / a.warm_up) * 0.5 * (1.0 + math.cos(math.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = torch.nn.functional.cross_entropy(
            model.logits(piece[:, :-1], dropout=a.dropout), piece[:, 1:].reshape(-1))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(w.values()), a.clip)
        optimiser.step()
        value = float(loss)
        if not math.isfinite(value):
            sys.exit("the loss is not finite at step %d" % step)
        mean = value if mean is None else mean + 0.02 * (value - mean)
        if step % 50 == 0:
            elapsed = time.time() - start
            print("step %6d  loss %.4f  rate %.2e  %.0f s  %.0f characters/s"
                  % (step, mean, rate, elapsed, step * a.sequences * a.context / elapsed), flush=True)
        if step % a.glance_every == 0:
            estimate = held_out_loss(model, held_out, windows=60)
            print("held out: about %.4f" % estimate, flush=True)
            save("%.3f" % estimate, ", unfinished")

    print("trained in %.0f s; measuring the stored weights" % (time.time() - start), flush=True)
    Product.type = torch.float32
    stored = {k: v.detach().to(torch.bfloat16).float() for k, v in w.items()}
    loss = held_out_loss(model, held_out, stored)
    size = save("%.4f" % loss)
    print("%s: %.4f nats per character on %s, %d bytes"
          % (a.model, loss, NOVELS[a.held_out], size), flush=True)


if __name__ == "__main__":
    main()
