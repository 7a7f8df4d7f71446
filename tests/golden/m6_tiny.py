"""Goldens of the two-region language model of M6-Rec (arXiv 2205.08084, 3.1 and 3.2): there is no public checkpoint, so the
reference is the model below, which follows the paper, and the weights bear the library's own names.

    python tests/golden/m6_tiny.py

`m6_tiny_plain` has three layers and tokens as wide as the model; `m6_tiny_edge` runs one layer four times, over tokens of a
third of the width. Weights are stored as float32 and computed with in float64.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

HERE = Path(__file__).parent
VOCABULARY, POSITIONS, HEADS, EPSILON = 60, 64, 4, 1e-5
SIZES = {
    "m6_tiny_plain": {"layers": 3, "width": 32, "embedding": 32},
    "m6_tiny_edge": {"layers": 4, "width": 48, "embedding": 16},  # its layers share one set of weights
}
LENGTHS = (9, 1, 20, 6, 14)
SOURCES = (4, 0, 20, 0, 13)  # rows in region 1: some, none, all
PROMPTS, PROMPTS_OF = (3, 5), (0, 1, 1, -1, 0)  # rows of each set, and which set stands before which sequence
TOLERANCE = 1e-4  # of a model, relative to the largest magnitude


class M6:
    def __init__(self, weights, config):
        self.weights = {name: torch.from_numpy(value).double() for name, value in weights.items()}
        self.layers = config["layers"]
        self.shared = "layers.1.norm_1.gain" not in weights
        self.shares = []  # the largest attention probability of each head and row

    def linear(self, name, x):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, name, x):
        return torch.layer_norm(x, x.shape[-1:], self.weights[f"{name}.gain"], self.weights[f"{name}.bias"], EPSILON)

    def projected(self, rows):
        return rows @ self.weights["projection.weight"].T if "projection.weight" in self.weights else rows

    def embed(self, ids, prompts, first):
        positions = self.weights["positions.weight"][first : first + len(prompts) + len(ids)]
        tokens = self.weights["tokens.weight"][ids]
        return torch.cat([prompts, self.projected(tokens)]) + self.projected(positions)

    def attend(self, name, x, visible):
        split = lambda part: self.linear(f"{name}.{part}", x).reshape(len(x), HEADS, -1).transpose(0, 1)
        query, key, value = split("query"), split("key"), split("value")  # [heads, rows, head_width]
        scores = (query @ key.transpose(1, 2) / math.sqrt(key.shape[-1])).masked_fill(~visible, -math.inf)
        shares = scores.softmax(-1)
        self.shares.append(shares[:, visible.sum(-1) > 1].amax(-1))
        return self.linear(f"{name}.out", (shares @ value).transpose(0, 1).reshape(x.shape))

    def block(self, name, x, visible):
        x = x + self.attend(f"{name}.attention", self.norm(f"{name}.norm_1", x), visible)
        wide = torch.nn.functional.gelu(self.linear(f"{name}.ffn.up", self.norm(f"{name}.norm_2", x)))
        return x + self.linear(f"{name}.ffn.down", wide)

    def states(self, ids, prompts, visible, first=0):
        """The embeddings, each layer's output and the final norm's, [rows, width] each."""
        states = [self.embed(ids, prompts, first)]
        for layer in range(self.layers):
            states.append(self.block(f"layers.{0 if self.shared else layer}", states[-1], visible))
        return states + [self.norm("norm", states[-1])]

    def logits(self, states):
        if "projection.weight" in self.weights:
            states = states @ self.weights["projection.weight"]
        return states @ self.weights["tokens.weight"].T


def two_regions(prompts, length, source):
    """Which row (first index) sees which: prompts see prompts, and everyone sees them; region 1 sees region 1, and everyone
    sees it; region 2 sees its own past."""
    row, column = np.ogrid[: prompts + length, : prompts + length]
    border = prompts + source
    in_region_2 = (border <= column) & (column <= row)
    return torch.from_numpy((column < prompts) | ((column < border) & (row >= prompts)) | in_region_2)


def random_weights(config, distinct, rng):
    width, embedding = config["width"], config["embedding"]
    weights = {}

    def matrix(name, rows, columns, deviation):
        weights[f"{name}.weight"] = rng.normal(0, deviation, (rows, columns)).astype(np.float32)

    def vector(name, size, mean):
        weights[name] = rng.normal(mean, 0.2, size).astype(np.float32)

    def linear(name, rows, columns, scale):
        matrix(name, rows, columns, scale / math.sqrt(columns))
        vector(f"{name}.bias", rows, 0)

    def norm(name):
        vector(f"{name}.gain", width, 1)
        vector(f"{name}.bias", width, 0)

    matrix("tokens", VOCABULARY, embedding, 0.5)
    matrix("positions", POSITIONS, embedding, 0.5)
    if embedding != width:
        matrix("projection", width, embedding, 1.5 / math.sqrt(embedding))
    for layer in range(distinct):
        block = f"layers.{layer}"
        # Queries and keys are large enough for a few keys to take most of the attention.
        for part, scale in (("query", 1.6), ("key", 1.6), ("value", 1), ("out", 1)):
            linear(f"{block}.attention.{part}", width, width, scale)
        linear(f"{block}.ffn.up", 4 * width, width, 1)
        linear(f"{block}.ffn.down", width, 4 * width, 1)
        norm(f"{block}.norm_1")
        norm(f"{block}.norm_2")
    norm("norm")
    return weights


def moved(logits, mutated):
    return float((mutated - logits).abs().max() / logits.abs().max())


def mutations(model, ids, prompts, source):
    """How far each mistake moves the logits of one sequence, relative to the largest."""
    visible = two_regions(len(prompts), len(ids), source)
    run = lambda visible, first=0: model.logits(model.states(ids, prompts, visible, first)[-1])
    logits = run(visible)

    cells = []
    for row in range(len(prompts), len(visible)):
        for column in range(len(visible)):
            flipped = visible.clone()
            flipped[row, column] ^= True
            cells.append(moved(logits, run(flipped)))
    result = {"one mask cell, the least of all": min(cells), "positions by one": moved(logits, run(visible, 1))}

    if len(prompts) > 0:
        all_seen = visible.clone()
        all_seen[: len(prompts)] = True
        result["prompts that see the text"] = moved(logits[len(prompts) :], run(all_seen)[len(prompts) :])

    if "projection.weight" in model.weights:
        projection = model.weights["projection.weight"]
        states = model.states(ids, prompts, visible)[-1]
        swapped = projection.reshape(projection.T.shape).T  # read as if it were stored transposed
        result["a swapped projection of the head"] = moved(logits, states @ swapped @ model.weights["tokens.weight"].T)
    return result


def write(name, seed):
    config = {"vocabulary": VOCABULARY, "positions": POSITIONS, "heads": HEADS, "epsilon": EPSILON, **SIZES[name]}
    config["hidden"] = 4 * config["width"]
    rng = np.random.default_rng(seed)
    distinct = 1 if name == "m6_tiny_edge" else config["layers"]
    weights = random_weights(config, distinct, rng)
    (HERE / name).mkdir(exist_ok=True)
    (HERE / name / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    save_file(weights, HERE / name / "model.safetensors")

    model = M6(weights, config)
    width = config["width"]
    sequences = [rng.integers(0, VOCABULARY, length) for length in LENGTHS]
    sets = [rng.normal(0, 1, (rows, width)).astype(np.float32) for rows in PROMPTS]
    none = torch.empty(0, width, dtype=torch.float64)
    before = [none if index < 0 else torch.from_numpy(sets[index]).double() for index in PROMPTS_OF]

    def packed(prompts):
        """Rows of all sequences one after another: the embeddings, each layer, the final norm, the logits."""
        runs = []
        for rows, ids, source in zip(prompts, sequences, SOURCES):
            states = model.states(ids, rows, two_regions(len(rows), len(ids), source))
            runs.append([*states, model.logits(states[-1])])
        return [torch.cat(parts).numpy().astype(np.float32) for parts in zip(*runs)]

    def offsets(counts):
        return np.cumsum([0, *counts]).astype(np.int32)

    plain, prompted = packed([none] * len(sequences)), packed(before)
    expected = {
        "ids": np.concatenate(sequences).astype(np.int32),
        "offsets": offsets(LENGTHS),
        "sources": np.array(SOURCES, np.int32),
        "embeddings": plain[0],
        **{f"layer.{layer}": plain[1 + layer] for layer in range(config["layers"])},
        "states": plain[-2],
        "logits": plain[-1],
        **{f"prompts/set.{index}": rows for index, rows in enumerate(sets)},
        "prompts/of": np.array(PROMPTS_OF, np.int32),
        "prompts/offsets": offsets(length + len(rows) for length, rows in zip(LENGTHS, before)),
        "prompts/states": prompted[-2],
        "prompts/logits": prompted[-1],
    }
    save_file(expected, HERE / f"{name}_expected.safetensors")

    peak = float(torch.cat([shares.flatten() for shares in model.shares]).mean())
    print(f"{name}: largest share of attention {peak:.3f}, largest logit {np.abs(plain[-1]).max():.2f}")
    assert peak > 0.5
    for prompts in (none, before[0]):
        for mistake, distance in mutations(model, sequences[0], prompts, SOURCES[0]).items():
            print(f"    behind {len(prompts)} prompts, {mistake}: {distance:.4f}")
            assert distance > 100 * TOLERANCE


if __name__ == "__main__":
    with torch.no_grad():
        for name, seed in (("m6_tiny_plain", 23), ("m6_tiny_edge", 25)):
            write(name, seed)
