// A Llama decoder from a Hugging Face folder: sizes from config.json as transformers 4 or 5 writes
// it, parameters from one safetensors file or several. What would make it another model (biases,
// another activation, stretched positions of a kind not known here) is refused by name.
#pragma once

#include <reckon/io/checkpoint.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/models/llama/names.hpp>
#include <reckon/models/load.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace llama {

namespace detail {

/// A number above zero.
inline float positive(const json_object& json, const std::string& file, const char* key) {
    const auto value = json.required<float>(key);
    if (!(value > 0))
        throw load_error("llama", key_of(file, key), "above 0", std::to_string(value));
    return value;
}

/// transformers 4 writes rope_theta and rope_scaling, 5 writes rope_parameters.
inline rope_options read_rope(const json_object& json, const std::string& file) {
    rope_options rope;
    const bool v5 = json.has("rope_parameters");
    const char* scaling_key = v5 ? "rope_parameters" : "rope_scaling";
    if (json.has("rope_theta")) rope.base = positive(json, file, "rope_theta");
    if (!json.has(scaling_key)) return rope;

    const json_object scaling = json.child(scaling_key);
    const std::string where = key_of(file, scaling_key);
    if (v5 && scaling.has("rope_theta")) rope.base = positive(scaling, where, "rope_theta");
    const char* type_key = scaling.has("rope_type") ? "rope_type" : "type";
    const auto type = scaling.value_or<std::string>(type_key, "default");
    if (type == "llama3") {
        rope.scaling.factor = positive(scaling, where, "factor");
        rope.scaling.low = positive(scaling, where, "low_freq_factor");
        rope.scaling.high = positive(scaling, where, "high_freq_factor");
        const char* context_key = "original_max_position_embeddings";
        rope.scaling.context = scaling.required<idx>(context_key);
        expect_size("llama", key_of(where, context_key), rope.scaling.context, most_ids);
        if (!(rope.scaling.high > rope.scaling.low))
            throw load_error("llama", key_of(where, "high_freq_factor"), "above low_freq_factor",
                             std::to_string(rope.scaling.high));
    } else if (type != "default") {
        throw load_error("llama", key_of(where, type_key), "\"default\" or \"llama3\"",
                         in_quotes(type));
    }
    return rope;
}

}  // namespace detail

/// The sizes that a config.json states.
inline config read_config(const std::string& file) {
    const json_object json = json_object::read(file);
    expect_word("llama", json, file, "model_type", "llama");
    expect_word("llama", json, file, "hidden_act", "silu");
    expect_off("llama", json, file, "attention_bias");
    expect_off("llama", json, file, "mlp_bias");
    if (json.value_or<float>("partial_rotary_factor", 1) != 1)
        throw load_error("llama", key_of(file, "partial_rotary_factor"), "1", "another");

    const auto checked = [&](const char* key, idx value, idx most) {
        expect_size("llama", key_of(file, key), value, most);
        return value;
    };
    const auto size = [&](const char* key, idx most) {
        return checked(key, json.required<idx>(key), most);
    };
    const auto size_or = [&](const char* key, idx fallback, idx most) {
        return checked(key, json.value_or<idx>(key, fallback), most);
    };
    config c;
    c.vocabulary = size("vocab_size", most_ids);
    c.positions = size("max_position_embeddings", most_ids);
    c.layers = size("num_hidden_layers", most_layers);
    c.heads = size("num_attention_heads", most_width);
    c.key_heads = size_or("num_key_value_heads", c.heads, most_width);
    c.width = size("hidden_size", most_width);
    if (!json.has("head_dim"))
        expect_heads("llama", key_of(file, "num_attention_heads"), c.heads, c.width);
    c.head_width = size_or("head_dim", c.width / c.heads, most_width);
    c.hidden = size("intermediate_size", most_width);
    c.epsilon = detail::positive(json, file, "rms_norm_eps");
    c.rope = detail::read_rope(json, file);
    c.tied = json.value_or<bool>("tie_word_embeddings", false);
    if (c.heads % c.key_heads != 0)
        throw load_error("llama", key_of(file, "num_key_value_heads"),
                         "a divisor of the heads " + std::to_string(c.heads),
                         std::to_string(c.key_heads));
    if (c.head_width % 2 != 0)
        throw load_error("llama", key_of(file, "head_dim"), "an even number",
                         std::to_string(c.head_width));
    checked("num_attention_heads", c.heads * c.head_width, most_width);
    return c;
}

template <class Spec = spec> model<Spec> load(const std::string& folder) {
    const config size = read_config(folder + "/config.json");
    const checkpoint file = checkpoint::open(folder);
    return size.tied ? load_sized<model<Spec>>(size, file, name_table{names, ignored_if_tied})
                     : load_sized<model<Spec>>(size, file, name_table{names, ignored});
}
template <class Spec> model<Spec> load_as(std::type_identity<model<Spec>>, const std::string& in) {
    return load<Spec>(in);
}

/// The ids that begin and end a text; generation_config.json states them, or else config.json.
struct special_ids {
    std::optional<std::int32_t> begin;
    std::vector<std::int32_t> end;
};

inline special_ids read_special_ids(const std::string& folder, const config& size) {
    special_ids ids;
    for (const char* name : {"/generation_config.json", "/config.json"}) {
        const std::string file = folder + name;
        if (!std::filesystem::exists(file)) continue;
        const json_object json = json_object::read(file);
        const auto read = [&](const char* key) {
            std::vector<std::int32_t> all;
            for (idx id : json.numbers(key)) {
                if (id >= size.vocabulary)
                    throw load_error("llama", key_of(file, key),
                                     "ids below " + std::to_string(size.vocabulary),
                                     std::to_string(id));
                all.push_back(static_cast<std::int32_t>(id));
            }
            return all;
        };
        if (const auto begin = read("bos_token_id"); !ids.begin && !begin.empty())
            ids.begin = begin.front();
        if (ids.end.empty()) ids.end = read("eos_token_id");
    }
    return ids;
}

}}}}  // namespace reckon::v0::RECKON_ISA::llama
