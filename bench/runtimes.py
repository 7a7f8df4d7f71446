"""The runtimes that suite.py compares, each a process that answers a request with one timed pass."""
import dataclasses
import importlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent
RECKON = ("reckon onednn", "reckon simd")
PEERS = {"onnxruntime": "onnxruntime_bert", "ctranslate2": "ctranslate2_bert",
         "openvino": "openvino_bert", "torch": "torch_bert", "faiss": "faiss_knn",
         "numpy": "numpy_knn"}  # in peers/
DISTRIBUTION = {"faiss": "faiss-cpu"}

# Freed memory stays with the process, and large blocks lie on pages of 2 MB where the system has
# them. What would bend a library's own choice is unset.
MALLOC = ":".join(["glibc.malloc.hugetlb=1", "glibc.malloc.mmap_threshold=33554432",
                   "glibc.malloc.trim_threshold=17179869184"])
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "CT2_USE_MKL", "RECKON_MAX_ISA",
         "DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA")


def environment(threads):
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**kept, "GLIBC_TUNABLES": MALLOC, "OMP_NUM_THREADS": str(threads),
            "OPENBLAS_NUM_THREADS": str(threads)}


def cores(count):
    """Those that every runtime is pinned to: the last ones, as the first serves most interrupts."""
    return sorted(os.sched_getaffinity(0))[-count:]


class Worker:
    def __init__(self, command, threads, log, more={}):
        self.log, pinned = log, cores(threads)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as errors:
            self.process = subprocess.Popen(
                list(map(str, command)), cwd=BENCH, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, env=environment(threads) | more,
                preexec_fn=lambda: os.sched_setaffinity(0, pinned))
        self.answer()  # that it is ready

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            said = self.log.read_text(errors="replace").strip().splitlines()
            raise RuntimeError(said[-1] if said else f"it ended with {self.process.wait()}")
        return line.strip()

    def ask(self, *request):
        self.process.stdin.write(" ".join(map(str, request)) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def run(self, way, shape):
        """Milliseconds of a pass: on the wall, and of the processor in all threads."""
        return tuple(map(float, self.ask("run", way, shape).split()))

    def memory(self):
        """KiB, at most: in all, and before the model was loaded."""
        return tuple(map(int, self.ask("memory").split()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@dataclasses.dataclass
class Reckon:
    name: str
    folder: pathlib.Path
    programs: pathlib.Path

    def serves(self, workload):
        return True

    def settings(self, workload):
        return [{}]

    def start(self, workload, model, threads, setting):
        return Worker([self.programs / "worker", "--op", workload.op, "--model", model,
                       "--backend", self.name.split()[1], "--weights", workload.weights,
                       "--threads", threads], threads, self.folder / f"{self.name}.log")


@dataclasses.dataclass
class Peer:
    name: str
    folder: pathlib.Path

    @property
    def module(self):
        return importlib.import_module(f"peers.{PEERS[self.name]}")

    def version(self):
        return importlib.metadata.version(DISTRIBUTION.get(self.name, self.name))

    def serves(self, workload):
        op = "knn" if PEERS[self.name].endswith("knn") else "encoder"
        return op == workload.op and workload.weights in self.module.weights

    def settings(self, workload):
        return self.module.settings(workload.weights, workload.uneven)

    def start(self, workload, model, threads, setting):
        made = self.folder / self.name / workload.model
        log = self.folder / f"{self.name}.log"
        call = [sys.executable, "-m", "peers.worker"]
        rest = [PEERS[self.name], model, made, workload.weights, json.dumps(setting)]
        lengths = "uneven" if workload.uneven else "even"
        done = made / (" ".join([workload.weights, *map(str, setting.values())]) + ".made")
        if not done.exists():
            made.mkdir(parents=True, exist_ok=True)
            run = subprocess.run([*call, "make", *rest, lengths], cwd=BENCH, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if run.returncode != 0:
                raise RuntimeError(run.stdout.strip().splitlines()[-1])
            done.touch()
        more = getattr(self.module, "environment", lambda _: {})(setting)
        return Worker([*call, "serve", *rest, threads], threads, log, more)
