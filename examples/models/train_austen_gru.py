#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train libration's bundled example model: a character GRU on Jane Austen's prose.

What it does, from nothing but two Debian packages and without any network:

  1. takes the six novels out of the package r-cran-janeaustenr (by Rscript),
  2. normalises them to a fixed alphabet of 75 ASCII characters,
  3. trains one GRU layer on five of them (truncated back-propagation through
     time over parallel streams whose state is carried along; AdamW, linear
     warm-up and then cosine decay to zero; gradient clipping),
  4. rounds the weights to float16 and measures, with those rounded weights
     computing in float32, the loss on the whole sixth novel, the state carried
     from the zero state at its first character to its last,
  5. writes the weights as safetensors under the names of PyTorch's state_dict
     (embedding.*, rnn.*, decoder.*; see "The model" below), and the opening of
     the sixth novel as a text file.

Needs: Debian packages python3-torch and r-cran-janeaustenr.

    apt-get install --no-install-recommends python3-torch r-cran-janeaustenr
    python3 train_austen_gru.py --model austen_gru.safetensors --text persuasion.txt

The model, in PyTorch's conventions (torch.nn.GRU, gates in the order r, z, n):

    x  = embedding.weight[token]
    r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
    z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
    n  = tanh   (W_in x + b_in + r * (W_hn h + b_hn))
    h' = (1 - z) * n + z * h
    logits of the next character = decoder.weight h' + decoder.bias

Speed.  The recurrence is written out by hand (forward and backward, one fused
matrix product a step; the input half is a table of V rows, looked up; weight
gradients are one product per window) and its matrix products run in bfloat16 with
float32 accumulation by default: on a processor with AVX512-BF16 that is several
times quicker than float32.  Elsewhere say --precision float32.  Weights, states
and the optimiser are float32 either way.

