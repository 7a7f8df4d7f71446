// The save walk: a model's trained parameters, under their names, into a safetensors file that
// appears whole or not at all. A matrix of one row is written as a vector, as other programs expect
// of biases and gains; the load walk reads both.
#pragma once

#include <reckon/io/named_parameters.hpp>
#include <reckon/io/stored_tensor.hpp>
#include <reckon/io/write_safetensors.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// A matrix of one row is stored as a vector.
inline std::vector<idx> stored_shape(idx rows, idx cols) {
    return rows == 1 ? std::vector<idx>{cols} : std::vector<idx>{rows, cols};
}

template <class Model, checkpoint_names Names = own_names>
void save_parameters(const Model& model, const std::string& path, const Names& names = {},
                     const text_map& metadata = {}) {
    std::vector<stored_tensor> tensors;
    walk_named(model, names, [&](std::string name, std::string_view, const auto& p) {
        tensors.push_back(store(std::move(name), stored_shape(p.rows(), p.cols()),
                                std::span{p.data(), p.size()}));
    });
    write_safetensors(path, tensors, metadata);
}

}}}  // namespace reckon::v0::RECKON_ISA
