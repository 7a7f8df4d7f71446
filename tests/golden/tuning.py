"""Goldens of tuning: losses of tasks over bert_tiny and the gradients of all that they train, by PyTorch's autograd.

    python tests/golden/tuning.py

`tuning.safetensors` holds texts ("ids", "offsets", "types", "labels") and, for each method, the task's numbers
(`METHOD/NAME`, under the names of reckon's task), its loss (`METHOD/loss`) and the gradients (`METHOD/dNAME`). Each text is a
sequence of its own here, with the prompts in front of it: they take the first positions and type 0, see only each other, and every
row of the text sees them. [CLS] (2) and [SEP] (3) have the task's own vectors where it has options; texts are read at their last
row. Everything in float64, stored as float32.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch.nn.functional import cross_entropy, gelu, layer_norm, linear

HERE = Path(__file__).parent
CONFIG = json.loads((HERE / "bert_tiny" / "config.json").read_text())
WEIGHTS = {name: torch.from_numpy(value).double()
           for name, value in load_file(HERE / "bert_tiny" / "model.safetensors").items()}
WIDTH, HEADS, LAYERS = CONFIG["hidden_size"], CONFIG["num_attention_heads"], CONFIG["num_hidden_layers"]
PROMPTS, RANK, CLASSES = 4, 3, 3
SPECIAL = {2: PROMPTS, 3: PROMPTS + 1}  # [CLS] and [SEP]: their rows of the task's table
TEXTS = [([2, 20, 31, 3, 17, 3], 4, 0), ([2, 8, 3, 40, 41, 22, 9, 3], 3, 2), ([2, 3, 30, 3], 2, 1),
         ([2, 44, 45, 3, 12, 3], 4, 2), ([2, 25, 3, 26, 3], 3, 0)]  # ids, rows of type 0, label


def task(method, random):
    """The numbers of a task, none of them zero."""
    def draw(*shape):
        return torch.from_numpy(random.normal(0, .3, shape).astype(np.float32)).double()
    own = {}
    if method == "option_adapter":
        own["prompts"] = draw(PROMPTS + len(SPECIAL), WIDTH)
    elif method == "prompt":
        own["prompts"] = draw(PROMPTS, WIDTH)
    for i in range(LAYERS):
        if method in ("option_adapter", "adapter"):
            own |= {f"adapters.{i}.down.weight": draw(RANK, WIDTH), f"adapters.{i}.down.bias": draw(RANK),
                    f"adapters.{i}.up.weight": draw(WIDTH, RANK), f"adapters.{i}.up.bias": draw(WIDTH),
                    f"adapters.{i}.gate": draw(1)}
        if method == "lora":
            for part in ("queries", "values"):
                own |= {f"{part}.{i}.down": draw(RANK, WIDTH), f"{part}.{i}.up": draw(WIDTH, RANK)}
    if method != "option_adapter":
        own |= {"classifier.weight": draw(CLASSES, WIDTH), "classifier.bias": draw(CLASSES)}
    return own


def norm(name, x):
    return layer_norm(x, x.shape[-1:], WEIGHTS[name + ".weight"], WEIGHTS[name + ".bias"], CONFIG["layer_norm_eps"])


def read(own, ids, of_type_0):
    """The last row of a text behind the prompts."""
    prompts = own["prompts"][:PROMPTS] if "prompts" in own else torch.zeros(0, WIDTH).double()
    table = WEIGHTS["embeddings.word_embeddings.weight"]
    has_specials = len(own.get("prompts", [])) > PROMPTS
    rows = [own["prompts"][SPECIAL[i]] if has_specials and i in SPECIAL else table[i] for i in ids]
    x = torch.cat([prompts, torch.stack(rows)])
    types = [0] * (len(prompts) + of_type_0) + [1] * (len(ids) - of_type_0)
    x = norm("embeddings.LayerNorm", x + WEIGHTS["embeddings.position_embeddings.weight"][:len(x)] +
             WEIGHTS["embeddings.token_type_embeddings.weight"][types])
    hidden = torch.zeros(len(x), len(x), dtype=torch.bool)
    hidden[:len(prompts), len(prompts):] = True
    for i in range(LAYERS):
        at = f"encoder.layer.{i}."

        def dense(name, x):
            return linear(x, WEIGHTS[at + name + ".weight"], WEIGHTS[at + name + ".bias"])
        q, k, v = (dense(f"attention.self.{part}", x) for part in ("query", "key", "value"))
        if f"queries.{i}.down" in own:
            q = q + x @ own[f"queries.{i}.down"].T @ own[f"queries.{i}.up"].T
            v = v + x @ own[f"values.{i}.down"].T @ own[f"values.{i}.up"].T
        q, k, v = (part.view(len(x), HEADS, -1).transpose(0, 1) for part in (q, k, v))
        weights = (q @ k.transpose(1, 2) / (WIDTH // HEADS) ** .5).masked_fill(hidden, -np.inf).softmax(-1)
        y = dense("attention.output.dense", (weights @ v).transpose(0, 1).reshape(len(x), WIDTH))
        z = norm(at + "attention.output.LayerNorm", x + y)
        y = dense("output.dense", gelu(dense("intermediate.dense", z)))
        if f"adapters.{i}.gate" in own:
            a = {part: own[f"adapters.{i}.{part}"] for part in ("down.weight", "down.bias", "up.weight", "up.bias", "gate")}
            y = y + a["gate"] * linear(gelu(linear(z, a["down.weight"], a["down.bias"])), a["up.weight"], a["up.bias"])
        x = norm(at + "output.LayerNorm", z + y)
    return x[-1]


def main():
    random = np.random.default_rng(19)
    kept = {"ids": np.concatenate([ids for ids, _, _ in TEXTS]).astype(np.int32),
            "offsets": np.cumsum([0, *(len(ids) for ids, _, _ in TEXTS)]).astype(np.int32),
            "types": np.concatenate([[0] * n + [1] * (len(ids) - n) for ids, n, _ in TEXTS]).astype(np.int32),
            "labels": np.array([label for _, _, label in TEXTS], np.int32)}
    for method in ("prompt", "option_adapter", "adapter", "lora"):
        own = {name: value.requires_grad_() for name, value in task(method, random).items()}
        rows = torch.stack([read(own, ids, n) for ids, n, _ in TEXTS])
        if method == "option_adapter":
            logits = rows @ own["prompts"][PROMPTS - CLASSES:PROMPTS].T
        else:
            logits = linear(rows, own["classifier.weight"], own["classifier.bias"])
        loss = cross_entropy(logits, torch.from_numpy(kept["labels"]).long())
        loss.backward()
        kept[f"{method}/loss"] = np.array([loss.item()], np.float32)
        for name, value in own.items():
            kept[f"{method}/{name}"] = value.detach().numpy().astype(np.float32)
            kept[f"{method}/d{name}"] = value.grad.numpy().astype(np.float32)
    save_file(kept, HERE / "tuning.safetensors")


if __name__ == "__main__":
    main()
