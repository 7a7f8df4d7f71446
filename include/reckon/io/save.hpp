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

template <class Model, checkpoint_names Names = own_names>
void save_parameters(const Model& model, const std::string& path, const Names& names = {},
                     const text_map& metadata = {}) {
    std::vector<stored_tensor> tensors;
    walk_named(model, names, [&](std::string name, std::string_view, const auto& p) {
        auto shape = p.rows() == 1 ? std::vector<idx>{p.cols()} : std::vector{p.rows(), p.cols()};
        tensors.push_back(store(std::move(name), std::move(shape), std::span{p.data(), p.size()}));
    });
    write_safetensors(path, tensors, metadata);
}

}}}  // namespace reckon::v0::RECKON_ISA
