"""What suite.py measured, set against the targets, and as a page of Markdown."""

RECKON = "reckon "


def comparisons(results, workloads):
    """For each workload and number of threads: reckon's best time beside that of its peers, their
    ratio, the ratio to reach (on one thread), and the ratio at which the machine would be at its
    peak."""
    rows = []
    for workload in workloads:
        for threads in sorted({r["threads"] for r in results}):
            here = [r for r in results
                    if r["workload"] == workload.name and r["threads"] == threads]
            own = least(r for r in here if r["runtime"].startswith(RECKON))
            for against, names, target in workload.targets or [("best peer", None, None)]:
                peer = least(r for r in here if not r["runtime"].startswith(RECKON)
                             and (names is None or r["runtime"] in names))
                if own is None or peer is None or workload.curves and not workload.targets:
                    continue
                rows.append({
                    "workload": workload.name, "threads": threads, "against": against,
                    "runtime": own["runtime"], "ms": own["median_ms"], "peer": peer["runtime"],
                    "peer_ms": peer["median_ms"], "ratio": own["median_ms"] / peer["median_ms"],
                    "target": target if threads == 1 else None,
                    "floor": own["floor_ms"] / peer["median_ms"]})
    return rows


def least(rows):
    return min(rows, key=lambda row: row["median_ms"], default=None)


def milliseconds(value):
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 10 else f"{value:.3f}"


def table(head, rows):
    line = "| {} |".format
    return "\n".join([line(" | ".join(head)), "|" + "---|" * len(head),
                      *(line(" | ".join(map(str, row))) for row in rows)])


def machine_lines(data):
    """What was measured on, by what."""
    machine, peaks = data["machine"], data["machine"]["peaks"]
    reads = ", ".join(f"{rate:.0f} GB/s {words}" for (_, rate), words in zip(
        peaks["read"], ("from 512 KiB", "from 8 MiB", "from 128 MiB")))
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    return [f"{machine['cpu']}, instruction set {machine['isa']}, {machine['memory_gib']:.0f} GiB; "
            f"Linux {machine['system']}, huge pages {machine['pages']}; {machine['date']}.",
            f"Measured peaks of one core: {peaks['f32']:.0f} GFLOP/s f32, {peaks['bf16']:.0f} bf16, "
            f"{peaks['int8']:.0f} Gop/s int8; reads {reads}.",
            f"reckon {machine['commit']}, {machine['compiler']}; {versions}."]


def verdict(row):
    if row["target"] is None:
        return ""
    return "reached" if row["ratio"] <= row["target"] else "**missed**"


def markdown(data):
    parts = ["# reckon beside its peers"]
    if data["quick"]:
        parts.append("**Made by a quick run: these are no figures.**")
    parts += machine_lines(data)
    parts += ["## Ratios", "reckon's time by the peer's, medians of runs in turns; below 1 reckon is "
              "faster. At the floor the machine would do nothing but multiply, or read the weights.",
              table(["workload", "threads", "reckon, ms", "against", "peer, ms", "ratio", "target",
                     "floor", ""],
                    [[row["workload"], row["threads"],
                      f"{milliseconds(row['ms'])} ({row['runtime'].removeprefix(RECKON)})",
                      row["against"], f"{milliseconds(row['peer_ms'])} ({row['peer']})",
                      f"{row['ratio']:.2f}", "" if row["target"] is None else row["target"],
                      f"{row['floor']:.2f}", verdict(row)] for row in data["comparisons"]])]
    parts += ["## Times", "The error is of the output, relative to reckon's in f32 (root mean square).",
              table(["workload", "threads", "runtime", "chosen", "ms, median (min..max)", "GFLOP/s",
                     "error or recall"],
                    [[r["workload"], r["threads"], r["runtime"], r["setting"],
                      f"{milliseconds(r['median_ms'])} ({milliseconds(r['min_ms'])}.."
                      f"{milliseconds(r['max_ms'])})", f"{r['gflops_per_s']:.0f}", accuracy(r)]
                     for r in data["results"]])]
    parts += ["## Peak memory", "MiB resident at most, a process that loads the model and does one "
              "pass; in brackets before it was loaded: interpreter and libraries.",
              table(["workload", "runtime", "setting", "MiB"],
                    [[m["workload"], m["runtime"], m["setting"],
                      f"{m['most_kib'] / 1024:.0f} ({m['before_kib'] / 1024:.0f})"]
                     for m in data["memory"]])]
    if data["decode"]:
        decode = data["decode"]
        parts += ["## Decoding", f"A 12 x 768 model, one thread; the core reads as many bytes at "
                  f"{decode['read_gb_per_s']:.1f} GB/s.",
                  table(["sequences", "backend", "weights", "ms a step", "tokens/s",
                         "share of read bandwidth"],
                        [[r["sequences"], r["backend"], r["weights"],
                          milliseconds(r["median_ms"]),
                          f"{r['tokens_per_s']:.0f}", f"{100 * r['share_of_read']:.0f} %"]
                         for r in decode["results"]])]
    chosen = {(r["workload"], r["threads"], r["runtime"], r["setting"]) for r in data["results"]}
    parts += ["## Settings tried", "The least of a few passes; the chosen one took part above.",
              table(["workload", "threads", "runtime", "setting", "ms", ""],
                    [[t["workload"], t["threads"], t["runtime"], t["setting"], milliseconds(t["ms"]),
                      "chosen" if (t["workload"], t["threads"], t["runtime"], t["setting"]) in chosen
                      else ""] for t in data["tried"]])]
    if data["left_out"]:
        parts += ["## Left out", "\n".join(f"* {row['runtime']}, {row['what']}: {row['why']}"
                                           for row in data["left_out"])]
    return "\n\n".join(parts) + "\n"


def accuracy(result):
    if result["recall"] is not None:
        return f"recall {result['recall']:.3f}"
    return "" if result["error"] is None else f"{result['error']:.1e}"
