"""Goldens of optimisers: what torch.optim makes of a few parameters in twelve steps.

    python tests/golden/optimisers.py

Parameters begin with, and gradients are, multiples of 1 / 64 by a formula that both sides compute; they are more numbers than
one piece of a sum of squares has. Weight decay is for matrices alone. `RUN/PARAMETER` of `optimisers.safetensors` is the
parameter after the run, `RUN/norms` the norms of each step's gradients where they are clipped. In float64, stored as float32.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

HERE = Path(__file__).parent
STEPS = 12
SHAPES = {"up.weight": (61, 67), "up.bias": (61,), "norm.gain": (67,), "prompts": (3, 67)}
DECAYED = "up.weight"
MOST = 4.0  # of a norm, which is above it in some steps and below it in others


def places():
    """The first number of each parameter among the numbers of all."""
    return np.cumsum([0, *(np.prod(shape) for shape in SHAPES.values())])


def numbers(first, shape):
    return (first + torch.arange(np.prod(shape))).reshape(shape)


def beginning(first, shape):
    return (numbers(first, shape) * 53 % 97 - 48).double() / 64


def gradient(step, first, shape):
    return (numbers(first, shape) * 37 + step * 101).remainder(211).sub(105).double() / 64 / 8 ** (step % 4)


def sgd(**how):
    return torch.optim.SGD, how


def adam(**how):
    return torch.optim.Adam, how


def adamw(**how):
    return torch.optim.AdamW, how


RUNS = {
    "sgd": (sgd(lr=0.05), {}),
    "sgd_momentum": (sgd(lr=0.05, momentum=0.9), {}),
    "sgd_damped": (sgd(lr=0.1, momentum=0.8, dampening=0.3, weight_decay=0.25), {}),
    "sgd_nesterov": (sgd(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.25), {}),
    "adam": (adam(lr=0.05), {}),
    "adam_decay": (adam(lr=0.05, betas=(0.8, 0.95), weight_decay=0.5), {}),
    "adamw": (adamw(lr=0.05, weight_decay=0.5), {}),
    "adamw_epsilon": (adamw(lr=0.05, betas=(0.8, 0.95), eps=0.25, weight_decay=0.5), {}),
    "sgd_clipped": (sgd(lr=0.5, momentum=0.9), {"clip": True}),
    "adamw_clipped": (adamw(lr=0.05, eps=1e-3, weight_decay=0.5), {"clip": True, "falls": True}),
}


def run(kind, how, clip=False, falls=False):
    parameters = {
        name: torch.nn.Parameter(beginning(first, shape)) for (name, shape), first in zip(SHAPES.items(), places())
    }
    rate, decay = how["lr"], how.pop("weight_decay", 0)
    undecayed = [p for name, p in parameters.items() if name != DECAYED]
    groups = [{"params": [parameters[DECAYED]], "weight_decay": decay}, {"params": undecayed, "weight_decay": 0}]
    optimiser = kind(groups, **how)
    norms = []
    for step in range(STEPS):
        for (name, shape), first in zip(SHAPES.items(), places()):
            parameters[name].grad = gradient(step, first, shape)
        if clip:
            norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), MOST).item())
        for group in optimiser.param_groups:
            group["lr"] = rate * ((STEPS - step) / STEPS if falls else 1)
        optimiser.step()
    result = {name: p.detach().numpy().astype(np.float32) for name, p in parameters.items()}
    if clip:
        assert min(norms) < MOST < max(norms)
        result["norms"] = np.array(norms, np.float32)
    return result


if __name__ == "__main__":
    tensors = {}
    for name, ((kind, how), more) in RUNS.items():
        tensors.update({f"{name}/{key}": value for key, value in run(kind, how, **more).items()})
    save_file(tensors, HERE / "optimisers.safetensors")
