#!/usr/bin/env python3
"""Steps of training beside PyTorch's, in turns, after their gradients were found equal.

    training.py [--worker build/gcc/bench/training_worker] [--steps NAME[,NAME]] [--repeats 15]
        [--threads 1] [--dropout 0.1] [--bf16]

The steps and their shapes: bench/training_worker.cpp. Both sides run the same model on the same ids
with AdamW, and keep freed memory (GLIBC_TUNABLES). Times are medians with the quartiles; memory is
what a process holds at most above what it held before its first step. PyTorch is what `sh
cmake/bootstrap.sh bench torch` installs; run this with that Python."""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

WORKER_SOURCE = pathlib.Path(__file__).with_name("training_worker.cpp")
HISTORY_LENGTHS = re.compile(r"history_lengths\[\] = \{([0-9,\s]*)\}")
KEEP = "glibc.malloc.trim_threshold=4294967296:glibc.malloc.mmap_threshold=4294967296"
STEPS = ["prompt-4x256", "full-4x256", "prompt-12x768", "one-copy-12x768", "option-adapter",
         "sasrec-2x64"]
SHAPES = {  # layers, width, heads, hidden, sequences, rows, prompts
    "prompt-4x256": (4, 256, 4, 1024, 32, 44, 20),
    "full-4x256": (4, 256, 4, 1024, 32, 44, 20),
    "prompt-12x768": (12, 768, 12, 3072, 4, 108, 20),
    "one-copy-12x768": (12, 768, 12, 3072, 4, 108, 20),
    "option-adapter": (6, 384, 12, 1536, 16, 0, 20),
    "sasrec-2x64": (2, 64, 2, 256, 128, 50, 0),
}


def philox_below(count, limit, seed):
    """The ids that training_worker draws: Philox 4x32-10, word n % 4 of block n / 4."""
    import numpy
    n = numpy.arange(-(-count // 4), dtype=numpy.uint64)
    c = [n & 0xffffffff, n >> 32, n * 0, n * 0]
    k0, k1 = seed & 0xffffffff, seed >> 32
    for _ in range(10):
        a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(b >> 32) ^ c[1] ^ k0, b & 0xffffffff, (a >> 32) ^ c[3] ^ k1, a & 0xffffffff]
        c = [word & 0xffffffff for word in c]
        k0, k1 = (k0 + 0x9E3779B9) & 0xffffffff, (k1 + 0xBB67AE85) & 0xffffffff
    words = numpy.stack(c, 1).reshape(-1)[:count]
    return (words * limit >> 32).astype(numpy.int64)


def peak_memory():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])