Deterministic: same seed, options, thread count, library versions and processor
give the same weights.
"""

import argparse
import math
import sys
import time

import torch

from austen import (NOVELS, VOCABULARY, Corpus, Product, add_training_arguments, new_optimiser,
                    opening, prepare, write_safetensors)

# ----------------------------------------------------------------------------
# Model
# ----------------------------------------------------------------------------

class Recurrence(torch.autograd.Function):
    """A GRU layer over a window, forward and backward by hand.

    table  (V, 3H): the input's part of the three gates for every token
    w      (3H, H), b (3H): torch.nn.GRU's weight_hh_l0 and bias_hh_l0
    h0     (B, H), tokens (T, B); returns the states (T, B, H)
    """

    @staticmethod
    def forward(ctx, table, w, b, h0, tokens):
        steps, streams = tokens.shape
        size = h0.shape[1]
        wt = w.t().to(Product.type).contiguous()
        gates = table.index_select(0, tokens.reshape(-1)).view(steps, streams, 3 * size)
        gates[:, :, : 2 * size] += b[: 2 * size]
        bn = b[2 * size:]
        states = torch.empty(steps + 1, streams, size)
        narrow = torch.empty(steps + 1, streams, size, dtype=Product.type)
        hidden = torch.empty(steps, streams, size)  # W_hn h + b_hn
        states[0] = h0
        narrow[0] = h0
        for t in range(steps):
            a = torch.mm(narrow[t], wt)
            rz = gates[t, :, : 2 * size]
            n = gates[t, :, 2 * size:]
            torch.sigmoid_(rz.add_(a[:, : 2 * size]))
            torch.add(a[:, 2 * size:], bn, out=hidden[t])
            # tanh(v) = 2 sigmoid(2 v) - 1, the quicker of the two here
            n.addcmul_(rz[:, :size], hidden[t]).mul_(2.0).sigmoid_().mul_(2.0).sub_(1.0)
            torch.lerp(n, states[t], rz[:, size:], out=states[t + 1])
            narrow[t + 1] = states[t + 1]
        ctx.save_for_backward(w, tokens, gates, hidden, states, narrow)
        ctx.vocabulary = table.shape[0]
        return states[1:]

    @staticmethod
    def backward(ctx, g):
        w, tokens, gates, hidden, states, narrow = ctx.saved_tensors
        steps, streams, size = g.shape
        wg = w.to(Product.type)
        r, z, n = gates.split(size, dim=2)
        # the factors that need no recursion, for the whole window at once
        da = torch.empty(steps, streams, 3 * size, dtype=Product.type)   # at W_hh h + b_hh
        dn = torch.empty(steps, streams, size, dtype=Product.type)       # at W_in x + b_in
        fn = (1.0 - z) * (1.0 - n * n)
        fr = hidden * r * (1.0 - r)
        fz = (states[:-1] - n) * z * (1.0 - z)
        dh = torch.zeros(streams, size)
        for t in range(steps - 1, -1, -1):
            dh = dh + g[t]
            gn = dh * fn[t]
            dn[t] = gn
            d = da[t]
            d[:, :size] = gn * fr[t]
            d[:, size: 2 * size] = dh * fz[t]
            d[:, 2 * size:] = gn.mul_(r[t])
            dh = dh.mul_(z[t]).add_(torch.mm(d, wg))
        rows = steps * streams
        flat = da.view(rows, 3 * size)
        dw = torch.mm(flat.t(), narrow[:-1].reshape(rows, size)).float()
        onehot = torch.zeros(rows, ctx.vocabulary, dtype=Product.type)
        onehot.scatter_(1, tokens.reshape(-1, 1), 1.0)
        both = torch.cat((flat[:, : 2 * size], dn.view(rows, size)), dim=1)
        dtable = torch.mm(onehot.t(), both).float()
        db = torch.cat((dtable.sum(0)[: 2 * size], da[:, :, 2 * size:].float().sum((0, 1))))
        return dtable, dw, db, None, None


def new_weights(vocabulary, embedding, hidden):
    """Initial weights: orthogonal recurrent blocks, biased towards remembering."""
    w = {
        "embedding.weight": torch.randn(vocabulary, embedding) * 0.5,
        "rnn.weight_ih_l0": torch.empty(3 * hidden, embedding),
        "rnn.weight_hh_l0": torch.empty(3 * hidden, hidden),
        "rnn.bias_ih_l0": torch.zeros(3 * hidden),
        "rnn.bias_hh_l0": torch.zeros(3 * hidden),
        "decoder.weight": torch.randn(vocabulary, hidden) * hidden ** -0.5,
        "decoder.bias": torch.zeros(vocabulary),
    }
    torch.nn.init.xavier_uniform_(w["rnn.weight_ih_l0"])
    for gate in range(3):
        torch.nn.init.orthogonal_(w["rnn.weight_hh_l0"][gate * hidden: (gate + 1) * hidden])
    w["rnn.bias_ih_l0"][hidden: 2 * hidden] = 1.0
    return w


def window_loss(w, h0, tokens, targets, dropout=0.0):
    """Mean loss of a window (T, B) and the states after it."""
    table = torch.nn.functional.linear(
        w["embedding.weight"], w["rnn.weight_ih_l0"], w["rnn.bias_ih_l0"])
    states = Recurrence.apply(
        table, w["rnn.weight_hh_l0"], w["rnn.bias_hh_l0"], h0, tokens)
    last = states[-1].detach().clone()
    top = states.reshape(-1, h0.shape[1])
    if dropout > 0.0:  # one mask for the whole window
        mask = torch.empty_like(h0).bernoulli_(1.0 - dropout).div_(1.0 - dropout)
        top = (states * mask).reshape(-1, h0.shape[1])
    logits = Product.apply(top, w["decoder.weight"]) + w["decoder.bias"]
    return torch.nn.functional.cross_entropy(logits, targets.reshape(-1)), last


@torch.no_grad()
def glance(w, data, hidden, streams=64, window=128):
    """A quick estimate of the loss: parallel streams, in the training's arithmetic."""
    length = (len(data) - 1) // streams
    x = data[: streams * length].view(streams, length).t().contiguous()
    y = data[1: streams * length + 1].view(streams, length).t().contiguous()
    h, total = torch.zeros(streams, hidden), 0.0
    for s in range(0, length, window):
        loss, h = window_loss(w, h, x[s: s + window], y[s: s + window])
        total += float(loss) * min(window, length - s)
    return total / length


