// Rotary position embeddings (Su et al. 2021): how a head's numbers pair up, and the angle of each
// pair. Pair i of a head of `width` numbers turns by position * base^(-2 i / width); Llama 3 slows
// the pairs whose waves are longer than the context it was first trained on.
#pragma once

#include <reckon/core/config.hpp>
#include <reckon/core/rope_layout.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Llama 3's stretching of long waves; a factor of 1 stretches nothing.
struct rope_scaling {
    float factor = 1, low = 1, high = 4;  // waves beyond context / low turn `factor` times slower,
    idx context = 8192;                   // those below context / high as ever, between them mixed

    bool operator==(const rope_scaling&) const = default;
};

struct rope_options {
    float base = 10000;
    rope_scaling scaling{};

    /// How far pair `i` of a head of `width` numbers turns from one position to the next.
    RECKON_BOTH double turn(idx i, idx width) const {
        const double plain = std::pow(double(base), -2.0 * double(i) / double(width));
        if (scaling.factor == 1) return plain;
        const double waves = double(scaling.context) * plain / 6.283185307179586;
        const double kept =
            (waves - double(scaling.low)) / (double(scaling.high) - double(scaling.low));
        const double share = kept < 0 ? 0 : kept > 1 ? 1 : kept;
        return plain * (share + (1 - share) / double(scaling.factor));
    }
    bool operator==(const rope_options&) const = default;
};

}}}  // namespace reckon::v0::RECKON_ISA
