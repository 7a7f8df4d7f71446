// Rotary positions (core/rope.hpp). `rope_angles` makes a table once a forward, [tokens, width]:
// the cosines of a head's pairs and, behind them, their sines. `rope` turns every head of x
// [tokens, heads * width] by it, in place.
#pragma once

#include <reckon/core/mask.hpp>
#include <reckon/core/rope.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C>
void run_rope_angles(C& ctx, ragged sequences, per_sequence first, rope_options options,
                     output_of<C> angles) {
    using Tag = typename C::tag;
    if constexpr (requires { rope_angles_kernel(Tag{}, ctx, sequences, first, options, angles); })
        rope_angles_kernel(Tag{}, ctx, sequences, first, options, angles);
    else
        static_assert(sizeof(C) == 0,
                      "rope_angles: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <any_context C>
void run_rope(C& ctx, rope_layout layout, input_of<C> angles, output_of<C> x) {
    using Tag = typename C::tag;
    if constexpr (requires { rope_kernel(Tag{}, ctx, layout, angles, x); })
        rope_kernel(Tag{}, ctx, layout, angles, x);
    else
        static_assert(sizeof(C) == 0,
                      "rope: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_rope = requires(C& ctx, input_of<C> angles, output_of<C> x) {
    rope_kernel(typename C::tag{}, ctx, rope_layout::half_split, angles, x);
};

/// `first`: the position of each sequence's first row; `width`: of a head, even.
template <any_context C>
constexpr tensor_of<C> rope_angles(C& ctx, const ragged& sequences, per_sequence first, idx width,
                                   const rope_options& options) {
    expect_that(width % 2 == 0, "rope_angles", "width", "an even number", width);
    auto angles = ctx.make(sequences.rows(), width);
    if constexpr (!C::dry) run_rope_angles(ctx, sequences, first, options, angles);
    return angles;
}

template <any_context C>
constexpr void rope(C& ctx, tensor_of<C>& x, input_of<C> angles, rope_layout layout) {
    static_assert(!C::recording, "rope: has no backward yet");
    expect("rope", "angles.rows", x.rows, angles.rows);
    expect_that(angles.cols != 0 && x.cols % angles.cols == 0, "rope", "angles.cols",
                "a divisor of x.cols", angles.cols);
    if constexpr (!C::dry) run_rope(ctx, layout, angles, x);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
