// What the models' loaders share. `load<Model>(where...)` is the loader of that model: of a folder
// for bert, of a file and the number of heads for sasrec. A loader finds out the sizes and leaves
// the rest to `load_sized`.
#pragma once

#include <reckon/convert/convert.hpp>
#include <reckon/convert/place.hpp>
#include <reckon/io/json.hpp>
#include <reckon/io/load.hpp>
#include <reckon/io/name_table.hpp>

#include <string>
#include <type_traits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Model, class... Where> Model load(const Where&... where) {
    return load_as(std::type_identity<Model>{}, where...);
}

/// Sizes beyond these belong to no model, and their products could wrap.
inline constexpr idx most_ids = (idx{1} << 31) - 1, most_width = idx{1} << 20, most_layers = 4096;

inline void expect_size(std::string_view op, const std::string& argument, idx size, idx most) {
    if (size == 0 || size > most)
        throw load_error(op, argument, "1 to " + std::to_string(most), std::to_string(size));
}

inline void expect_heads(std::string_view op, const std::string& argument, idx heads, idx width) {
    if (heads == 0 || width % heads != 0)
        throw load_error(op, argument, "a divisor of the width " + std::to_string(width),
                         std::to_string(heads));
}

/// A key of a configuration file, as errors call it.
inline std::string key_of(const std::string& file, const char* key) {
    return file + ": " + in_quotes(key);
}

/// A word of a configuration that tells this model from others; `absent` stands for none.
inline void expect_word(std::string_view op, const json_object& json, const std::string& file,
                        const char* key, const std::string& expected,
                        const std::string& absent = "nothing") {
    const auto actual = json.value_or<std::string>(key, absent);
    if (actual != expected)
        throw load_error(op, key_of(file, key), in_quotes(expected), in_quotes(actual));
}
/// A switch that would make it another model.
inline void expect_off(std::string_view op, const json_object& json, const std::string& file,
                       const char* key) {
    if (json.value_or<bool>(key, false)) throw load_error(op, key_of(file, key), "false", "true");
}

/// The model of these sizes with the parameters of the file. It is compared with the file only
/// after it was built, so sizes that the file is far from filling are refused before that.
template <composed Model, class Config, tensor_source File>
Model load_sized(const Config& size, const File& file, const name_table& names) {
    const with_spec<Model, placed_in<rom, spec_of<Model>>> without_memory{size};
    const idx parameters = count(without_memory).parameters;
    idx bytes = 0;
    for (const stored_tensor& tensor : file.tensors()) bytes += tensor.bytes.size();
    if (parameters > 4 * bytes + (idx{1} << 20))
        throw load_error("load", file.name(),
                         "the " + std::to_string(parameters) + " parameters of its configuration",
                         std::to_string(bytes) + " bytes of tensors");
    Model model{size};
    load_parameters(model, file, names);
    return model;
}

/// Whether a checkpoint holds int8 weights: it is of a model of `quantised<its spec>`.
template <tensor_source File> bool holds_int8(const File& file) {
    for (const stored_tensor& tensor : file.tensors())
        if (tensor.type == "I8" && file.find(scales_of(tensor.name)) != nullptr) return true;
    return false;
}

}}}  // namespace reckon::v0::RECKON_ISA
