"""Goldens of training: the gradient of every parameter of the tiny models, which bert_tiny.py, llama_tiny.py, m6_tiny.py and
sasrec_tiny.py have written, by PyTorch's autograd.

    python tests/golden/gradients.py

`MODEL_gradients.safetensors` holds a batch, its loss and the gradients under the names of the parameters. BERT's loss is the
sum of its output times fixed slopes; that of the others is the mean cross-entropy of what comes next. Two prompts of different
lengths stand before M6's sequences, of which the rows behind the source predict. All in float64, stored as float32.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch.nn.functional import cross_entropy
from transformers import BertModel, LlamaForCausalLM
from transformers.models.llama import modeling_llama

import llama_tiny  # which keeps norms and rotations of transformers' Llama in float64
import m6_tiny
import sasrec_tiny

HERE = Path(__file__).parent
IGNORED = -1  # the target of a row that predicts nothing


def slopes(rows, columns):
    """Of element (row, column) of BERT's output; both sides compute them, exactly."""
    place = torch.arange(rows * columns, dtype=torch.float64).reshape(rows, columns)
    return (place * 37 % 101 - 50) / 64


def attend(module, query, key, value, mask, scaling, dropout=0.0, **_):
    """As transformers does it, whose softmax goes through float32 where torch is old."""
    assert dropout == 0
    key, value = (rows.repeat_interleave(module.num_key_value_groups, 1) for rows in (key, value))
    scores = query @ key.transpose(2, 3) * scaling
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    return (scores.masked_fill(hidden, -np.inf).softmax(-1) @ value).transpose(1, 2).contiguous(), None


modeling_llama.eager_attention_forward = attend


def offsets(counts):
    return np.cumsum([0, *counts]).astype(np.int32)


def packed(sequences):
    return {"ids": np.concatenate(sequences).astype(np.int32), "offsets": offsets(len(ids) for ids in sequences)}


def write(name, loss, parameters, inputs):
    loss.backward()
    gradients = {key: p.grad.numpy() for key, p in parameters.items() if p.grad is not None}
    largest = max(np.abs(g).max() for g in gradients.values())
    for key, gradient in gradients.items():
        # Softmax is blind to what all keys have in common, so their bias has no gradient but for rounding.
        if np.abs(gradient).max() < 1e-12 * largest:
            assert "key" in key and key.endswith("bias"), key
            gradient[:] = 0
    expected = {f"gradient/{key}": gradient.astype(np.float32) for key, gradient in gradients.items()}
    expected["loss"] = np.array([loss.item()], np.float32)
    save_file({**inputs, **expected}, HERE / f"{name}_gradients.safetensors")
    print(f"{name}: loss {loss.item():.6f}, {len(gradients)} gradients, the largest {largest:.4f}")


def bert(name, rng):
    model = BertModel.from_pretrained(HERE / name, add_pooling_layer=False).double().eval()
    sequences = [rng.integers(0, model.config.vocab_size, length) for length in (16, 1, 6)]
    rows = torch.cat([model(torch.tensor(ids[None])).last_hidden_state[0] for ids in sequences])
    write(name, (rows * slopes(*rows.shape)).sum(), dict(model.named_parameters()), packed(sequences))


def next_ids(ids, source=0):
    """The target of each row: of those before the first that is predicted, and of the last, none."""
    targets = np.append(ids[1:], IGNORED)
    targets[: max(source - 1, 0)] = IGNORED
    return targets


def mean_loss(logits, targets):
    return cross_entropy(torch.cat(logits), torch.from_numpy(np.concatenate(targets)), ignore_index=IGNORED)


