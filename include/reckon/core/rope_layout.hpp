// How the numbers of a head pair up for rotary positions (core/rope.hpp).
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 {

enum class rope_layout : std::uint8_t {
    half_split,   // pair i is numbers i and i + width / 2 (Hugging Face, GPT-NeoX)
    interleaved,  // pair i is numbers 2 i and 2 i + 1 (the paper, Meta's Llama)
};

}}  // namespace reckon::v0
