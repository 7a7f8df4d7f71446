// Sizes of a Llama decoder (Touvron et al. 2023); the defaults are those of stories260K.
#pragma once

#include <reckon/core/rope.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace llama {

struct config {
    idx vocabulary = 512, positions = 512;
    idx layers = 5, heads = 8, key_heads = 4, head_width = 8, width = 64, hidden = 172;
    float epsilon = 1e-5f;
    rope_options rope{};
    bool tied = true;  // the head is the token table

    bool operator==(const config&) const = default;
};

}}}}  // namespace reckon::v0::RECKON_ISA::llama
