"""Goldens of losses, by PyTorch and its autograd: the loss, and its gradient in every input.

    python tests/golden/losses.py

In `losses.safetensors` the cases of `softmax/` share scores = x w^T, targets, of which some are ignored, and weights of
classes. In float64, stored as float32.
"""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

HERE = Path(__file__).parent
ROWS, WIDTH, CLASSES, IGNORED = 150, 6, 13, -1  # more rows than linear_cross_entropy takes at a time
rng = np.random.default_rng(31)
tensors = {}


def given(name, value):
    """Stores an input and returns it as the float64 that its reader sees."""
    tensors[name] = np.ascontiguousarray(value, np.float32)
    return torch.from_numpy(tensors[name].astype(np.float64)).requires_grad_()


def given_integers(name, value):
    tensors[name] = np.array(value, np.int32)
    return torch.from_numpy(tensors[name].astype(np.int64))


def expected(name, loss, **inputs):
    tensors[f"{name}/loss"] = np.array([loss.item()], np.float32)
    for key, slope in zip(inputs, torch.autograd.grad(loss, inputs.values(), retain_graph=True)):
        tensors[f"{name}/d{key}"] = slope.numpy().astype(np.float32)


def softmax():
    x = given("softmax/x", rng.normal(size=(ROWS, WIDTH)))
    w = given("softmax/w", rng.normal(size=(CLASSES, WIDTH)))
    targets = rng.integers(0, CLASSES, ROWS)
    targets[[0, 7, 70, ROWS - 1]] = IGNORED
    targets = given_integers("softmax/targets", targets)
    weights = given("softmax/class_weights", rng.uniform(0.25, 3, CLASSES)).detach()
    log_shares = given("softmax/log_shares", np.log(rng.dirichlet(np.ones(CLASSES)))).detach()
    scores = x @ w.T

    def case(name, scores, shown, **how):
        loss = F.cross_entropy(shown, targets, ignore_index=IGNORED, **how)
        expected(f"softmax/{name}", loss, scores=scores, x=x, w=w)

    case("sum", scores, scores, reduction="sum")
    case("mean", scores, scores)
    case("smoothed", scores, scores, label_smoothing=0.125)
    case("weighted_sum", scores, scores, weight=weights, reduction="sum")
    case("weighted_mean", scores, scores, weight=weights)
    case("weighted_smoothed", scores, scores, weight=weights, label_smoothing=0.125)
    case("scaled", scores, 1.75 * scores)
    case("sampled", scores, scores - log_shares)


def binary():
    scores = given("binary/scores", rng.normal(0, 4, (5, 9)))
    targets = given("binary/targets", rng.integers(0, 2, (5, 9)) * rng.uniform(0.5, 1, (5, 9))).detach()
    weights = rng.uniform(0, 3, (5, 9))
    weights[1, 3:6] = 0
    weights = given("binary/weights", weights).detach()
    loss = F.binary_cross_entropy_with_logits
    expected("binary/sum", loss(scores, targets, reduction="sum"), scores=scores)
    expected("binary/mean", loss(scores, targets), scores=scores)
    expected("binary/weighted_sum", loss(scores, targets, weights, reduction="sum"), scores=scores)
    expected("binary/weighted_mean", loss(scores, targets, weights), scores=scores)


def contrastive():
    """A row's own key is right, those of other rows are wrong but where they are the same item."""
    items = given_integers("contrastive/items", [4, 9, 4, 2, 7, 9, 9, 1])
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)
    queries = given("contrastive/queries", unit(rng.normal(size=(8, 5))))
    keys = given("contrastive/keys", unit(rng.normal(size=(8, 5))))
    log_scale = given("contrastive/log_scale", [1.5])  # a scale of 4.48
    same = (items[:, None] == items) & ~torch.eye(8, dtype=torch.bool)

    def loss(scale):
        scores = (queries @ keys.T * scale).masked_fill(same, -math.inf)
        return F.cross_entropy(scores, torch.arange(8))

    inputs = {"queries": queries, "keys": keys}
    expected("contrastive/fixed", loss(20.0), **inputs)
    expected("contrastive/learned", loss(log_scale.exp().clamp(max=100)), **inputs, log_scale=log_scale)
    expected("contrastive/clipped", loss(log_scale.exp().clamp(max=4)), **inputs, log_scale=log_scale)


if __name__ == "__main__":
    softmax()
    binary()
    contrastive()
    save_file(tensors, HERE / "losses.safetensors")