class Step:
    """A step in PyTorch, written as its users write it: ready-made pieces, no padding to take out."""

    def __init__(self, name, weights, dropout, bf16):
        import torch
        from safetensors.torch import load_file
        self.torch, self.name, self.dropout, self.bf16 = torch, name, dropout, bf16
        layers, width, heads, _, sequences, rows, prompts = SHAPES[name]
        self.layers, self.heads = layers, heads
        self.mask = None  # M6-Rec's: prompts see only each other
        if name.startswith("one-copy"):
            self.mask = torch.ones(prompts + rows, prompts + rows, dtype=torch.bool)
            self.mask[:prompts, prompts:] = False
        tensors = load_file(weights)
        learns = {name for name in tensors
                  if not name.endswith("types")
                  and (not name.startswith("body.") or self.name.startswith("full"))}
        self.p = {name: torch.nn.Parameter(value, requires_grad=name in learns)
                  for name, value in tensors.items()}
        if self.name.startswith("sasrec"):
            self.prefix, self.norm = "", "norm"
            self.ids = torch.from_numpy(philox_below(sequences * rows, 12101, 5)).view(sequences, rows)
            self.targets = torch.from_numpy(philox_below(sequences * rows, 12101, 6))
        elif name == "option-adapter":
            self.prefix = "body."
        else:
            self.prefix = "body."
            self.ids = torch.from_numpy(philox_below(sequences * rows, 1000, 5)).view(sequences, rows)
            self.targets = torch.arange(sequences) % 2
        self.parts = [None]
        if name == "option-adapter":
            self.pad_histories(weights, prompts)
        self.epsilon = 1e-12
        self.optimiser = torch.optim.AdamW([v for v in self.p.values() if v.requires_grad], lr=1e-6,
                                           foreach=True)

    def pad_histories(self, weights, prompts):
        """64 texts in four batches of like length, each padded to its longest, with the mask of prompts
        that see only each other and of texts that see them and themselves."""
        torch = self.torch
        lengths = HISTORY_LENGTHS.search(WORKER_SOURCE.read_text())
        lengths = [int(word) for word in lengths[1].replace(",", " ").split()]
        texts = []
        for i, length in enumerate(lengths):
            ids = torch.from_numpy(philox_below(length, 29000, 5 + i)) + 1000
            ids[0], ids[length // 2], ids[-1] = 101, 102, 102
            texts.append(ids)
        self.parts = []
        for begin in range(0, len(texts), 16):
            own = texts[begin:begin + 16]
            longest = max(map(len, own))
            ids, types = torch.zeros(16, longest, dtype=torch.long), torch.zeros(16, longest, dtype=torch.long)
            mask = torch.zeros(16, 1, prompts + longest, prompts + longest, dtype=torch.bool)
            mask[:, :, :, :prompts] = True
            for i, text in enumerate(own):
                ids[i, :len(text)] = text
                types[i, len(text) // 2 + 1:] = 1
                mask[i, :, prompts:, prompts:prompts + len(text)] = True
            last = torch.tensor([prompts + len(text) - 1 for text in own])
            self.parts.append((ids, types, mask, last, (torch.arange(16) + begin) % 2))

    def tuned_loss(self, part):
        torch, p, F = self.torch, self.p, self.torch.nn.functional
        ids, types, self.mask, last, labels = part
        own = p["task.prompts"]
        x = F.embedding(ids, p["body.tokens.weight"])
        for row, special in ((20, 101), (21, 102)):
            x = torch.where((ids == special).unsqueeze(-1), own[row], x)
        x = torch.cat([own[:20].expand(len(x), -1, -1), x], 1)
        types = torch.cat([torch.zeros(len(x), 20, dtype=torch.long), types], 1)
        x = x + p["body.positions.weight"][:x.shape[1]] + F.embedding(types, p["body.types"])
        x = F.layer_norm(x, x.shape[-1:], p["body.norm.gain"], p["body.norm.bias"], self.epsilon)
        x = F.dropout(x, self.dropout)
        for i in range(self.layers):
            x = self.block(x, i, False)
        read = x[torch.arange(len(x)), last]
        return F.cross_entropy(read @ own[18:20].T, labels)

    def block(self, x, i, causal):
        torch, p, F = self.torch, self.p, self.torch.nn.functional
        at = f"{self.prefix}layers.{i}."

        def linear(name, x):
            return F.linear(x, p[f"{at}{name}.weight"], p[f"{at}{name}.bias"])

        def norm(name, x):
            return F.layer_norm(x, x.shape[-1:], p[f"{at}{name}.gain"], p[f"{at}{name}.bias"],
                                self.epsilon)

        def split(x):
            return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

        q, k, v = (split(linear(f"attention.{part}", x)) for part in ("query", "key", "value"))
        dropped = self.dropout if self.mask is None else 0
        y = F.scaled_dot_product_attention(q, k, v, self.mask, is_causal=causal, dropout_p=dropped)
        y = linear("attention.out", y.transpose(1, 2).reshape(x.shape))
        x = norm("norm_1", x + F.dropout(y, self.dropout))
        y = linear("ffn.down", F.gelu(linear("ffn.up", x)))
        if self.name == "option-adapter":
            beside = {part: p[f"task.adapters.{i}.{part}"] for part in
                      ("down.weight", "down.bias", "up.weight", "up.bias", "gate")}
            h = F.gelu(F.linear(x, beside["down.weight"], beside["down.bias"]))
            y = y + beside["gate"].view(()) * F.linear(h, beside["up.weight"], beside["up.bias"])
        return norm("norm_2", x + F.dropout(y, self.dropout))

    def loss(self):
        torch, p, F, at = self.torch, self.p, self.torch.nn.functional, self.prefix
        sasrec = self.name.startswith("sasrec")
        x = F.embedding(self.ids, p["items.weight" if sasrec else at + "tokens.weight"])
        if not sasrec:
            x = torch.cat([p["task.prompts"].expand(len(x), -1, -1), x], 1)
        places = p[at + "positions.weight"]
        x = x + (places[len(places) - x.shape[1]:] if sasrec
                 else places[:x.shape[1]] + p[at + "types"][0])
        x = F.layer_norm(x, x.shape[-1:], p[at + "norm.gain"], p[at + "norm.bias"], self.epsilon)
        x = F.dropout(x, self.dropout)
        for i in range(self.layers):
            x = self.block(x, i, sasrec)
        if sasrec:
            return F.cross_entropy(F.linear(x.reshape(-1, x.shape[-1]), p["items.weight"]), self.targets)
        if self.mask is not None:
            classes = p["task.classifier.weight"], p["task.classifier.bias"]
        else:
            classes = p["task.classes"], None
        return F.cross_entropy(F.linear(x[:, -1], *classes), self.targets)

    def loss_of(self, part):
        return self.loss() if part is None else self.tuned_loss(part)

    def __call__(self):
        for part in self.parts:
            self.optimiser.zero_grad(set_to_none=True)
            if self.bf16:
                with self.torch.autocast("cpu", self.torch.bfloat16):
                    loss = self.loss_of(part)
            else:
                loss = self.loss_of(part)
            loss.backward()
            self.torch.nn.utils.clip_grad_norm_([v for v in self.p.values() if v.requires_grad], 1e9)
            self.optimiser.step()


def torch_worker(arguments):
    import numpy
    import torch
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    step = Step(arguments.steps, arguments.weights, 0, False)
    before = peak_memory()
    if arguments.gradients:
        from safetensors.torch import load_file
        step.loss_of(step.parts[0]).backward()
        pairs = [(mine, step.p[name if name in step.p else f"task.{name}"].grad)
                 for name, mine in load_file(arguments.gradients).items()]
        # Some gradients are 0 but for rounding (of the keys' biases): they are held to the others.
        least = 1e-4 * max(theirs.abs().max().item() for _, theirs in pairs)
        worst = max((mine.view(theirs.shape) - theirs).abs().max().item() /
                    max(theirs.abs().max().item(), least) for mine, theirs in pairs)
        print(f"gradients {worst:.2e}", flush=True)
        step.optimiser.zero_grad(set_to_none=True)
    step.dropout, step.bf16 = arguments.dropout, arguments.bf16
    print("ready", flush=True)
    for _ in sys.stdin:
        begun = time.perf_counter()
        step()
        print(f"{1e3 * (time.perf_counter() - begun):.3f}", flush=True)
    print(f"memory {peak_memory() - before} 0", flush=True)


class Worker:
    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "GLIBC_TUNABLES": KEEP})
        self.said = []
        for line in self.process.stdout:
            if line == "ready\n":
                return
            self.said.append(line.strip())
        sys.exit(f"training.py: {command[0]} ended before its first step")

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        return [int(word) for word in self.process.stdout.readline().split()[1:]]


