"""What suite.py measured as one HTML page that needs no network: plots as inline SVG, tables."""
import html as escaping
import math

from report import RECKON, accuracy, machine_lines, milliseconds

COLOURS = {"reckon onednn": "#1f6fd6", "reckon simd": "#0aa5c2", "onnxruntime": "#d9480f",
           "ctranslate2": "#2f9e44", "openvino": "#9c36b5", "torch": "#c2255c",
           "faiss": "#d9480f", "numpy": "#868e96"}
STYLE = """
:root { color-scheme: light dark; --good: #2b8a3e; --near: #e8890c; --bad: #d6336c; --soft: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1040px; margin: 2em auto; padding: 0 1em; }
h1 { margin-bottom: 0; } h2 { margin: 2em 0 .2em; } h3 { margin: 1em 0 0; font-size: 15px; } p { margin: .3em 0; }
.facts, .note { color: GrayText; font-size: 13px; } .warning { color: var(--bad); font-weight: 600; }
svg { display: block; width: 100%; height: auto; margin: .6em 0; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; } svg .soft { opacity: .65; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1em; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
th, td { text-align: left; padding: .2em .6em; border-bottom: 1px solid var(--soft); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; font-weight: 600; margin: 1em 0 .4em; }
"""


def text(value):
    return escaping.escape(str(value))


class Drawing:
    """Shapes of an SVG, in its own units."""

    def __init__(self, width, height):
        self.width, self.height, self.parts = width, height, []

    def bar(self, x, y, width, height, colour, title=""):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
                          f'height="{height:.1f}" rx="2" fill="{colour}">'
                          f'<title>{text(title)}</title></rect>')

    def line(self, x1, y1, x2, y2, colour="currentColor", width=1.0, dash=""):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}"/>')

    def path(self, points, colour, width):
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" '
                          f'stroke-width="{width}" stroke-linejoin="round"/>')

    def dot(self, x, y, colour, title):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">'
                          f'<title>{text(title)}</title></circle>')

    def label(self, x, y, value, anchor="start", soft=False, bold=False):
        look = ' class="soft"' * soft + ' font-weight="600"' * bold
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{look}>'
                          f"{text(value)}</text>")

    def __str__(self):
        return (f'<svg viewBox="0 0 {self.width} {self.height}" role="img">'
                + "".join(self.parts) + "</svg>")


def ratios(rows):
    """A bar for each comparison: 1 is level with the peer, and none can end left of its floor."""
    left, right, row_height = 300, 740, 24
    most = min(max([1.25, *(row["ratio"] * 1.05 for row in rows)]), 2.5)
    drawing = Drawing(1000, row_height * len(rows) + 50)
    bottom = row_height * len(rows) + 24

    def x(ratio):
        return left + (right - left) * min(ratio, most) / most

    for tick in range(0, math.floor(most * 4) + 1):
        drawing.line(x(tick / 4), 20, x(tick / 4), bottom, "var(--soft)")
        drawing.label(x(tick / 4), bottom + 16, f"{tick / 4:g}", "middle", soft=True)
    for number, row in enumerate(rows):
        y = 24 + number * row_height
        good = row["ratio"] <= (row["target"] or 1)
        colour = f"var(--{'good' if good else 'near' if row['ratio'] <= 1 else 'bad'})"
        against = f", {row['against']}" * (row["against"] != "best peer")
        drawing.label(left - 10, y + 15, row["workload"] + against, "end")
        drawing.bar(left, y + 4, x(row["ratio"]) - left, row_height - 8, colour,
                    f"{row['runtime']} {milliseconds(row['ms'])} ms, {row['peer']} "
                    f"{milliseconds(row['peer_ms'])} ms")
        drawing.line(x(row["floor"]), y + 2, x(row["floor"]), y + row_height - 2, width=2)
        if row["target"]:
            at = x(row["target"])
            drawing.line(at, y + 1, at, y + row_height - 1, "var(--bad)", 2, "3 2")
        drawing.label(right + 12, y + 16, f"{row['ratio']:.2f}", bold=True)
        drawing.label(right + 60, y + 16, f"{milliseconds(row['ms'])} : "
                      f"{milliseconds(row['peer_ms'])} ms {row['peer']}", soft=True)
    drawing.line(x(1), 20, x(1), bottom, width=1.5)
    drawing.label(x(1), 14, "level with the peer", "middle")
    return str(drawing)


def legend(names):
    return '<p class="note">' + " ".join(
        f'<span style="color:{COLOURS.get(name, "gray")}">&#9632;</span> {text(name)}'
        for name in names) + "</p>"


def curve(results, kind, weights, peak):
    """GFLOP/s of every runtime over the batch or the length."""
    points = {}
    for r in results:
        if kind in r["curves"] and r["weights"] == weights and r["threads"] == 1:
            at = r["batch"] if kind == "batch" else r["tokens"] // r["batch"]
            points.setdefault(r["runtime"], {})[at] = r["gflops_per_s"]
    if not points:
        return ""
    places = sorted({at for line in points.values() for at in line})
    left, right, top, bottom = 46, 480, 30, 260
    drawing = Drawing(500, 300)
    most = 1.08 * max(peak, *(rate for line in points.values() for rate in line.values()))
    span = max(math.log2(places[-1] / places[0]), 1)

    def x(place):
        return left + (right - left) * math.log2(place / places[0]) / span

    def y(rate):
        return bottom - (bottom - top) * rate / most

    fixed = "32 tokens each" if kind == "batch" else "one text"
    drawing.label(left, 16, f"{weights}, {fixed}", bold=True)
    for place in places:
        drawing.line(x(place), top, x(place), bottom, "var(--soft)")
        drawing.label(x(place), bottom + 18, place, "middle", soft=True)
    drawing.label(right, bottom + 34, {"batch": "texts", "length": "tokens"}[kind], "end", soft=True)
    step = 25 if most < 150 else 100
    for rate in range(0, int(most) + 1, step):
        drawing.line(left, y(rate), right, y(rate), "var(--soft)")
        drawing.label(left - 6, y(rate) + 4, rate, "end", soft=True)
    drawing.line(left, y(peak), right, y(peak), dash="5 4")
    drawing.label(right, y(peak) - 5, "peak", "end", soft=True)
    for name, line in points.items():
        colour = COLOURS.get(name, "gray")
        drawing.path([(x(at), y(rate)) for at, rate in sorted(line.items())], colour,
                     3 if name.startswith(RECKON) else 1.6)
        for at, rate in line.items():
            drawing.dot(x(at), y(rate), colour, f"{name}: {rate:.0f} at {at}")
    return str(drawing)


