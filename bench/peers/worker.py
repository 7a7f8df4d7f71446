"""A peer in a process of its own, as suite.py starts it:

    python -m peers.worker make  MODULE FOLDER MADE KIND SETTING even|uneven
    python -m peers.worker serve MODULE FOLDER MADE KIND SETTING THREADS

`make` writes what the peer loads (a graph, quantised weights) into the folder MADE, for batches of
texts of one length or of several. `serve` loads it and answers, one line for each line of standard input (worker.cpp speaks the same):
    run WAY SHAPE          an untimed pass, then a timed one: wall and processor milliseconds
    write FILE WAY SHAPE   the output of a pass as raw numbers
    memory                 the most KiB that were resident: now, and before the model was loaded
"""
import importlib
import json
import os
import pathlib
import sys
import time


def peak_memory():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    return 0


def serve(peer, before, answer):
    passes = {}

    def ready(way, shape):
        if (way, shape) not in passes:
            passes[way, shape] = peer.prepared(way, shape)
        return passes[way, shape]

    for line in sys.stdin:
        word, *rest = line.split()
        if word == "run":
            forward = ready(*rest)
            forward()
            wall, processor = time.perf_counter(), time.process_time()
            forward()
            answer(f"{(time.perf_counter() - wall) * 1e3:.6f} "
                   f"{(time.process_time() - processor) * 1e3:.6f}")
        elif word == "write":
            peer.rows(*rest[1:], ready(*rest[1:])()).tofile(rest[0])
            answer("done")
        else:
            answer(f"{peak_memory()} {before}")


def main():
    # Libraries print what they like; the answers keep standard output for themselves.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    action, name, folder, made, kind, setting, last = sys.argv[1:]
    module = importlib.import_module(f"peers.{name}")
    setting = json.loads(setting)
    if action == "make":
        return module.make(folder, made, kind, setting, last == "uneven")
    importlib.import_module(module.package)
    before = peak_memory()
    peer = module.Peer(folder, made, kind, int(last), setting)
    print("ready", file=answers)
    serve(peer, before, lambda text: print(text, file=answers))


if __name__ == "__main__":
    main()
