"""What the peers know of a BERT encoder: its sizes and weights in a Hugging Face folder, the ids that
every worker makes for itself, and the ways to cut a list of texts into batches."""
import dataclasses
import json
import pathlib

import numpy
from safetensors.numpy import load_file, save_file


@dataclasses.dataclass
class Sizes:
    layers: int
    heads: int
    width: int
    hidden: int
    vocabulary: int
    positions: int
    epsilon: float

    @classmethod
    def read(cls, folder):
        config = json.loads((pathlib.Path(folder) / "config.json").read_text())
        return cls(config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"],
                   config["intermediate_size"], config["vocab_size"],
                   config["max_position_embeddings"], config["layer_norm_eps"])


def read_weights(folder):
    return load_file(pathlib.Path(folder) / "model.safetensors")


def layer_names(layer):
    """(query, key, value, out, norm 1, up, down, norm 2) of a layer, without .weight and .bias."""
    at = f"encoder.layer.{layer}."
    return (*(f"{at}attention.self.{name}" for name in ("query", "key", "value")),
            at + "attention.output.dense", at + "attention.output.LayerNorm",
            at + "intermediate.dense", at + "output.dense", at + "output.LayerNorm")


def write_random(folder, layers, heads, width, hidden, vocabulary=30522, positions=512):
    """A folder of BERT's initial weights: normal, sigma 0.02; norms a little off one and zero, so that
    an exchanged one shows in the output."""
    random = numpy.random.default_rng(0)

    def normal(*shape):
        return random.standard_normal(shape, numpy.float32) * numpy.float32(0.02)

    def linear(name, out, into):
        return {name + ".weight": normal(out, into), name + ".bias": normal(out)}

    def norm(name):
        return {name + ".weight": 1 + normal(width), name + ".bias": normal(width)}

    tensors = {"embeddings.word_embeddings.weight": normal(vocabulary, width),
               "embeddings.position_embeddings.weight": normal(positions, width),
               "embeddings.token_type_embeddings.weight": normal(2, width),
               **norm("embeddings.LayerNorm")}
    for layer in range(layers):
        *products, out, norm_1, up, down, norm_2 = layer_names(layer)
        for name in (*products, out):
            tensors |= linear(name, width, width)
        tensors |= {**norm(norm_1), **linear(up, hidden, width), **linear(down, width, hidden),
                    **norm(norm_2)}
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": layers,
        "num_attention_heads": heads, "hidden_size": width, "intermediate_size": hidden,
        "vocab_size": vocabulary, "max_position_embeddings": positions, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12}))
    save_file(tensors, folder / "model.safetensors")


def ids_of(lengths, vocabulary):
    """One array of ids a text: the same as worker.cpp makes."""
    count = numpy.arange(sum(lengths), dtype=numpy.uint32)
    ids = (count * numpy.uint32(2654435761)) % numpy.uint32(vocabulary)
    return numpy.split(ids.astype(numpy.int64), numpy.cumsum(lengths)[:-1])


def cut(lengths, way):
    """Numbers of the texts of each batch: `single`, `together`, or `sortedN`, N alike ones at once."""
    texts = list(range(len(lengths)))
    if way == "together":
        return [texts]
    if way == "single":
        return [[text] for text in texts]
    size = int(way.removeprefix("sorted"))
    texts.sort(key=lambda text: lengths[text])
    return [texts[first:first + size] for first in range(0, len(texts), size)]


def padded(ids, texts):
    """ids [texts, longest] with zeros behind the shorter ones, and the lengths."""
    lengths = [len(ids[text]) for text in texts]
    batch = numpy.zeros((len(texts), max(lengths)), numpy.int64)
    for row, text in enumerate(texts):
        batch[row, :lengths[row]] = ids[text]
    return batch, lengths


class Encoder:
    """A peer's model: a subclass gives `forward(batch) -> hidden [texts, longest, width]` and may
    turn (ids, lengths) into what that takes in `batch_of`, outside of the time."""

    def __init__(self, folder):
        self.sizes = Sizes.read(folder)

    def batch_of(self, ids, lengths):
        return ids, lengths

    def prepared(self, way, shape):
        """A pass over all texts, ready to be timed; it gives what `rows` takes."""
        lengths = [int(length) for length in shape.split(",")]
        ids = ids_of(lengths, self.sizes.vocabulary)
        batches = [self.batch_of(*padded(ids, texts)) for texts in cut(lengths, way)]
        return lambda: [self.forward(batch) for batch in batches]

    def rows(self, way, shape, outputs):
        """The hidden rows of all texts in their order, without padding: [tokens, width]."""
        lengths = [int(length) for length in shape.split(",")]
        found = [None] * len(lengths)
        for texts, output in zip(cut(lengths, way), outputs):
            output = self.array(output)
            for row, text in enumerate(texts):
                found[text] = output[row, :lengths[text]]
        return numpy.concatenate(found).astype(numpy.float32)

    @staticmethod
    def array(output):
        return numpy.asarray(output)