def described(times):
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{middle:.1f} ({low:.1f} .. {high:.1f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", default="build/gcc/bench/training_worker")
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dropout", type=float, default=.1)
    parser.add_argument("--bf16", action="store_true", help="PyTorch's autocast to bf16, printed beside")
    parser.add_argument("--torch-step", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--weights", help=argparse.SUPPRESS)
    parser.add_argument("--gradients", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.torch_step:
        return torch_worker(arguments)
    print("| step | reckon, ms | torch, ms | share | reckon, MB (predicted) | torch, MB | gradients differ by |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.steps.split(","):
        with tempfile.TemporaryDirectory() as folder:
            weights, gradients = pathlib.Path(folder) / "weights", pathlib.Path(folder) / "gradients"
            shared = ["--weights", weights, "--gradients", gradients, "--threads", arguments.threads,
                      "--dropout", arguments.dropout]
            ours = Worker(arguments.worker, "--step", name, *shared)
            other = [sys.executable, __file__, "--torch-step", "--steps", name, *shared]
            theirs = Worker(*other)
            workers = [ours, theirs] + ([Worker(*other, "--bf16")] if arguments.bf16 else [])
            times = [[] for _ in workers]
            for turn in range(arguments.repeats + 2):
                for worker, own in zip(workers, times):
                    taken = worker.step()
                    if turn >= 2:
                        own.append(taken)
            (our_bytes, predicted), (their_bytes, _) = ours.end(), theirs.end()
            share = statistics.median(times[0]) / statistics.median(times[1])
            print(f"| {name} | {described(times[0])} | {described(times[1])} | {share:.2f} | "
                  f"{our_bytes / 1e6:.0f} ({predicted / 1e6:.0f}) | {their_bytes / 1e6:.0f} | "
                  f"{theirs.said[-1].split()[-1]} |", flush=True)
            if arguments.bf16:
                print(f"| {name}, torch in bf16 | | {described(times[2])} | | | | |", flush=True)


if __name__ == "__main__":
    main()
