// The tiny models of m6, whose goldens tests/golden/m6_tiny.py writes.
#pragma once

#include "golden.hpp"

#include <reckon/io/json.hpp>
#include <reckon/io/load.hpp>
#include <reckon/models/m6/model.hpp>

namespace golden {

inline m6::config m6_size_of(const std::string& name) {
    const auto json = json_object::read(path_of(name + "/config.json"));
    const auto number = [&](const char* key) { return json.required<idx>(key); };
    return {.vocabulary = number("vocabulary"),
            .positions = number("positions"),
            .layers = number("layers"),
            .heads = number("heads"),
            .width = number("width"),
            .hidden = number("hidden"),
            .embedding = number("embedding"),
            .epsilon = json.required<float>("epsilon")};
}

template <class Model> Model m6_loaded(Model model, const std::string& name) {
    load_parameters(model, safetensors::open(path_of(name + "/model.safetensors")));
    return model;
}
template <class Spec> m6::model<Spec> m6_tiny(const std::string& name) {
    return m6_loaded(m6::model<Spec>{m6_size_of(name)}, name);
}

}  // namespace golden
