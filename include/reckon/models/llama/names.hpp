// What Hugging Face checkpoints of Llama call the parameters.
#pragma once

#include <reckon/core/renamed.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace llama {

inline constexpr renamed names[] = {
    {"tokens", "model.embed_tokens"},
    {"layers.*.attention.query", "model.layers.*.self_attn.q_proj"},
    {"layers.*.attention.key", "model.layers.*.self_attn.k_proj"},
    {"layers.*.attention.value", "model.layers.*.self_attn.v_proj"},
    {"layers.*.attention.out", "model.layers.*.self_attn.o_proj"},
    {"layers.*.norm_1.gain", "model.layers.*.input_layernorm.weight"},
    {"layers.*.ffn.gate", "model.layers.*.mlp.gate_proj"},
    {"layers.*.ffn.up", "model.layers.*.mlp.up_proj"},
    {"layers.*.ffn.down", "model.layers.*.mlp.down_proj"},
    {"layers.*.norm_2.gain", "model.layers.*.post_attention_layernorm.weight"},
    {"norm.gain", "model.norm.weight"},
    {"head", "lm_head"},
};

/// Frequencies follow from the config. A tied head, where a file holds it all the same, is the
/// token table once more.
inline constexpr std::string_view ignored[] = {"model.layers.*.self_attn.rotary_emb.inv_freq"};
inline constexpr std::string_view ignored_if_tied[] = {
    "model.layers.*.self_attn.rotary_emb.inv_freq", "lm_head.weight"};

}}}}  // namespace reckon::v0::RECKON_ISA::llama