@torch.no_grad()
def carried_loss(w, data, pieces=64, tolerance=1e-4):
    """Loss of a whole text in float32, the state carried through from the zero state.

    The first character is given; every one after it is predicted.  For speed the
    text is cut into pieces that run side by side, again and again, each from the
    state in which the piece before it ended the last time, until no piece's start
    moves by more than the tolerance.  That is the sequential run (after k rounds
    the first k pieces surely are), and a model that forgets gets there in about three.
    Returns the loss and the number of rounds.
    """
    hidden = w["rnn.weight_hh_l0"].shape[1]
    count = len(data) - 1
    length = -(-count // pieces)
    pad = data.new_zeros(pieces * length - count)
    x = torch.cat((data[:-1], pad)).view(pieces, length).t().contiguous()
    y = torch.cat((data[1:], pad)).view(pieces, length).t().contiguous()
    counts = (torch.arange(pieces * length) < count).view(pieces, length).t()

    linear = torch.nn.functional.linear
    table = linear(w["embedding.weight"], w["rnn.weight_ih_l0"], w["rnn.bias_ih_l0"])
    bias = w["rnn.bias_hh_l0"]
    if torch.backends.mkldnn.is_available():  # far quicker than a reference BLAS
        recurrent = w["rnn.weight_hh_l0"].to_mkldnn()

        def product(h):
            return linear(h.to_mkldnn(), recurrent).to_dense()
    else:
        def product(h):
            return linear(h, w["rnn.weight_hh_l0"])

    starts = torch.zeros(pieces, hidden)
    for rounds in range(1, pieces + 2):
        h, total = starts, 0.0
        for t in range(length):
            xr, xz, xn = table[x[t]].chunk(3, 1)
            ar, az, an = (product(h) + bias).chunk(3, 1)
            n = torch.tanh(xn + torch.sigmoid(xr + ar) * an)
            h = n + torch.sigmoid(xz + az) * (h - n)
            logits = linear(h, w["decoder.weight"], w["decoder.bias"]).double()
            losses = torch.nn.functional.cross_entropy(logits, y[t], reduction="none")
            total += float(losses[counts[t]].sum())
        ends = torch.cat((torch.zeros(1, hidden), h[:-1]))
        moved = float((ends - starts).abs().max())
        print("  round %d: %.6f nats per character, starts moved by %.1e"
              % (rounds, total / count, moved), flush=True)
        if moved <= tolerance:
            break
        starts = ends
    return total / count, rounds


# ----------------------------------------------------------------------------
# Training
# ----------------------------------------------------------------------------

def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="austen_gru.safetensors", help="file to write")
    p.add_argument("--text", help="also write the held-out novel's opening to this file")
    p.add_argument("--text-characters", type=int, default=80000, metavar="N",
                   help="at most so many characters of it (default %(default)s)")
    p.add_argument("--hidden", type=int, default=448, help="default %(default)s")
    p.add_argument("--embedding", type=int, default=48, help="default %(default)s")
    p.add_argument("--streams", type=int, default=64, help="default %(default)s")
    p.add_argument("--window", type=int, default=128, help="default %(default)s")
    p.add_argument("--dropout", type=float, default=0.1,
                   help="of the states the decoder reads (default %(default)s)")
    p.add_argument("--drop-connect", type=float, default=0.0,
                   help="of recurrent weights, anew every window (default %(default)s)")
    add_training_arguments(p)
    p.set_defaults(epochs=14.0, warm_up=400, weight_decay=0.02, precision="bfloat16", glance_every=500)
    return p.parse_args()


