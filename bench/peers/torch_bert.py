"""PyTorch, eager: its own linear, scaled_dot_product_attention and layer_norm. int8 is its dynamic
quantisation."""
from peers.bert import Encoder, layer_names, read_weights

package = "torch"
weights = ["f32", "bf16", "int8"]


def settings(kind, uneven):
    return [{"projections": "three"}, {"projections": "one"}]


def make(folder, made, kind, setting, uneven):
    pass


class Peer(Encoder):
    def __init__(self, folder, made, kind, threads, setting):
        import torch
        super().__init__(folder)
        self.torch, self.kind = torch, kind
        torch.set_num_threads(threads)
        tensors = {name: torch.from_numpy(value) for name, value in read_weights(folder).items()}
        self.number = torch.bfloat16 if kind == "bf16" else torch.float32

        def linear(*names):
            layer = torch.nn.Linear(1, 1)
            layer.weight, layer.bias = (
                torch.nn.Parameter(torch.cat([tensors[name + end] for name in names])
                                   .to(self.number), requires_grad=False)
                for end in (".weight", ".bias"))
            layer.out_features, layer.in_features = layer.weight.shape
            return layer

        def norm(name):
            return [tensors[name + end].to(self.number) for end in (".weight", ".bias")]

        products, self.norms = torch.nn.ModuleList(), []
        for layer in range(self.sizes.layers):
            *three, out, norm_1, up, down, norm_2 = layer_names(layer)
            into = [linear(*three)] if setting["projections"] == "one" else map(linear, three)
            products.append(torch.nn.ModuleList([*into, linear(out), linear(up), linear(down)]))
            self.norms.append((norm(norm_1), norm(norm_2)))
        if kind == "int8":
            holder = torch.nn.Module()
            holder.products = products
            holder = torch.ao.quantization.quantize_dynamic(holder, {torch.nn.Linear})
            products = holder.products
        self.products = products
        self.words = tensors["embeddings.word_embeddings.weight"].to(self.number)
        self.places = (tensors["embeddings.position_embeddings.weight"]
                       + tensors["embeddings.token_type_embeddings.weight"][0]).to(self.number)
        self.norm = norm("embeddings.LayerNorm")

    def batch_of(self, ids, lengths):
        mask = None
        if min(lengths) < max(lengths):
            places = self.torch.arange(ids.shape[1])
            mask = (places[None, :] < self.torch.tensor(lengths)[:, None])[:, None, None, :]
        return self.torch.from_numpy(ids), mask

    def forward(self, batch):
        ids, mask = batch
        functions, sizes = self.torch.nn.functional, self.sizes
        texts, length = ids.shape

        def normed(x, weights):
            return functions.layer_norm(x, (sizes.width,), *weights, sizes.epsilon)

        with self.torch.inference_mode():
            x = normed(functions.embedding(ids, self.words) + self.places[:length], self.norm)
            for (*into, out, up, down), (norm_1, norm_2) in zip(self.products, self.norms):
                parts = [product(x) for product in into]
                if len(parts) == 1:
                    parts = parts[0].chunk(3, -1)
                parts = [part.view(texts, length, sizes.heads, -1).transpose(1, 2)
                         for part in parts]
                seen = functions.scaled_dot_product_attention(*parts, attn_mask=mask)
                x = normed(out(seen.transpose(1, 2).reshape(texts, length, -1)) + x, norm_1)
                x = normed(down(functions.gelu(up(x))) + x, norm_2)
            return x

    @staticmethod
    def array(output):
        return output.float().numpy()
