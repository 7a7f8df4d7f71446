// What crosses from a product of bytes that a library makes to the backend that finishes it.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/core/view.hpp>
#include <reckon/core/weights.hpp>

namespace reckon { inline namespace v0 {

/// One row of a product over int8 rows. Its sums stand as int32 where y will; what is left is
/// y = f(((sum - offset) scale + largest w) w_scale + bias).
struct int8_sums {
    int8_scale x;
    /// The four numbers of depth among which number x.at of the first output stands. `block`
    /// outputs, a multiple of 16, stand side by side, four bytes each; such blocks are `stride`
    /// bytes apart, and the last is whole.
    const std::int8_t* fours;
    idx block, stride;
    const std::int32_t* offsets;  // [out]
    const float* scales;          // [out]
    view<const float> bias;       // null: none
    activation f;
    view<float> y;  // [1, out]
};

}}  // namespace reckon::v0
