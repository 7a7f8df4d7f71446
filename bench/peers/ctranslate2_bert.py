"""CTranslate2: its Encoder, filled through the converters' own specification. Batches of uneven
texts lose their padding inside it. int8 is its dynamic quantisation, a scale a row."""
import os
import pathlib

import numpy

from peers.bert import Encoder, Sizes, layer_names, read_weights

package = "ctranslate2"
weights = ["f32", "int8"]


def settings(kind, uneven):
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return [{"isa": isa} for isa in (["AVX512", "AVX2"] if "avx512bw" in flags else ["AVX2"])]


def environment(setting):
    return {"CT2_FORCE_CPU_ISA": setting["isa"]}


def make(folder, made, kind, setting, uneven):
    from ctranslate2.converters import utils
    from ctranslate2.specs import common_spec, transformer_spec
    sizes, tensors = Sizes.read(folder), read_weights(folder)
    encoder = transformer_spec.TransformerEncoderSpec(
        sizes.layers, sizes.heads, pre_norm=False, activation=common_spec.Activation.GELU,
        layernorm_embedding=True)
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    encoder.scale_embeddings = False

    def fill(part, name):
        part.weight = tensors[name + ".weight"]
        part.bias = tensors[name + ".bias"]

    def norm(part, name):
        part.gamma = tensors[name + ".weight"]
        part.beta = tensors[name + ".bias"]

    encoder.embeddings[0].weight = tensors["embeddings.word_embeddings.weight"]
    encoder.position_encodings.encodings = (
        tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0])
    norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        *products, out, norm_1, up, down, norm_2 = layer_names(number)
        three = [common_spec.LinearSpec() for _ in products]
        for part, name in zip(three, products):
            fill(part, name)
        utils.fuse_linear(layer.self_attention.linear[0], three)
        fill(layer.self_attention.linear[1], out)
        norm(layer.self_attention.layer_norm, norm_1)
        fill(layer.ffn.linear_0, up)
        fill(layer.ffn.linear_1, down)
        norm(layer.ffn.layer_norm, norm_2)
    spec.register_vocabulary([str(token) for token in range(sizes.vocabulary)])
    spec.config.unk_token = "0"
    spec.config.layer_norm_epsilon = sizes.epsilon
    spec.validate()
    spec.optimize(quantization="int8" if kind == "int8" else None)
    folder = pathlib.Path(made) / kind
    folder.mkdir(exist_ok=True)
    spec.save(os.fspath(folder))


class Peer(Encoder):
    def __init__(self, folder, made, kind, threads, setting):
        import ctranslate2
        super().__init__(folder)
        self.encoder = ctranslate2.Encoder(
            os.fspath(pathlib.Path(made) / kind), device="cpu", inter_threads=1,
            intra_threads=threads, compute_type="int8" if kind == "int8" else "float32")

    def batch_of(self, ids, lengths):
        import ctranslate2
        return [ctranslate2.StorageView.from_array(numpy.asarray(values, numpy.int32))
                for values in (ids, lengths)]

    def forward(self, batch):
        return self.encoder.forward_batch(*batch).last_hidden_state