def memory(rows):
    left, right, row_height = 300, 900, 20
    groups = {}
    for row in rows:
        groups.setdefault(row["workload"], []).append(row)
    drawing = Drawing(1000, sum(len(group) * row_height + 14 for group in groups.values()) + 4)
    most = max(row["most_kib"] for row in rows)
    y = 4
    for workload, group in groups.items():
        drawing.label(0, y + 14, workload, bold=True)
        for row in sorted(group, key=lambda row: row["most_kib"]):
            colour = COLOURS.get(row["runtime"], "gray")
            before = (right - left) * row["before_kib"] / most
            whole = (right - left) * row["most_kib"] / most
            drawing.label(left - 10, y + 14, row["runtime"], "end")
            drawing.bar(left, y + 3, whole, row_height - 6, colour, row["setting"])
            drawing.bar(left, y + 3, before, row_height - 6, "#0006")
            drawing.label(left + whole + 6, y + 14, f"{row['most_kib'] / 1024:.0f} MiB", soft=True)
            y += row_height
        y += 14
    return str(drawing)


def table(head, rows):
    def cell(value):
        number = isinstance(value, str) and value[:1].isdigit() or isinstance(value, int)
        return f"<td{' class=number' * number}>{text(value)}</td>"

    return ("<table><tr>" + "".join(f"<th>{text(name)}</th>" for name in head) + "</tr>"
            + "".join("<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows) + "</table>")


def html(data):
    parts = ["<h1>reckon beside its peers</h1>"]
    if data["quick"]:
        parts.append('<p class="warning">Made by a quick run: these are no figures.</p>')
    parts += [f'<p class="facts">{text(line)}</p>' for line in machine_lines(data)]
    if data["comparisons"]:
        parts += ["<h2>Time, as a ratio to the best peer's</h2>",
                  '<p class="note">Shorter is better. Dashed red: the ratio to reach. Dark mark: the '
                  "floor, where the machine would only multiply, or read the weights once. Runs take "
                  "turns, each runtime with the setting that was best for it.</p>"]
    for threads in sorted({row["threads"] for row in data["comparisons"]}):
        parts += [f"<h3>{threads} thread{'s' * (threads > 1)}</h3>",
                  ratios([row for row in data["comparisons"] if row["threads"] == threads])]
    peaks = data["machine"]["peaks"]
    curves = [[curve(data["results"], kind, weights, peaks[weights])
               for weights in ("f32", "int8")] for kind in ("length", "batch")]
    if any(map(any, curves)):
        named = dict.fromkeys(r["runtime"] for r in data["results"] if r["curves"])
        parts += ["<h2>GFLOP/s over length and batch</h2>", '<p class="note">BERT-base shape, one '
                  "thread. Higher is better.</p>", legend(named)]
        parts += [f'<div class="pair">{"".join(pair)}</div>' for pair in curves]
    if data["memory"]:
        parts += ["<h2>Peak resident memory</h2>", '<p class="note">Of a process that loads the model '
                  "and does one pass. Dark: before it was loaded, interpreter and libraries.</p>",
                  memory(data["memory"])]
    if data["decode"]:
        decode = data["decode"]
        parts += ["<h2>Decoding</h2>", '<p class="note">A 12 x 768 model, one thread; the core reads '
                  f"as many bytes at {decode['read_gb_per_s']:.1f} GB/s.</p>",
                  table(["sequences", "backend", "weights", "ms a step", "tokens/s",
                         "share of read bandwidth"],
                        [[r["sequences"], r["backend"], r["weights"],
                          milliseconds(r["median_ms"]),
                          f"{r['tokens_per_s']:.0f}", f"{100 * r['share_of_read']:.0f} %"]
                         for r in decode["results"]])]
    parts += ["<details><summary>All times</summary>",
              table(["workload", "threads", "runtime", "chosen", "ms", "least", "most", "GFLOP/s",
                     "error or recall"],
                    [[r["workload"], r["threads"], r["runtime"], r["setting"],
                      *(milliseconds(r[key]) for key in ("median_ms", "min_ms", "max_ms")),
                      f"{r['gflops_per_s']:.0f}", accuracy(r)] for r in data["results"]]),
              "</details><details><summary>Settings tried</summary>",
              table(["workload", "threads", "runtime", "setting", "ms"],
                    [[t["workload"], t["threads"], t["runtime"], t["setting"], milliseconds(t["ms"])]
                     for t in data["tried"]]), "</details>"]
    if data["left_out"]:
        parts += ["<h2>Left out</h2>", table(["runtime", "what", "why"],
                                             [row.values() for row in data["left_out"]])]
    return ('<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>reckon beside its peers'
            f"</title><style>{STYLE}</style><body>" + "\n".join(parts) + "</body></html>\n")
