"""Goldens of sampling: the distributions that transformers would draw from.

    python tests/golden/sampling_rows.py

Its order is the repetition penalty, the temperature, top-k, top-p, and then the softmax; a setting of 1, or of 0 for top-k,
leaves its step out. Logits are rounded to float32; probabilities are float64, zero for what cannot be drawn.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import torch
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

HERE = Path(__file__).parent
SIZE, ROWS = 50, 4
SETTINGS = [  # repetition penalty, temperature, top-k, top-p
    (1.0, 1.0, 0, 1.0),
    (1.3, 1.0, 0, 1.0),
    (0.8, 1.0, 0, 1.0),
    (1.0, 0.5, 0, 1.0),
    (1.0, 2.0, 0, 1.0),
    (1.0, 1.0, 1, 1.0),
    (1.0, 1.0, 7, 1.0),
    (1.0, 1.0, 80, 1.0),  # more than there are
    (1.0, 1.0, 0, 0.3),
    (1.0, 1.0, 0, 0.9),
    (1.0, 1.0, 0, 0.01),  # the most likely one always stays
    (1.0, 0.7, 20, 0.8),
    (1.5, 0.7, 20, 0.8),
    (1.2, 1.5, 5, 0.5),
]


def processors(penalty, temperature, top_k, top_p):
    steps = LogitsProcessorList()
    if penalty != 1:
        steps.append(RepetitionPenaltyLogitsProcessor(penalty))
    if temperature != 1:
        steps.append(TemperatureLogitsWarper(temperature))
    if top_k > 0:
        steps.append(TopKLogitsWarper(top_k))
    if top_p < 1:
        steps.append(TopPLogitsWarper(top_p))
    return steps


def without_top_p(steps):
    return LogitsProcessorList(step for step in steps if not isinstance(step, TopPLogitsWarper))


def main():
    rng = np.random.default_rng(31)
    logits = rng.normal(0, 2, (ROWS, SIZE)).astype(np.float32)
    logits[1, [4, 9, 30]] = logits[1].max()  # ties, at the top
    logits[2, [11, 12]] = np.sort(logits[2])[-7]  # and about the seventh place: top-k keeps all that equal the last
    logits[3] *= 4  # almost certain
    histories = [rng.integers(0, SIZE, count).tolist() for count in (0, 6, 12, 30)]
    histories[1] += [int(logits[1].argmax())] * 2  # a repeated token is penalised once

    cases = []
    for (row, history), setting in itertools.product(enumerate(histories), SETTINGS):
        steps = processors(*setting)
        seen, scores = torch.tensor([history], dtype=torch.long), torch.from_numpy(logits[row : row + 1]).double()
        shares = steps(seen, scores).softmax(-1)[0]
        before, top_p = without_top_p(steps)(seen, scores).softmax(-1)[0], setting[3]
        if top_p < 1:
            sums = before.sort(descending=True).values.cumsum(-1)
            assert (sums - top_p).abs().min() > 1e-5, "a choice hangs on rounding"
            if before[shares > 0].min() == before[shares == 0].max():
                continue  # which of equals top-p keeps is an accident of sorting
        names = ("repetition_penalty", "temperature", "top_k", "top_p")
        cases.append({"row": row, **dict(zip(names, setting)), "probabilities": shares.tolist()})
    parts = {"logits": logits.tolist(), "histories": histories, "cases": cases}
    written = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines) + "\n]"
        for name, lines in parts.items()
    )
    (HERE / "sampling_rows.json").write_text("{\n" + written + "\n}\n")


if __name__ == "__main__":
    main()
