// A BERT encoder from a Hugging Face folder: sizes from config.json, parameters from
// model.safetensors. What would make it another model (activation, positions, a decoder) is refused
// by name. The vocabulary is text/load_wordpiece.hpp's; what a sentence encoder asks beside its
// model is sentence_encoder.hpp's.
#pragma once

#include <reckon/io/json.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/bert/names.hpp>
#include <reckon/models/load.hpp>

#include <string>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace bert {

/// The sizes that a config.json states.
inline config read_config(const std::string& file) {
    const json_object json = json_object::read(file);
    expect_word("bert", json, file, "model_type", "bert");
    expect_word("bert", json, file, "hidden_act", "gelu");
    expect_word("bert", json, file, "position_embedding_type", "absolute", "absolute");
    expect_off("bert", json, file, "is_decoder");

    const auto size = [&](const char* key, idx most) {
        const idx value = json.required<idx>(key);
        expect_size("bert", key_of(file, key), value, most);
        return value;
    };
    const config c{.vocabulary = size("vocab_size", most_ids),
                   .positions = size("max_position_embeddings", most_ids),
                   .types = size("type_vocab_size", most_ids),
                   .layers = size("num_hidden_layers", most_layers),
                   .heads = size("num_attention_heads", most_width),
                   .width = size("hidden_size", most_width),
                   .hidden = size("intermediate_size", most_width),
                   .epsilon = json.required<float>("layer_norm_eps")};
    expect_heads("bert", key_of(file, "num_attention_heads"), c.heads, c.width);
    if (!(c.epsilon >= 0))
        throw load_error("bert", key_of(file, "layer_norm_eps"), "0 or more",
                         std::to_string(c.epsilon));
    return c;
}

template <class Spec = spec> model<Spec> load(const std::string& folder) {
    const config size = read_config(folder + "/config.json");
    const safetensors file = safetensors::open(folder + "/model.safetensors");
    return load_sized<model<Spec>>(size, file, name_table{names, ignored});
}
template <class Spec> model<Spec> load_as(std::type_identity<model<Spec>>, const std::string& in) {
    return load<Spec>(in);
}

}}}}  // namespace reckon::v0::RECKON_ISA::bert
