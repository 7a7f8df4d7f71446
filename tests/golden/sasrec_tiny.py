"""Goldens of the post-norm SASRec transformer (the one of the ICLRec checkpoints).

    python tests/golden/sasrec_tiny.py
    python tests/golden/sasrec_tiny.py --verify ICLRec-Beauty-1.safetensors Beauty.txt

The first form writes random models of one and two layers, their activations for three ragged sequences, and what
`rank_sequences` must print for sasrec_tiny.txt. The second writes nothing: it scores a trained checkpoint by the same
code. Weights are stored as float32 and computed with in float64.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).parent
HEADS = 2
ITEMS, WIDTH, FFN, POSITIONS = 40, 16, 32, 8
CUTOFFS = (5, 10, 20)


class Sasrec:
    def __init__(self, weights, heads, dtype=torch.float64):
        self.weights = {name: torch.from_numpy(value).to(dtype) for name, value in weights.items()}
        self.heads = heads
        self.layers = sum(name.endswith("attention.query.weight") for name in weights)
        self.items = self.weights["item_embeddings.weight"]  # row 0 is padding, the last row is the mask
        self.positions = self.weights["position_embeddings.weight"]

    def linear(self, name, x):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, name, x):
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred * centred).mean(-1, keepdim=True)  # biased
        return centred / torch.sqrt(variance + 1e-12) * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def attend(self, name, x, asking=None):
        count, width = x.shape
        split = lambda part, x: self.linear(f"{name}.{part}", x).reshape(count, self.heads, -1).transpose(0, 1)
        query = split("query", x if asking is None else asking)  # [heads, count, head_width]
        key, value = split("key", x), split("value", x)
        scores = query @ key.transpose(1, 2) / math.sqrt(width / self.heads)
        # The checkpoint was trained with -10000 added to what is hidden; its exponential is exactly 0, as here.
        hidden = torch.ones(count, count, dtype=torch.bool).triu(1)
        shares = torch.softmax(scores.masked_fill(hidden, -math.inf), -1)
        return self.linear(f"{name}.dense", (shares @ value).transpose(0, 1).reshape(count, width))

    def block(self, name, x):
        x = self.norm(f"{name}.attention.LayerNorm", x + self.attend(f"{name}.attention", x))
        wide = self.linear(f"{name}.intermediate.dense_1", x)
        wide = wide * 0.5 * (1 + torch.erf(wide / math.sqrt(2)))
        return self.norm(f"{name}.intermediate.LayerNorm", x + self.linear(f"{name}.intermediate.dense_2", wide))

    def states(self, items):
        """The embeddings and each layer's output, [count, width] each, of one sequence without padding."""
        limit = len(self.positions)
        x = self.norm("LayerNorm", self.items[items] + self.positions[limit - len(items) :])
        states = [x]
        for layer in range(self.layers):
            states.append(self.block(f"item_encoder.layer.{layer}", states[-1]))
        return states


def ranks(model, histories):
    """One rank a history (its last item is the target), and the smallest gap between a target and a rival."""
    limit = len(model.positions)
    result, gap = [], math.inf
    with torch.no_grad():
        for history in histories:
            seen, target = history[:-1], history[-1]
            scores = model.items @ model.states(seen[-limit:])[-1][-1]
            wanted = scores[target].clone()
            rivals = torch.ones(len(scores), dtype=torch.bool)
            rivals[[0, -1, target, *seen]] = False
            ahead = scores[rivals] - wanted
            result.append(1 + int((ahead > 0).sum()))
            gap = min(gap, float(ahead.abs().min()))
    return np.array(result), gap


def report(lines, model):
    histories = [[int(item) for item in line.split()[1:]] for line in lines]
    long_enough = [history for history in histories if len(history) > 1]
    rank, gap = ranks(model, long_enough)
    text = [f"users {len(rank)}"]
    if len(long_enough) < len(histories):
        text.append(f"skipped {len(histories) - len(long_enough)}")
    text += [f"HIT@{k} {np.mean(rank <= k):.4f}" for k in CUTOFFS]
    text += [f"NDCG@{k} {np.sum(1 / np.log2(rank[rank <= k] + 1)) / len(rank):.4f}" for k in CUTOFFS]
    return "\n".join(text) + "\n", rank, gap


