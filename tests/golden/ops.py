"""Goldens of the operations, by plain formulas in float64.

    python tests/golden/ops.py

Inputs are rounded to float32 before anything is computed from them; outputs are rounded once, when stored.
"""

import math
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
rng = np.random.default_rng(5)
tensors = {}


def given(name, value):
    """Stores an input and returns it as the float64 that its reader sees."""
    tensors[name] = np.ascontiguousarray(value, np.float32)
    return tensors[name].astype(np.float64)


def given_integers(name, value):
    tensors[name] = np.array(value, np.int32)
    return tensors[name]


def expected(name, value):
    tensors[name] = np.ascontiguousarray(value, np.float32)


def gelu_erf(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def gelu_tanh(x):
    return x * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x):
    return x / (1 + np.exp(-x))


def softmax(x):
    shares = np.exp(x - x.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def linear():  # weight is [out, in]
    x = given("linear/x", rng.normal(size=(5, 19)))
    weight = given("linear/weight", rng.normal(size=(13, 19)))
    bias = given("linear/bias", rng.normal(size=13))
    expected("linear/y_without_bias", x @ weight.T)
    y = x @ weight.T + bias
    expected("linear/y", y)
    for activation in (gelu_erf, gelu_tanh, silu):
        expected(f"linear/y_{activation.__name__}", activation(y))


def embedding():
    table = given("embedding/table", rng.normal(size=(7, 6)))
    ids = given_integers("embedding/ids", [3, 0, 6, 3])
    expected("embedding/y", table[ids])


def layer_norm():
    x = rng.normal(size=(6, 21))
    x[1] += 100  # a mean far from zero: a one-pass variance in float loses it
    x[2] = 0  # nothing varies: the output is the bias
    x[3] *= 1e-4  # epsilon matters for 1e-5, not for 1e-12
    x = given("layer_norm/x", x)
    gain = given("layer_norm/gain", rng.normal(1, 0.3, 21))
    bias = given("layer_norm/bias", rng.normal(0, 0.3, 21))
    for name, epsilon in (("y", 1e-12), ("y_epsilon_1e-5", 1e-5)):
        normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)
        expected(f"layer_norm/{name}", normal * gain + bias)


def activations():
    for activation in (gelu_erf, gelu_tanh, silu):
        x = given(f"{activation.__name__}/x", np.concatenate([np.linspace(-12, 12, 97), [-80, 80, 1e-6, -1e-6]]))
        expected(f"{activation.__name__}/y", activation(x))


def attention():
    """Heads lie side by side in a row; scores are divided by sqrt(head width)."""
    heads, width = 3, 12
    counts, prefixes = [5, 1, 9, 4], [2, 0, 3, 4]  # the prefix differs from sequence to sequence
    offsets = given_integers("attention/offsets", np.cumsum([0] + counts))
    given_integers("attention/heads", [heads])
    given_integers("attention/prefix", prefixes)
    query, key, value = (given(f"attention/{part}", rng.normal(size=(sum(counts), width))) for part in ("query", "key", "value"))

    def run(visible):
        rows = []
        for begin, end, prefix in zip(offsets, offsets[1:], prefixes):
            split = lambda x: x[begin:end].reshape(end - begin, heads, -1).transpose(1, 0, 2)
            scores = split(query) @ split(key).transpose(0, 2, 1) / math.sqrt(width / heads)
            row, column = np.ogrid[: end - begin, : end - begin]
            shares = softmax(np.where(visible(row, column, prefix), scores, -np.inf))
            rows.append((shares @ split(value)).transpose(1, 0, 2).reshape(end - begin, width))
        return np.concatenate(rows)

    expected("attention/y_bidirectional", run(lambda row, column, prefix: column >= 0))
    expected("attention/y_causal", run(lambda row, column, prefix: column <= row))
    # Two regions: the prefix sees itself whole, what follows sees it and its own past.
    expected("attention/y_prefix", run(lambda row, column, prefix: (column < prefix) | (column <= row)))


def pooling():
    x = given("pooling/x", rng.normal(size=(9, 5)))
    offsets = given_integers("pooling/offsets", [0, 4, 5, 9])
    sequences = [x[begin:end] for begin, end in zip(offsets, offsets[1:])]
    expected("pooling/y_mean", [rows.mean(0) for rows in sequences])
    expected("pooling/y_first", [rows[0] for rows in sequences])
    expected("pooling/y_last", [rows[-1] for rows in sequences])


def l2_normalize():
    x = rng.normal(size=(4, 11))
    x[1] *= 1e6
    x[2] *= 1e-6
    x = given("l2_normalize/x", x)
    expected("l2_normalize/y", x / np.sqrt((x * x).sum(-1, keepdims=True)))


def rms_norm():
    x = rng.normal(size=(5, 21))
    x[1] += 100
    x[2] = 0
    x[3] *= 1e-3  # epsilon matters
    x = given("rms_norm/x", x)
    gain = given("rms_norm/gain", rng.normal(1, 0.3, 21))
    expected("rms_norm/y", x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * gain)


def rope():
    """Rotates pairs of each head by position * base^(-2 pair / width): (i, i + width / 2), or interleaved (2 i, 2 i + 1)."""
    heads, width, base = 3, 8, 10000
    positions = given_integers("rope/positions", [0, 1, 2, 7, 100, 1000, 7])
    given_integers("rope/heads", [heads])
    x = given("rope/x", rng.normal(size=(len(positions), heads * width)))
    angles = positions[:, None, None] * base ** (-np.arange(0, width, 2) / width)
    for order, axis in (("half_split", 2), ("interleaved", 3)):  # [rows, heads, 2, pairs] or [rows, heads, pairs, 2]
        halves = x.reshape(len(x), heads, *((2, width // 2) if axis == 2 else (width // 2, 2)))
        first, second = np.moveaxis(halves, axis, 0)
        turned = (first * np.cos(angles) - second * np.sin(angles), first * np.sin(angles) + second * np.cos(angles))
        expected(f"rope/y_{order}", np.stack(turned, axis).reshape(x.shape))


def gated():
    a, b = (given(f"gated/{part}", rng.normal(0, 3, (4, 23))) for part in "ab")
    for activation in (gelu_erf, gelu_tanh, silu):
        expected(f"gated/y_{activation.__name__}", activation(a) * b)


def log_softmax():
    x = rng.normal(0, 3, (5, 33))
    x[1] += 1000  # its exponential overflows
    x[2] = -7  # all equal
    x[3] *= 20  # almost certain
    x = given("log_softmax/x", x)
    shifted = x - x.max(-1, keepdims=True)
    expected("log_softmax/y", shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def main():
    # New ones go to the end: each draws its numbers after those before it.
    operations = (linear, embedding, layer_norm, activations, attention, pooling, l2_normalize)
    for operation in (*operations, rms_norm, rope, gated, log_softmax):
        operation()
    save_file(tensors, HERE / "ops.safetensors")


if __name__ == "__main__":
    main()
