"""Goldens of the metrics: what scikit-learn, or a plain loop where it has none, makes of small inputs.

    python tests/golden/metrics.py

Each line of metrics.txt is a name, a count and so many numbers. Scores are rounded to float32 before anything is computed from
them. Loops: GAUC (over scikit-learn's AUC), normalised entropy (of its log loss), recall, hit rate, and every rank with ties.
"""

from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, label_ranking_average_precision_score, log_loss, ndcg_score, roc_auc_score

HERE = Path(__file__).parent
CLIP = 2.0**-23  # of probabilities: np.finfo(np.float32).eps, scikit-learn's for float32
CUT_OFFS = (1, 3, 10, 40)
rng = np.random.default_rng(9)
lines = []


def write(name, values):
    numbers = [str(value).removesuffix(".0") for value in np.ravel(values)]
    lines.append(" ".join([name, str(len(numbers)), *numbers]))


def given(name, values):
    values = np.asarray(values, np.float32)
    write(name, values)
    return values.astype(np.float64)


def gauc(groups, scores, labels):
    total = weight = left_out = 0
    for group in np.unique(groups):
        own = groups == group
        if len(np.unique(labels[own])) < 2:
            left_out += 1
            continue
        total += own.sum() * roc_auc_score(labels[own], scores[own])
        weight += own.sum()
    return total / weight, weight, left_out


def binary(name, scores, labels, groups):
    p = given(f"{name}/scores", scores)
    write(f"{name}/labels", labels)
    write(f"{name}/groups", groups)
    loss = log_loss(labels, p.clip(CLIP, 1 - CLIP))
    write(f"{name}/auc", roc_auc_score(labels, p))
    write(f"{name}/gauc", gauc(groups, p, labels))
    write(f"{name}/log_loss", loss)
    write(f"{name}/normalised_entropy", loss / log_loss(labels, np.full(len(labels), labels.mean())))
    for threshold in (0.25, 0.5):
        write(f"{name}/accuracy_{threshold}", accuracy_score(labels, p > threshold))


def binaries():
    n = 150
    labels = (rng.random(n) < 0.3).astype(int)
    logits = rng.normal(labels - 1.0, 1.2)
    groups = rng.integers(-3, 12, n)
    groups[:3] = (40, 41, 41)  # groups of one and of two
    labels[groups == 5] = 0  # and of one class
    labels[groups == 7] = 1
    p = 1 / (1 + np.exp(-logits))
    binary("distinct", p, labels, groups)
    binary("tied", np.round(p * 8) / 8, labels, groups)  # 0 and 1 among them
    x = given("logits/scores", logits * 6)
    write("logits/labels", labels)
    write("logits/log_loss", log_loss(labels, 1 / (1 + np.exp(-x))))


def rank(scores, target, candidates, half):
    """Of one target among candidates that are no targets."""
    better = sum(scores[c] > scores[target] for c in candidates)
    equal = sum(scores[c] == scores[target] for c in candidates)
    return 1 + better + (equal / 2 if half else 0)


def dcg(ranks, k):
    return sum(1 / np.log2(r + 1) for r in ranks if r <= k)


def one_target():
    rows, items = 30, 25
    scores = given("one/scores", rng.normal(size=(rows, items)))
    targets = rng.integers(0, items, rows)
    write("one/targets", targets)
    relevant = np.eye(items)[targets]
    for k in CUT_OFFS:
        write(f"one/ndcg_{k}", ndcg_score(relevant, scores, k=k))
    write("one/mrr", label_ranking_average_precision_score(relevant, scores))

    scores = given("one_tied/scores", rng.integers(0, 6, (rows, items)))
    for name, half in ("in_favour", False), ("half", True):
        ranks = [rank(row, t, [c for c in range(items) if c != t], half) for row, t in zip(scores, targets)]
        write(f"one_tied/{name}/ranks", ranks)
        for k in CUT_OFFS:
            hits = [r for r in ranks if r <= k]
            figures = len(hits) / rows, dcg(ranks, k) / rows, sum(1 / r for r in hits) / rows
            write(f"one_tied/{name}/figures_{k}", figures)


def lists():
    """Each list has 1 to 9 targets and leaves 0 to 12 items out, never a target."""
    rows, items = 24, 30
    scores = given("lists/scores", rng.normal(size=(rows, items)))
    figures = {k: [] for k in CUT_OFFS}
    for row in range(rows):
        items_in_any_order = rng.permutation(items)
        targets = np.sort(items_in_any_order[: 1 + row % 9])
        excluded = np.sort(items_in_any_order[9 : 9 + row % 13])
        write(f"lists/targets_{row}", targets)
        write(f"lists/excluded_{row}", excluded)
        left = np.setdiff1d(np.arange(items), excluded)
        relevant = np.isin(left, targets).astype(int)
        order = left[np.argsort(-scores[row, left])]
        for k in CUT_OFFS:
            found = np.isin(targets, order[:k]).sum()
            ndcg = ndcg_score([relevant], [scores[row, left]], k=k)
            figures[k].append((found > 0, found / len(targets), ndcg))
    for k in CUT_OFFS:
        write(f"lists/figures_{k}", np.mean(figures[k], axis=0))


def main():
    binaries()
    one_target()
    lists()
    (HERE / "metrics.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
