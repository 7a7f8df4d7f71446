#!/usr/bin/env python3
"""How long the compiler takes for each public header alone and for each program.

    compile_time.py [--flags build/gcc/tests/flags] [--compiler g++] [--repeats 3] [--output md|json]

Seconds of the compiler's own processor time at -O2, the least of the repeats; a layers header over
its budget of 0.5 s is marked. The flags file is the one that building the tests writes.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS_BUDGET = 0.5


def seconds(command):
    """Processor time of one run, or None where it does not compile (a component is missing)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(command, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 0:
        return None
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(name, source, options):
    command = [options.compiler, *options.flags, f"-I{ROOT / 'include'}", "-std=c++20", "-O2", "-c",
               source, "-o", "/dev/null"]
    times = [seconds(command) for _ in range(options.repeats)]
    best = None if None in times else round(min(times), 2)
    print(f"{name}: {best}", file=sys.stderr)
    return {"name": name, "seconds": best,
            "over": best is not None and "/layers/" in name and best > LAYERS_BUDGET}


def print_markdown(compiler, rows):
    print(f"{compiler}, -O2, seconds of processor time\n\n| file | s |\n|---|---|")
    for row in rows:
        time = "does not compile with these flags" if row["seconds"] is None else f"{row['seconds']:.2f}"
        print(f"| {row['name']} | {time}{' **over budget**' if row['over'] else ''} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--flags", type=pathlib.Path)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", choices=["md", "json"], default="md")
    options = parser.parse_args()
    options.flags = [f"@{options.flags}"] if options.flags else []

    version = subprocess.run([options.compiler, "--version"], capture_output=True, text=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        alone = pathlib.Path(folder) / "alone.cpp"
        for header in sorted((ROOT / "include").rglob("*.hpp")):
            name = header.relative_to(ROOT / "include")
            if "cuda" in name.parts:
                continue
            alone.write_text(f"#include <{name}>\n")
            rows.append(measure(str(name), alone, options))
    for program in sorted([*(ROOT / "examples").glob("*.cpp"), *(ROOT / "bench").glob("*.cpp")]):
        rows.append(measure(str(program.relative_to(ROOT)), program, options))

    compiler = version.stdout.split("\n")[0]
    if options.output == "json":
        print(json.dumps({"compiler": compiler, "files": rows}, indent=1))
    else:
        print_markdown(compiler, rows)


if __name__ == "__main__":
    main()
