#!/usr/bin/env python3
"""What compiling reckon costs: processor seconds and peak memory of the compiler, and object size.

    compile_time.py [--build build/gcc] [--what headers models programs tests] [--repeats 3]
                    [--instantiations 15] [--output md|json]

Each public header alone; each model on each backend, the least a user writes; each program of
examples/ and bench/ and each test, as the build compiles it. The least of the repeats. Over budget
is marked: 0.5 s for a header of layers, 6 s and 1 GB for a model on a backend. With clang++ it also
names the templates that those models spend most on.
"""
import argparse
import collections
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS_SECONDS, MODEL_SECONDS, MODEL_MB = 0.5, 6, 1024

BACKENDS = {"reference": "cpu_reference", "eigen": "cpu_eigen<>", "simd": "cpu",
            "onednn": "cpu_onednn<>"}
MODELS = {"bert": "load(folder)", "sasrec": "load(folder, 2)", "llama": "load(folder)"}
FORWARD = """#include <reckon/kernels/{backend}.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/models/{model}.hpp>

using namespace reckon;

float first(const char* folder, std::span<const std::int32_t> ids,
            std::span<const std::int32_t> offsets) {{
    const auto model = {model}::{load};
    context<{tag}> ctx;
    const auto fast = prepare(ctx, model);
    const auto scope = ctx.scope();
    return fast(ctx, batch_of(ids, offsets))(0, 0);
}}
"""


def compiled(command, folder):
    """Seconds, MB and object KB of one run, or None where it does not compile (a component is
    missing)."""
    target = folder / "object.o"
    target.unlink(missing_ok=True)
    process = subprocess.Popen([*command, "-c", "-o", target], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None
    return {"seconds": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024,
            "kb": target.stat().st_size / 1024}


class Costs:
    def __init__(self, options, folder):
        self.options, self.folder, self.rows = options, folder, []
        database = json.loads((options.build / "compile_commands.json").read_text())
        self.commands = {pathlib.Path(entry["file"]): entry for entry in database}
        self.compiler = shlex.split(database[0]["command"])[0]
        flags = options.build / "tests" / "flags"
        self.flags = [f"@{flags.resolve()}", f"-I{ROOT / 'include'}", "-std=c++20", "-O2"]

    def measure(self, kind, name, command, seconds=None, mb=None):
        runs = [compiled(command, self.folder) for _ in range(self.options.repeats)]
        best = None if None in runs else {key: round(min(run[key] for run in runs), 2)
                                          for key in runs[0]}
        over = best is not None and (seconds is not None and best["seconds"] > seconds
                                     or mb is not None and best["mb"] > mb)
        print(f"{kind} {name}: {best}", file=sys.stderr)
        self.rows.append({"kind": kind, "name": name, "over": over, **(best or {"seconds": None})})

    def source(self, text):
        path = self.folder / "source.cpp"
        path.write_text(text)
        return path

    def headers(self):
        include = ROOT / "include"
        for header in sorted(include.rglob("*.hpp")):
            name = header.relative_to(include)
            if "cuda" not in name.parts:
                alone = self.source(f"#include <{name}>\n")
                self.measure("header", str(name), [self.compiler, *self.flags, alone],
                             seconds=LAYERS_SECONDS if "layers" in name.parts else None)

    def forwards(self):
        for model, load in MODELS.items():
            for backend, tag in BACKENDS.items():
                yield f"{model} on {backend}", FORWARD.format(model=model, load=load, tag=tag,
                                                              backend=backend)

    def models(self):
        for name, text in self.forwards():
            self.measure("model", name, [self.compiler, *self.flags, self.source(text)],
                         MODEL_SECONDS, MODEL_MB)

    def built(self, kind, *folders):
        """What the build compiles of these folders, by its own commands."""
        for path, entry in sorted(self.commands.items()):
            if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in folders:
                command = shlex.split(entry["command"])
                at = command.index("-o")
                del command[at:at + 2]
                command.remove("-c")
                self.measure(kind, str(path.relative_to(ROOT)), command)

    def programs(self):
        self.built("program", "examples", "bench")

    def tests(self):
        self.built("test", "tests")

    def instantiations(self):
        """Milliseconds that clang++ spends on each template itself, over all models and backends."""
        spent = collections.Counter()
        trace = self.folder / "object.json"
        for _, text in self.forwards():
            if compiled(["clang++", *self.flags, "-ftime-trace", self.source(text)],
                        self.folder):
                spent.update(own_times(json.loads(trace.read_text())["traceEvents"]))
        return [{"template": name, "ms": round(microseconds / 1e3)}
                for name, microseconds in spent.most_common(self.options.instantiations)]


def own_times(events):
    """Of each template, without what it instantiates in turn."""
    spent, open_ones = collections.Counter(), []
    named = [e for e in events if e["name"] in ("InstantiateClass", "InstantiateFunction")]
    for event in sorted(named, key=lambda e: (e["ts"], -e["dur"])):
        while open_ones and open_ones[-1][1] <= event["ts"]:
            open_ones.pop()
        if open_ones:
            spent[open_ones[-1][0]] -= event["dur"]
        name = event["args"]["detail"].split("<")[0]
        spent[name] += event["dur"]
        open_ones.append((name, event["ts"] + event["dur"]))
    return spent


def print_markdown(result):
    print(f"{result['compiler']}: processor seconds, peak memory, object size\n\n"
          "| | what | s | MB | KB |\n|---|---|---|---|---|")
    for row in result["files"]:
        if row["seconds"] is None:
            print(f"| {row['kind']} | {row['name']} | does not compile with these flags | | |")
        else:
            mark = " **over budget**" if row["over"] else ""
            print(f"| {row['kind']} | {row['name']} | {row['seconds']:.2f}{mark} | {row['mb']:.0f} | "
                  f"{row['kb']:.0f} |")
    if result["instantiations"]:
        print("\n| template, by clang++ over all models and backends | ms |\n|---|---|")
        for row in result["instantiations"]:
            print(f"| `{row['template']}` | {row['ms']} |")


def main():
    kinds = ["headers", "models", "programs", "tests"]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "gcc",
                        help="a build with tests, for its flags and commands")
    parser.add_argument("--what", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--instantiations", type=int, default=15, help="how many to name")
    parser.add_argument("--output", choices=["md", "json"], default="md")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        costs = Costs(options, pathlib.Path(folder))
        for kind in options.what:
            getattr(costs, kind)()
        slowest = []
        if "models" in options.what and options.instantiations and shutil.which("clang++"):
            slowest = costs.instantiations()
    version = subprocess.run([costs.compiler, "--version"], capture_output=True, text=True)
    result = {"compiler": version.stdout.split("\n")[0], "files": costs.rows,
              "instantiations": slowest}
    if options.output == "json":
        print(json.dumps(result, indent=1))
    else:
        print_markdown(result)


if __name__ == "__main__":
    main()
