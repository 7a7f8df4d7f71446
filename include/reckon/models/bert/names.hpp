// What Hugging Face checkpoints of BERT call the parameters.
#pragma once

#include <reckon/core/renamed.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace bert {

inline constexpr renamed names[] = {
    {"tokens", "embeddings.word_embeddings"},
    {"positions", "embeddings.position_embeddings"},
    {"types", "embeddings.token_type_embeddings.weight"},
    {"norm.gain", "embeddings.LayerNorm.weight"},
    {"norm.bias", "embeddings.LayerNorm.bias"},
    {"layers.*.attention.query", "encoder.layer.*.attention.self.query"},
    {"layers.*.attention.key", "encoder.layer.*.attention.self.key"},
    {"layers.*.attention.value", "encoder.layer.*.attention.self.value"},
    {"layers.*.attention.out", "encoder.layer.*.attention.output.dense"},
    {"layers.*.norm_1.gain", "encoder.layer.*.attention.output.LayerNorm.weight"},
    {"layers.*.norm_1.bias", "encoder.layer.*.attention.output.LayerNorm.bias"},
    {"layers.*.ffn.up", "encoder.layer.*.intermediate.dense"},
    {"layers.*.ffn.down", "encoder.layer.*.output.dense"},
    {"layers.*.norm_2.gain", "encoder.layer.*.output.LayerNorm.weight"},
    {"layers.*.norm_2.bias", "encoder.layer.*.output.LayerNorm.bias"},
};

/// The pooler serves BERT's next-sentence task; position ids are a constant.
inline constexpr std::string_view ignored[] = {"pooler.*", "embeddings.position_ids"};

}}}}  // namespace reckon::v0::RECKON_ISA::bert
