"""NumPy: one product of matrices over OpenBLAS, then the best of each row by partition."""
import numpy

from peers import knn

package = "numpy"
weights = ["f32"]


def settings(kind, uneven):
    return [{"queries at once": count} for count in (64, 1000)]


def make(folder, made, kind, setting, uneven):
    pass


class Peer(knn.Index):
    def __init__(self, folder, made, kind, threads, setting):
        super().__init__(folder)
        self.items = knn.read(folder, "items")
        self.at_once = setting["queries at once"]

    def search(self, queries):
        return numpy.concatenate([self.best_of(queries[first:first + self.at_once])
                                  for first in range(0, len(queries), self.at_once)])

    def best_of(self, queries):
        scores = queries @ self.items.T
        some = numpy.argpartition(scores, -knn.best, axis=1)[:, -knn.best:]
        order = numpy.argsort(-numpy.take_along_axis(scores, some, 1), axis=1, kind="stable")
        return numpy.take_along_axis(some, order, 1)
