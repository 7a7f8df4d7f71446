// SASRec from one of ICLRec's checkpoints. The file states no sizes: items, positions, layers,
// width and feed-forward width are those of its tensors; the number of heads leaves no trace in
// them.
#pragma once

#include <reckon/models/load.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/models/sasrec/names.hpp>

#include <concepts>
#include <string>
#include <tuple>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

namespace detail {

/// Rows and columns of a parameter's tensor, neither of them zero.
inline std::pair<idx, idx> extents(const safetensors& file, const std::string& parameter) {
    const stored_tensor& tensor = file.at(name_table{names}.of(parameter));
    const std::string what = file.name() + ": " + in_quotes(tensor.name);
    if (tensor.shape.size() != 2)
        throw load_error("sasrec", what, "two extents", described(tensor));
    expect_size("sasrec", what + ", rows", tensor.shape[0], most_ids);
    expect_size("sasrec", what + ", columns", tensor.shape[1], most_width);
    return {tensor.shape[0], tensor.shape[1]};
}

inline std::string up_weight(idx layer) {
    return "layers." + std::to_string(layer) + ".ffn.up.weight";
}

}  // namespace detail

inline config sizes_of(const safetensors& file, idx heads) {
    config c;
    std::tie(c.items, c.width) = detail::extents(file, "items.weight");
    c.mask = c.items - 1;
    c.positions = detail::extents(file, "positions.weight").first;
    c.hidden = detail::extents(file, detail::up_weight(0)).first;
    c.layers = 1;
    while (c.layers < most_layers && file.find(name_table{names}.of(detail::up_weight(c.layers))))
        ++c.layers;
    if (c.items < 3)
        throw load_error("sasrec", file.name() + ": items", "padding, one item or more and a mask",
                         std::to_string(c.items) + " rows");
    c.heads = heads;
    expect_heads("sasrec", "heads", c.heads, c.width);
    return c;
}

template <class Spec = spec> model<Spec> load(const std::string& path, idx heads) {
    const safetensors file = safetensors::open(path);
    return load_sized<model<Spec>>(sizes_of(file, heads), file, name_table{names});
}
template <class Spec>
model<Spec> load_as(std::type_identity<model<Spec>>, const std::string& path,
                    std::integral auto heads) {
    return load<Spec>(path, static_cast<idx>(heads));
}

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
