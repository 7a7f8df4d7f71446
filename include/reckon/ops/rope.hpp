// Rotary positions (core/rope.hpp). `rope_angles` makes a table once a forward, [tokens, width]:
// the cosines of a head's pairs and, behind them, their sines. `rope` turns every head of x
// [tokens, heads * width] by it, in place, or rebinds x once something is on the tape or learns, as
// add_to does. The gradient is turned back.
#pragma once

#include <reckon/core/mask.hpp>
#include <reckon/core/rope.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct rope_angles_op {
    static constexpr const char* name = "rope_angles";
    template <class C>
    using signature = void(ragged sequences, per_sequence first, rope_options options,
                           output_of<C> angles);
    static auto kernel(auto tag, auto&... a) -> decltype(rope_angles_kernel(tag, a...)) {
        rope_angles_kernel(tag, a...);
    }
};

struct rope_op {
    static constexpr const char* name = "rope";
    template <class C>
    using signature = void(rope_layout layout, input_of<C> angles, output_of<C> x);
    static auto kernel(auto tag, auto&... a) -> decltype(rope_kernel(tag, a...)) {
        rope_kernel(tag, a...);
    }
};

struct rope_backward_op {
    static constexpr const char* name = "rope, backward";
    template <class C>
    using signature = void(rope_layout layout, input_of<C> angles, output_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(rope_backward(tag, a...)) {
        rope_backward(tag, a...);
    }
};

/// `first`: the position of each sequence's first row; `width`: of a head, even.
template <any_context C>
constexpr tensor_of<C> rope_angles(C& ctx, const ragged& sequences, per_sequence first, idx width,
                                   const rope_options& options) {
    expect_that(width % 2 == 0, "rope_angles", "width", "an even number", width);
    auto angles = ctx.make(sequences.rows(), width);
    dispatch<rope_angles_op>(ctx, sequences, first, options, angles);
    return angles;
}

template <any_context C>
constexpr void rope(C& ctx, tensor_of<C>& x, input_of<C> angles, rope_layout layout) {
    expect("rope", "angles.rows", x.rows, angles.rows);
    expect_that(angles.cols != 0 && x.cols % angles.cols == 0, "rope", "angles.cols",
                "a divisor of x.cols", angles.cols);
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, x)})) {
            const auto y = fresh_copy(ctx, x);
            dispatch<rope_op>(ctx, layout, angles, y);
            x = recorded_onto<C>(
                ctx, y, x, passing::turned, {place_of<C>{}},
                [=](auto& c, auto dx, auto) { dispatch<rope_backward_op>(c, layout, angles, dx); });
            return;
        }
    dispatch<rope_op>(ctx, layout, angles, x);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