def random_weights(layers, rng):
    def matrix(rows, columns, deviation):
        return rng.normal(0, deviation, (rows, columns)).astype(np.float32)

    def vector(size, mean):
        return rng.normal(mean, 0.2, size).astype(np.float32)

    weights = {
        "item_embeddings.weight": matrix(ITEMS + 2, WIDTH, 0.7),
        "position_embeddings.weight": matrix(POSITIONS, WIDTH, 0.7),
    }
    norms, linears = ["LayerNorm"], {}
    for layer in range(layers):
        block = f"item_encoder.layer.{layer}"
        norms += [f"{block}.attention.LayerNorm", f"{block}.intermediate.LayerNorm"]
        for part in ("query", "key", "value", "dense"):
            linears[f"{block}.attention.{part}"] = (WIDTH, WIDTH)
        linears[f"{block}.intermediate.dense_1"] = (FFN, WIDTH)
        linears[f"{block}.intermediate.dense_2"] = (WIDTH, FFN)
    for name in norms:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = vector(WIDTH, 1), vector(WIDTH, 0)
    for name, (rows, columns) in linears.items():
        weights[f"{name}.weight"], weights[f"{name}.bias"] = matrix(rows, columns, 0.4), vector(rows, 0)
    return weights


def write(layers, sequences, lines):
    rng = np.random.default_rng(100 + layers)
    weights = random_weights(layers, rng)
    stem = f"sasrec_tiny_{layers}"
    save_file(weights, HERE / f"{stem}.safetensors")

    model = Sasrec(weights, HEADS)
    states = [torch.cat(rows) for rows in zip(*(model.states(items) for items in sequences))]  # packed
    offsets = np.cumsum([0] + [len(items) for items in sequences])
    last = states[-1][offsets[1:] - 1]
    expected = {
        "items": np.array([item for items in sequences for item in items], np.int32),
        "positions": np.concatenate([np.arange(POSITIONS - len(items), POSITIONS) for items in sequences]).astype(np.int32),
        "offsets": offsets.astype(np.int32),
        "embeddings": states[0].numpy().astype(np.float32),
        "scores": (last @ model.items.T).numpy().astype(np.float32),  # of every row of the item table
    }
    for layer in range(layers):
        expected[f"layer.{layer}"] = states[layer + 1].numpy().astype(np.float32)
    save_file(expected, HERE / f"{stem}_expected.safetensors")

    text, rank, gap = report(lines, model)
    assert gap > 1e-3, f"a rank hangs on rounding: {gap}"  # so that float32 must give the same ranks
    (HERE / f"{stem}_ranking.txt").write_text(text)


def tiny_lines():
    """Users with histories shorter and longer than the model reads, repeated items, and one with a single item."""
    rng = np.random.default_rng(7)
    lines = [f"{user} " + " ".join(map(str, rng.integers(1, ITEMS + 1, rng.integers(2, 14)))) for user in range(1, 30)]
    return lines + ["30 5"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", nargs=2, metavar=("WEIGHTS", "DATA"))
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--float32", action="store_true", help="verify in float32 rather than in float64")
    options = parser.parse_args()
    if options.verify:
        weights, data = options.verify
        dtype = torch.float32 if options.float32 else torch.float64
        lines = Path(data).read_text().splitlines()
        text, rank, gap = report(lines, Sasrec(load_file(weights), options.heads, dtype))
        print(text + "hits", *(int((rank <= k).sum()) for k in CUTOFFS), "\nsmallest gap", gap)
        return
    rng = np.random.default_rng(1)
    sequences = [rng.integers(1, ITEMS + 1, count).tolist() for count in (POSITIONS, 3, 1)]
    lines = tiny_lines()
    (HERE / "sasrec_tiny.txt").write_text("\n".join(lines) + "\n")
    for layers in (1, 2):
        write(layers, sequences, lines)


if __name__ == "__main__":
    main()
