// What ICLRec's checkpoints call the parameters.
#pragma once

#include <reckon/core/renamed.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

inline constexpr renamed names[] = {
    {"items", "item_embeddings"},
    {"positions", "position_embeddings"},
    {"norm.gain", "LayerNorm.weight"},
    {"norm.bias", "LayerNorm.bias"},
    {"layers.*.attention.query", "item_encoder.layer.*.attention.query"},
    {"layers.*.attention.key", "item_encoder.layer.*.attention.key"},
    {"layers.*.attention.value", "item_encoder.layer.*.attention.value"},
    {"layers.*.attention.out", "item_encoder.layer.*.attention.dense"},
    {"layers.*.norm_1.gain", "item_encoder.layer.*.attention.LayerNorm.weight"},
    {"layers.*.norm_1.bias", "item_encoder.layer.*.attention.LayerNorm.bias"},
    {"layers.*.ffn.up", "item_encoder.layer.*.intermediate.dense_1"},
    {"layers.*.ffn.down", "item_encoder.layer.*.intermediate.dense_2"},
    {"layers.*.norm_2.gain", "item_encoder.layer.*.intermediate.LayerNorm.weight"},
    {"layers.*.norm_2.bias", "item_encoder.layer.*.intermediate.LayerNorm.bias"},
};

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
