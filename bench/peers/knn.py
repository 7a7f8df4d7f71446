"""The data of exact nearest neighbours: unit vectors around normal centres, and what every peer
answers with, the ten best items by inner product."""
import pathlib

import numpy

items, queries, width, best = 100_000, 1000, 128, 10


def write_random(folder, centres=2000, sigma=0.35):
    random = numpy.random.default_rng(0)
    middle = random.standard_normal((centres, width))
    count = items + queries
    vectors = middle[random.integers(centres, size=count)]
    vectors += sigma * random.standard_normal((count, width))
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    vectors[:items].astype(numpy.float32).tofile(folder / "items")
    vectors[items:].astype(numpy.float32).tofile(folder / "queries")


def read(folder, name):
    return numpy.fromfile(pathlib.Path(folder) / name, numpy.float32).reshape(-1, width)


class Index:
    """A subclass gives `search(queries) -> numbers of items [queries, best]`."""

    def __init__(self, folder):
        self.queries = read(folder, "queries")

    def prepared(self, way, shape):
        some = self.queries[:int(shape)]
        return lambda: self.search(some)

    def rows(self, way, shape, found):
        return numpy.asarray(found, numpy.int32)