def llama(name, rng):
    # (transformers 4 would not read the config of 5.)
    config = llama_tiny.SCALED if name == "llama_tiny_scaled" else llama_tiny.PLAIN
    model = LlamaForCausalLM.from_pretrained(HERE / name, config=config, attn_implementation="eager").double().eval()
    sequences = [rng.integers(0, model.config.vocab_size, length) for length in (12, 1, 30)]
    targets = [next_ids(ids) for ids in sequences]
    loss = mean_loss([model(torch.tensor(ids[None])).logits[0] for ids in sequences], targets)
    inputs = {**packed(sequences), "targets": np.concatenate(targets).astype(np.int32)}
    write(name, loss, dict(model.named_parameters()), inputs)


def m6(name, rng):
    config = json.loads((HERE / name / "config.json").read_text())
    model = m6_tiny.M6(load_file(HERE / name / "model.safetensors"), config)
    table = rng.normal(0, 1, (8, config["width"])).astype(np.float32)
    prompts = torch.from_numpy(table).double()
    parameters = {**model.weights, "prompts": prompts}
    for parameter in parameters.values():
        parameter.requires_grad_()

    first, count = np.array([0, 3, 3, 0, 0], np.int32), np.array([3, 5, 5, 0, 3], np.int32)  # two tasks, and none
    sources = np.array([4, 0, 6, 0, 1], np.int32)
    sequences = [rng.integers(0, config["vocabulary"], length) for length in (9, 2, 14, 6, 1)]
    logits, targets = [], []
    for ids, source, begin, rows in zip(sequences, sources, first, count):
        visible = m6_tiny.two_regions(rows, len(ids), source)
        logits.append(model.logits(model.states(ids, prompts[begin : begin + rows], visible)[-1]))
        targets.append(np.concatenate([np.full(rows, IGNORED), next_ids(ids, source)]))
    inputs = {
        **packed(sequences),
        "sources": sources,
        "prompts": table,
        "prompts/first": first,
        "prompts/count": count,
        "targets": np.concatenate(targets).astype(np.int32),  # of the rows with prompts
    }
    write(name, mean_loss(logits, targets), parameters, inputs)


class OriginalSasrec(sasrec_tiny.Sasrec):
    """The form of SASRec's own code: queries alone are normed, and the output of the last block."""

    def block(self, name, x):
        query = self.norm(f"{name}.attention.LayerNorm", x)
        x = self.norm(f"{name}.intermediate.LayerNorm", query + self.attend(f"{name}.attention", x, query))
        wide = torch.relu(self.linear(f"{name}.intermediate.dense_1", x))
        return x + self.linear(f"{name}.intermediate.dense_2", wide)

    def states(self, items):
        x = self.items[items] + self.positions[len(self.positions) - len(items) :]
        for layer in range(self.layers):
            x = self.block(f"item_encoder.layer.{layer}", x)
        return [self.norm("LayerNorm", x)]


def sasrec(name, rng):
    kind = OriginalSasrec if name.endswith("original") else sasrec_tiny.Sasrec
    weights = load_file(HERE / f"{name.removesuffix('_original')}.safetensors")
    model = kind(weights, sasrec_tiny.HEADS)
    for parameter in model.weights.values():
        parameter.requires_grad_()
    histories = [rng.integers(1, sasrec_tiny.ITEMS + 1, length + 1) for length in (sasrec_tiny.POSITIONS, 1, 5)]
    sequences, targets = [items[:-1] for items in histories], [items[1:] for items in histories]
    loss = mean_loss([model.states(items)[-1] @ model.items.T for items in sequences], targets)
    inputs = {**packed(sequences), "targets": np.concatenate(targets).astype(np.int32)}
    write(name, loss, model.weights, inputs)


if __name__ == "__main__":
    for seed, (make, name) in enumerate(
        (
            (bert, "bert_tiny"),
            (llama, "llama_tiny"),
            (llama, "llama_tiny_scaled"),
            (m6, "m6_tiny_plain"),
            (m6, "m6_tiny_edge"),
            (sasrec, "sasrec_tiny_1"),
            (sasrec, "sasrec_tiny_2"),
            (sasrec, "sasrec_tiny_2_original"),
        )
    ):
        make(name, np.random.default_rng(200 + seed))
