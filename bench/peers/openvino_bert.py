"""OpenVINO, its graph built of its own operators, for any extents or compiled for those of each
batch (not for uneven texts: a model for every length takes gigabytes). int8 is static: nncf calibrates it on texts of the
same model. bf16 is its precision hint. A batch of uneven texts has an attention mask."""
import pathlib

import numpy

from peers.bert import Encoder, Sizes, ids_of, layer_names, read_weights

package = "openvino"
weights = ["f32", "bf16", "int8"]


def settings(kind, uneven):
    return [{"attention": attention, "projections": projections, "extents": extents}
            for attention, projections in (("operator", "three"), ("operator", "one"),
                                           ("products", "three"))
            for extents in (["free"] if uneven else ["free", "fixed"])]


def build(folder, attention, projections, masked):
    import openvino
    from openvino import opset13 as op
    sizes, tensors = Sizes.read(folder), read_weights(folder)
    number, head = numpy.float32, sizes.width // sizes.heads
    integers = lambda *values: op.constant(numpy.array(values, numpy.int64))

    def linear(x, *names):
        weight = numpy.concatenate([tensors[name + ".weight"] for name in names])
        bias = numpy.concatenate([tensors[name + ".bias"] for name in names])
        return op.add(op.matmul(x, op.constant(weight), False, True), op.constant(bias))

    def norm(x, name):
        unit = op.mvn(x, integers(-1), True, sizes.epsilon, "inside_sqrt")
        scaled = op.multiply(unit, op.constant(tensors[name + ".weight"]))
        return op.add(scaled, op.constant(tensors[name + ".bias"]))

    def heads(x):  # [texts, length, width] -> [texts, heads, length, head]
        return op.transpose(op.reshape(x, integers(0, 0, sizes.heads, head), True),
                            integers(0, 2, 1, 3))

    ids = op.parameter([-1, -1], numpy.int32, name="ids")
    parameters = [ids]
    mask = None
    if masked:  # 0 or the least number, for every key
        mask = op.parameter([-1, 1, 1, -1], number, name="mask")
        parameters.append(mask)

    def attended(query, key, value):
        if attention == "operator":
            inputs = [query, key, value] + ([mask] if masked else [])
            return op.scaled_dot_product_attention(*inputs, causal=False)
        query = op.multiply(query, op.constant(number(head ** -0.5)))
        scores = op.matmul(query, key, False, True)
        if masked:
            scores = op.add(scores, mask)
        return op.matmul(op.softmax(scores, -1), value, False, False)

    place = (tensors["embeddings.position_embeddings.weight"]
             + tensors["embeddings.token_type_embeddings.weight"][0])
    length = op.gather(op.shape_of(ids, "i32"), op.constant(numpy.int32(1)),
                       op.constant(numpy.int32(0)))
    places = op.range(op.constant(numpy.int32(0)), length, op.constant(numpy.int32(1)), "i32")
    rows = op.constant(numpy.int32(0))
    x = op.add(op.gather(op.constant(tensors["embeddings.word_embeddings.weight"]), ids, rows),
               op.gather(op.constant(place), places, rows))
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(sizes.layers):
        *three, out, norm_1, up, down, norm_2 = layer_names(layer)
        if projections == "one":
            parts = op.split(linear(x, *three), op.constant(numpy.int64(2)), 3).outputs()
        else:
            parts = [linear(x, name) for name in three]
        seen = op.transpose(attended(*(heads(part) for part in parts)), integers(0, 2, 1, 3))
        seen = op.reshape(seen, integers(0, 0, sizes.width), True)
        x = norm(op.add(linear(seen, out), x), norm_1)
        x = norm(op.add(linear(op.gelu(linear(x, up), "erf"), down), x), norm_2)
    return openvino.Model([x], parameters, "bert")


def file_of(made, kind, setting, masked):
    kind = "int8" if kind == "int8" else "f32"
    words = [setting["attention"], setting["projections"], "masked" if masked else "whole", kind]
    return pathlib.Path(made) / ("-".join(words) + ".xml")


def inputs_of(ids, lengths, masked):
    inputs = {"ids": ids.astype(numpy.int32)}
    if masked:
        unseen = numpy.arange(ids.shape[1])[None, :] >= numpy.array(lengths)[:, None]
        inputs["mask"] = numpy.where(unseen, numpy.finfo(numpy.float32).min,
                                     numpy.float32(0)).astype(numpy.float32)[:, None, None, :]
    return inputs


def make(folder, made, kind, setting, uneven):
    import openvino
    for masked in [False, True] if uneven else [False]:
        model = build(folder, setting["attention"], setting["projections"], masked)
        if kind == "int8":
            import nncf
            ids = ids_of([64] * 32, Sizes.read(folder).vocabulary)
            texts = [inputs_of(text[None, :], [64], masked) for text in ids]
            model = nncf.quantize(model, nncf.Dataset(texts),
                                  model_type=nncf.ModelType.TRANSFORMER)
        openvino.save_model(model, file_of(made, kind, setting, masked), compress_to_fp16=False)


class Peer(Encoder):
    def __init__(self, folder, made, kind, threads, setting):
        super().__init__(folder)
        self.files = [file_of(made, kind, setting, masked) for masked in (False, True)]
        self.options = {"INFERENCE_PRECISION_HINT": "bf16" if kind == "bf16" else "f32",
                        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
                        "PERFORMANCE_HINT": "LATENCY", "CPU_RUNTIME_CACHE_CAPACITY": 100000}
        self.fixed = setting["extents"] == "fixed"  # a compiled model for every shape
        self.requests = {}

    def request(self, shapes):
        import openvino
        masked = "mask" in shapes
        key = tuple(shapes.values()) if self.fixed else masked
        if key not in self.requests:
            core = openvino.Core()
            model = core.read_model(self.files[masked])
            if self.fixed:
                model.reshape(shapes)
            compiled = core.compile_model(model, "CPU", self.options)
            self.requests[key] = compiled.create_infer_request()
        return self.requests[key]

    def batch_of(self, ids, lengths):
        inputs = inputs_of(ids, lengths, masked=min(lengths) < max(lengths))
        return self.request({name: value.shape for name, value in inputs.items()}), inputs

    def forward(self, batch):
        request, inputs = batch
        return request.infer(inputs, share_inputs=True)[0]