def main():
    a = arguments()
    prepare(a)
    corpus = Corpus(a.held_out)
    data, held_out = corpus.data, corpus.held_out
    if a.text:
        with open(a.text, "w", encoding="ascii", newline="\n") as f:
            f.write(opening(corpus.held_out_text, a.text_characters))

    w = new_weights(len(VOCABULARY), a.embedding, a.hidden)
    for p in w.values():
        p.requires_grad_(True)
    parameters = sum(p.numel() for p in w.values())
    optimiser = new_optimiser(w, a)

    length = (len(data) - 1) // a.streams // a.window * a.window
    steps = round(a.epochs * length / a.window)
    print("%d parameters, %d steps of %d characters"
          % (parameters, steps, a.streams * a.window), flush=True)

    def metadata(loss, remark=""):
        return {
            "model_type": "gru",
            "prefix": "rnn.",
            "vocabulary_size": str(len(VOCABULARY)),
            "embedding_size": str(a.embedding),
            "hidden_size": str(a.hidden),
            **corpus.metadata("train_austen_gru.py", parameters, loss,
                              "%g epochs, %d streams, windows of %d, seed %d%s"
                              % (a.epochs, a.streams, a.window, a.seed, remark)),
        }

    start = time.time()
    step, h, mean = 0, None, None
    while step < steps:
        # An epoch: the novels as a ring, cut into streams at a place drawn anew.
        ring = torch.roll(data, -int(torch.randint(len(data), ())))
        x = ring[: a.streams * length].view(a.streams, length).t().contiguous()
        y = ring[1: a.streams * length + 1].view(a.streams, length).t().contiguous()
        h = torch.zeros(a.streams, a.hidden)
        for s in range(0, length, a.window):
            if step >= steps:
                break
            rate = a.rate * min(1.0, (step + 1) / a.warm_up)
            rate *= 0.5 * (1.0 + math.cos(math.pi * step / steps))
            for group in optimiser.param_groups:
                group["lr"] = rate
            used = w
            if a.drop_connect > 0.0:
                used = dict(w)
                used["rnn.weight_hh_l0"] = torch.nn.functional.dropout(
                    w["rnn.weight_hh_l0"], a.drop_connect)
            loss, h = window_loss(used, h, x[s: s + a.window], y[s: s + a.window], a.dropout)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(w.values()), a.clip)
            optimiser.step()
            step += 1
            value = float(loss)
            if not math.isfinite(value):
                sys.exit("the loss is not finite at step %d" % step)
            mean = value if mean is None else mean + 0.01 * (value - mean)
            if step % 100 == 0:
                elapsed = time.time() - start
                print("step %6d  epoch %6.2f  loss %.4f  rate %.2e  %.0f s  %.0f characters/s"
                      % (step, step * a.window / length, mean, rate, elapsed,
                         step * a.streams * a.window / elapsed), flush=True)
            if step % a.glance_every == 0:
                estimate = glance(w, held_out, a.hidden)
                print("held out: about %.4f" % estimate, flush=True)
                write_safetensors(a.model, w, metadata("%.3f" % estimate, ", unfinished"))
            if a.steps and step >= a.steps:
                steps = step

    print("trained in %.0f s; measuring the stored weights" % (time.time() - start), flush=True)
    stored = {k: v.detach().to(torch.float16).float() for k, v in w.items()}
    loss, _ = carried_loss(stored, held_out)
    size = write_safetensors(a.model, w, metadata("%.4f" % loss))
    print("%s: %.4f nats per character on %s, %d bytes"
          % (a.model, loss, NOVELS[a.held_out], size), flush=True)


if __name__ == "__main__":
    main()
