// Sizes on which packed weights, register tiles and scratch agree.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 { namespace simd {

/// Vectors in a panel of packed weights and in a block of queries: with the rows that fit beside
/// them they make the register tile of kernels/simd/tile.hpp.
inline constexpr idx panel_vectors = 3;

/// Vectors in a panel of int8 weights.
constexpr idx int8_vectors(idx lanes) { return lanes == 16 ? 3 : 2; }

constexpr idx round_up(idx n, idx step) { return (n + step - 1) / step * step; }

}}}  // namespace reckon::v0::simd
