# SPDX-License-Identifier: MIT
"""Entropies of causal attention by PyTorch on one thread, for benchmarks/attention_entropy.bench.cpp.

Usage: attention_entropy.py FILE TOKENS SIZE REPEATS

FILE holds Q, then K, each (tokens, size) in single precision, row by row. Prints the least processor time of so many repeats, in
seconds, and the mean of the entropies, in nats.
"""

import sys
import time

import torch


def main():
    path, tokens, size, repeats = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(1)
    with open(path, "rb") as file:
        q, k = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(2, tokens, size)
    mask = torch.full((tokens, tokens), float("-inf")).triu(1)
    # What PyTorch is fastest with: every (tokens, tokens) array is made once.
    logits, weights = torch.empty(tokens, tokens), torch.empty(tokens, tokens)

    def entropy():
        torch.mm(q * size**-0.5, k.T, out=logits)
        logits.add_(mask)
        torch.softmax(logits, -1, out=weights)
        return torch.special.entr(weights, out=logits).sum(-1)

    mean = entropy().mean().item()
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        entropy()
        best = min(best, time.process_time() - start)
    print(best, mean)


if __name__ == "__main__":
    main()
