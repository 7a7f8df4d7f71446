"""What suite.py times: the workloads, what each has to be compared with, and the least time that the
machine's own peaks allow."""
import dataclasses

# 32 texts of 8..154 tokens, 1,198 in all: many short ones and a few long ones, in no order.
TEXTS = [21, 57, 9, 33, 12, 154, 18, 44, 11, 27, 70, 14, 8, 38, 24, 92, 10, 19, 66, 31, 13, 48, 22,
         16, 35, 79, 17, 29, 41, 63, 25, 52]

SIZES = {"bert-base": dict(layers=12, heads=12, width=768, hidden=3072),
         "minilm": dict(layers=6, heads=12, width=384, hidden=1536)}
KNN_ITEMS, KNN_WIDTH = 100_000, 128
BYTES = {"f32": 4, "bf16": 2, "int8": 1}
# Activations are quantised as they come, or by scales that a calibration found.
DYNAMIC, CALIBRATED = ("onnxruntime", "ctranslate2", "torch"), ("openvino",)


@dataclasses.dataclass
class Workload:
    model: str
    weights: str
    shape: str                   # what a worker takes: lengths of texts, or a number of queries
    title: str                   # of the shape
    ways: tuple = ("together",)  # in which batches: see peers/bert.py
    targets: tuple = ()          # (against, peers or None for all, ratio)
    curves: tuple = ()           # "length", "batch": of which it is a point
    busy: bool = False           # while another process computes on one of the cores

    @property
    def op(self):
        return "knn" if self.model == "knn" else "encoder"

    @property
    def name(self):
        return f"{self.model} {self.weights} {self.title}" + (" beside a busy process" * self.busy)

    @property
    def lengths(self):
        return [int(length) for length in self.shape.split(",")]

    @property
    def tokens(self):
        return sum(self.lengths)

    @property
    def uneven(self):
        return len(set(self.lengths)) > 1

    def operations(self):
        """Of the products with weights, and of the others, which every kind of weights computes in
        f32."""
        if self.op == "knn":
            return 2 * self.tokens * KNN_ITEMS * KNN_WIDTH, 0
        size = SIZES[self.model]
        width, layers = size["width"], size["layers"]
        linear = 2 * self.tokens * width * (4 * width + 2 * size["hidden"])
        attention = sum(4 * length * length * width for length in self.lengths)
        return layers * linear, layers * attention

    def weight_bytes(self):
        if self.op == "knn":
            return KNN_ITEMS * KNN_WIDTH * BYTES[self.weights]
        size = SIZES[self.model]
        width = size["width"]
        return size["layers"] * width * (4 * width + 2 * size["hidden"]) * BYTES[self.weights]

    def floor_ms(self, peaks, threads):
        """By the arithmetic, or by reading every weight once, whichever takes longer."""
        linear, others = self.operations()
        arithmetic = linear / peaks[self.weights] + others / peaks["f32"]
        footprint = self.weight_bytes()
        rate = next(rate for most, rate in peaks["read"] if most is None or footprint <= most)
        return max(arithmetic, footprint / rate) / 1e6 / threads


def texts(batch, length):
    return ",".join([str(length)] * batch)


def all_workloads():
    shapes = [(1, 8), (1, 32), (1, 128), (8, 128)]
    targets = {"f32": (("best peer", None, 1.0),),
               "int8": (("dynamic", DYNAMIC, 0.85), ("calibrated", CALIBRATED, 1.0)),
               "bf16": (("best peer", None, 1.0),)}
    for weights in ("f32", "int8", "bf16"):
        for batch, length in shapes:
            ways = ("together",) if batch == 1 else ("together", "single")
            yield Workload("bert-base", weights, texts(batch, length), f"B{batch} S{length}", ways,
                           targets[weights], curves_of(batch, length))
    for weights, ratio in (("f32", 0.80), ("int8", 0.70)):
        yield Workload("minilm", weights, ",".join(map(str, TEXTS)), "32 texts",
                       ("single", "sorted4", "sorted8", "together"),
                       (("best peer", None, ratio),))
    for weights, ratio in (("f32", 1.0), ("int8", 0.5)):
        for queries in (1, 1000):
            yield Workload("knn", weights, str(queries), "1 query" if queries == 1 else
                           f"{queries} queries", targets=(("best peer", None, ratio),))
    for weights in ("f32", "int8"):
        for batch, length in [(1, 16), (1, 64), (1, 256), (2, 32), (4, 32), (8, 32), (16, 32)]:
            yield Workload("bert-base", weights, texts(batch, length), f"B{batch} S{length}",
                           curves=curves_of(batch, length))
    yield Workload("bert-base", "f32", texts(8, 128), "B8 S128", busy=True)


def curves_of(batch, length):
    return ("length",) * (batch == 1) + ("batch",) * (length == 32)
