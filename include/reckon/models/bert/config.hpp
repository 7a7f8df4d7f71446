// Sizes of a BERT encoder (Devlin et al. 2019); the defaults are all-MiniLM-L6-v2's.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace bert {

struct config {
    idx vocabulary = 30522, positions = 512, types = 2;
    idx layers = 6, heads = 12, width = 384, hidden = 1536;
    float epsilon = 1e-12f;

    bool operator==(const config&) const = default;
};

/// The sizes of BERT-base (Devlin et al. 2019, section 3).
inline constexpr config base{.layers = 12, .heads = 12, .width = 768, .hidden = 3072};
inline constexpr config minilm{};

}}}}  // namespace reckon::v0::RECKON_ISA::bert
