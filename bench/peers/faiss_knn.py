"""faiss: a flat index in f32, or its 8-bit scalar quantiser."""
from peers import knn

package = "faiss"
weights = ["f32", "int8"]


def settings(kind, uneven):
    return [{"instructions": level} for level in ("its choice", "AVX2")]


def make(folder, made, kind, setting, uneven):
    pass  # an index is made of the vectors when it is loaded


class Peer(knn.Index):
    def __init__(self, folder, made, kind, threads, setting):
        import faiss
        super().__init__(folder)
        faiss.omp_set_num_threads(threads)
        if setting["instructions"] == "AVX2":
            faiss.SIMDConfig.set_level(faiss.SIMDLevel_AVX2)
        vectors = knn.read(folder, "items")
        if kind == "int8":
            self.index = faiss.IndexScalarQuantizer(
                knn.width, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
            self.index.train(vectors)
        else:
            self.index = faiss.IndexFlatIP(knn.width)
        self.index.add(vectors)

    def search(self, queries):
        return self.index.search(queries, knn.best)[1]
