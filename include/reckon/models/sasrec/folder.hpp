// A folder of a SASRec that reckon trained: sizes in config.json, which names the form of the
// blocks, parameters under their own names in model.safetensors.
#pragma once

#include <reckon/io/save.hpp>
#include <reckon/models/load.hpp>
#include <reckon/models/sasrec/model.hpp>

#include <cstdio>
#include <string>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

/// The word for a form in config.json.
template <class Spec> constexpr const char* form_of() {
    return std::same_as<typename Spec::norm_place, norm_of_output> ? "original" : "iclrec";
}

template <class Spec> void write_config(const config& c, const std::string& folder) {
    char epsilon[32];
    std::snprintf(epsilon, sizeof epsilon, "%.9g", double(c.epsilon));
    const auto line = [](const char* key, idx value) {
        return std::string{"  \""} + key + "\": " + std::to_string(value) + ",\n";
    };
    const std::string text =
        std::string{"{\n  \"model_type\": \"sasrec\",\n  \"form\": \""} + form_of<Spec>() +
        "\",\n" + line("items", c.items) + line("padding", c.padding) + line("mask", c.mask) +
        line("positions", c.positions) + line("layers", c.layers) + line("heads", c.heads) +
        line("width", c.width) + line("hidden", c.hidden) + "  \"epsilon\": " + epsilon + "\n}\n";
    atomic_file file{folder + "/config.json"};
    file.write(std::as_bytes(std::span{text}));
    file.commit();
}

template <class Spec> config read_config(const std::string& folder) {
    const std::string file = folder + "/config.json";
    const json_object json = json_object::read(file);
    expect_word("sasrec", json, file, "model_type", "sasrec");
    expect_word("sasrec", json, file, "form", form_of<Spec>());
    const auto size = [&](const char* key, idx most) {
        const idx value = json.required<idx>(key);
        expect_size("sasrec", key_of(file, key), value, most);
        return value;
    };
    const config c{.items = size("items", most_ids),
                   .padding = json.required<idx>("padding"),
                   .mask = json.required<idx>("mask"),
                   .positions = size("positions", most_ids),
                   .layers = size("layers", most_layers),
                   .heads = size("heads", most_width),
                   .width = size("width", most_width),
                   .hidden = size("hidden", most_width),
                   .epsilon = json.required<float>("epsilon")};
    expect_heads("sasrec", key_of(file, "heads"), c.heads, c.width);
    for (const auto& [key, row] : {std::pair{"padding", c.padding}, {"mask", c.mask}})
        if (row >= c.items)
            throw load_error("sasrec", key_of(file, key), "below " + std::to_string(c.items),
                             std::to_string(row));
    if (!(c.epsilon >= 0))
        throw load_error("sasrec", key_of(file, "epsilon"), "0 or more", std::to_string(c.epsilon));
    return c;
}

/// A folder that training left.
template <class Spec = original_spec> model<Spec> load_trained(const std::string& folder) {
    const safetensors file = safetensors::open(folder + "/model.safetensors");
    const config size = read_config<Spec>(folder);
    return load_sized<model<Spec>>(size, file, name_table{std::span<const renamed>{}});
}

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
