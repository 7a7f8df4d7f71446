#!/usr/bin/env python3
"""Draws runs of training from their log.jsonl: loss and norm of the gradient by step, validation by
epoch.

    plot_training.py RUN [RUN ..] --output NAME [--smooth 20]

RUN is a folder that train_sequences or tune (OUT.run) left; NAME.png and NAME.html are written, the
page with the picture in it and a table of the epochs. Needs matplotlib (Debian: python3-matplotlib).
A log that is still growing is drawn as far as it goes."""
import argparse
import base64
import html
import io
import json
import pathlib
import sys


def refuse(what):
    sys.exit(f"plot_training: {what}")


def read_log(run):
    """The lines of steps and those of epochs."""
    path = pathlib.Path(run) / "log.jsonl"
    try:
        lines = path.read_text().splitlines()
    except OSError as problem:
        refuse(f"{path}: {problem.strerror}")
    steps, epochs = [], []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            (steps if "step" in entry else epochs).append(entry)
            entry["loss" if "step" in entry else "mean_loss"] + 0
        except (ValueError, KeyError, TypeError):
            if number == len(lines):
                break  # it is being written
            refuse(f"{path}: line {number}: expected a step or an epoch, got {line[:60]!r}")
    if not steps:
        refuse(f"{path}: expected a step or more, got none")
    return steps, epochs


def smoothed(values, width):
    """Each with the mean of the `width` that end at it."""
    sums, result = 0, []
    for i, value in enumerate(values):
        sums += value - (values[i - width] if i >= width else 0)
        result.append(sums / min(i + 1, width))
    return result


def draw(runs, width):
    try:
        import matplotlib
    except ImportError:
        refuse("matplotlib is missing: apt-get install python3-matplotlib, or pip install matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, (loss, norm, valid) = pyplot.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
    for number, (name, (steps, epochs)) in enumerate(runs.items()):
        at, colour = [step["step"] for step in steps], f"C{number % 10}"
        losses = [step["loss"] for step in steps]
        loss.plot(at, losses, color=colour, alpha=.2, linewidth=.8)
        loss.plot(at, smoothed(losses, width), color=colour, label=name)
        norm.plot(at, smoothed([step["norm"] for step in steps], width), color=colour, label=name)
        told = [epoch for epoch in epochs if "valid" in epoch]
        valid.plot([epoch["epoch"] for epoch in told], [epoch["valid"] for epoch in told],
                   color=colour, marker="o", markersize=3, label=name)
    for axes, title, below in ((loss, f"loss, and its mean of {width} steps", "step"),
                               (norm, f"norm of the gradient, mean of {width} steps", "step"),
                               (valid, "validation", "epoch")):
        axes.set_title(title, fontsize=11)
        axes.set_xlabel(below)
        axes.grid(alpha=.3)
    loss.legend(fontsize=9)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    return picture.getvalue()


def page(runs, picture):
    rows = []
    for name, (_, epochs) in runs.items():
        best = max((epoch["valid"] for epoch in epochs if "valid" in epoch), default=None)
        for epoch in epochs:
            valid = epoch.get("valid")
            mark = " class=best" if valid is not None and valid == best else ""
            rows.append(f"<tr{mark}><td>{html.escape(name)}<td>{epoch['epoch']}"
                        f"<td>{epoch['mean_loss']:.4f}<td>{'' if valid is None else f'{valid:.4f}'}"
                        f"<td>{epoch.get('seconds', 0):.1f}")
    style = ("body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}"
             "img{width:100%}table{border-collapse:collapse;font-size:13px}"
             "th,td{text-align:right;padding:.2em .8em;border-bottom:1px solid #8884}"
             "th:first-child,td:first-child{text-align:left}.best{font-weight:600}")
    return ("<!doctype html>\n<meta charset=utf-8>\n<title>Training</title>\n"
            f"<style>{style}</style>\n<h1>Training</h1>\n"
            f"<img alt='curves' src='data:image/png;base64,{base64.b64encode(picture).decode()}'>\n"
            "<table>\n<tr><th>run<th>epoch<th>mean loss<th>validation<th>seconds\n"
            + "\n".join(rows) + "\n</table>\n<p>The best validation of each run is bold.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--output", required=True, metavar="NAME")
    parser.add_argument("--smooth", type=int, default=20, metavar="STEPS")
    arguments = parser.parse_args()
    if arguments.smooth < 1:
        refuse(f"--smooth: expected 1 or more, got {arguments.smooth}")
    runs = {run: read_log(run) for run in arguments.runs}
    picture = draw(runs, arguments.smooth)
    try:
        pathlib.Path(arguments.output + ".png").write_bytes(picture)
        pathlib.Path(arguments.output + ".html").write_text(page(runs, picture))
    except OSError as problem:
        refuse(f"{arguments.output}: {problem.strerror}")


if __name__ == "__main__":
    main()
