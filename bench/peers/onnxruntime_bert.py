"""ONNX Runtime. The graph is built of its own fused operators, which its optimizer for transformers
ends at too: Attention (one product for queries, keys and values) or MultiHeadAttention (the flash
kernel on CPUs), BiasGelu, SkipLayerNormalization. int8 is its dynamic quantisation."""
import pathlib

import numpy

from peers.bert import Encoder, Sizes, layer_names, read_weights

package = "onnxruntime"
weights = ["f32", "int8"]


def settings(kind, uneven):
    if kind == "f32":
        return [{"attention": "Attention"}, {"attention": "MultiHeadAttention"}]
    return [{"attention": attention, "scales": scales}
            for attention in ("Attention", "MultiHeadAttention")
            for scales in ("tensor", "channel")]


def build(folder, attention, masked):
    from onnx import TensorProto, helper, numpy_helper
    sizes, tensors = Sizes.read(folder), read_weights(folder)
    nodes, initializers = [], []
    lengths = "lengths" if masked else ""  # the flash kernel takes no mask

    def constant(name, value):
        initializers.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def node(op, inputs, result, domain="com.microsoft", **attributes):
        outputs = [result] if isinstance(result, str) else result
        nodes.append(helper.make_node(op, inputs, outputs, result if isinstance(result, str)
                                      else result[0], domain=domain, **attributes))
        return outputs[0]

    def weight(name):
        return constant(name + ".weight", tensors[name + ".weight"].T)

    def bias(name):
        return constant(name + ".bias", tensors[name + ".bias"])

    def norm(name):
        return [constant(name + ".weight", tensors[name + ".weight"]), bias(name)]

    word, place, kind = ("embeddings.word_embeddings.weight",
                         "embeddings.position_embeddings.weight",
                         "embeddings.token_type_embeddings.weight")
    x = node("EmbedLayerNormalization",
             ["ids", "", constant(word, tensors[word]),
              constant(place, tensors[place] + tensors[kind][0]), "",
              *norm("embeddings.LayerNorm"), ""],
             ["embedded", "counts"], epsilon=sizes.epsilon)
    for layer in range(sizes.layers):
        query, key, value, out, norm_1, up, down, norm_2 = layer_names(layer)
        at = f"{layer}."
        if attention == "Attention":
            together = numpy.concatenate([tensors[n + ".weight"] for n in (query, key, value)])
            biases = numpy.concatenate([tensors[n + ".bias"] for n in (query, key, value)])
            seen = node("Attention",
                        [x, constant(at + "qkv", together.T), constant(at + "qkv.bias", biases),
                         lengths],
                        at + "attention", num_heads=sizes.heads)
        else:
            three = [node("Add", [node("MatMul", [x, weight(n)], n, ""), bias(n)], n + "+bias", "")
                     for n in (query, key, value)]
            seen = node("MultiHeadAttention", [*three, "", lengths], at + "attention",
                        num_heads=sizes.heads)
        y = node("MatMul", [seen, weight(out)], at + "out", "")
        x = node("SkipLayerNormalization", [y, x, *norm(norm_1), bias(out)], at + "norm_1",
                 epsilon=sizes.epsilon)
        y = node("BiasGelu", [node("MatMul", [x, weight(up)], at + "up", ""), bias(up)],
                 at + "gelu")
        y = node("MatMul", [y, weight(down)], at + "down", "")
        x = node("SkipLayerNormalization", [y, x, *norm(norm_2), bias(down)], at + "norm_2",
                 epsilon=sizes.epsilon)
    nodes[-1].output[0] = "hidden"
    inputs = {"ids": ["texts", "length"]} | ({"lengths": ["texts"]} if masked else {})
    hidden = helper.make_tensor_value_info("hidden", TensorProto.FLOAT,
                                           ["texts", "length", sizes.width])
    graph = helper.make_graph(
        nodes, "bert", [helper.make_tensor_value_info(name, TensorProto.INT32, shape)
                        for name, shape in inputs.items()], [hidden], initializers)
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)])


def file_of(made, kind, setting, masked):
    words = [*setting.values(), "masked" if masked else "whole", kind]
    return pathlib.Path(made) / ("-".join(words) + ".onnx")


def make(folder, made, kind, setting, uneven):
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    for masked in [False, True] if uneven else [False]:
        model = build(folder, setting["attention"], masked)
        path = file_of(made, kind, setting, masked)
        if kind == "f32":
            onnx.save(model, path)
        else:
            quantize_dynamic(model, path, per_channel=setting["scales"] == "channel",
                             weight_type=QuantType.QInt8,
                             op_types_to_quantize=["MatMul", "Attention"],
                             extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


class Peer(Encoder):
    def __init__(self, folder, made, kind, threads, setting):
        super().__init__(folder)
        self.threads = threads
        self.files = [file_of(made, kind, setting, masked) for masked in (False, True)]
        self.sessions = {}

    def session(self, masked):
        import onnxruntime
        if masked not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.threads
            options.inter_op_num_threads = 1
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            options.log_severity_level = 3
            options.add_session_config_entry("session.set_denormal_as_zero", "1")
            self.sessions[masked] = onnxruntime.InferenceSession(
                self.files[masked], options, providers=["CPUExecutionProvider"])
        return self.sessions[masked]

    def batch_of(self, ids, lengths):
        masked = min(lengths) < max(lengths)
        inputs = {"ids": ids.astype(numpy.int32)}
        if masked:
            inputs["lengths"] = numpy.array(lengths, numpy.int32)
        return self.session(masked), inputs

    def forward(self, batch):
        session, inputs = batch
        return session.run(None, inputs)[0]
