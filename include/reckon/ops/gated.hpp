// y = f(gate) * x, element by element: the middle of a gated linear unit (Shazeer 2020).
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C>
void run_gated(C& ctx, activation f, input_of<C> gate, input_of<C> x, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { gated_kernel(Tag{}, ctx, f, gate, x, y); })
        gated_kernel(Tag{}, ctx, f, gate, x, y);
    else
        static_assert(sizeof(C) == 0,
                      "gated: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_gated = requires(C& ctx, input_of<C> x, output_of<C> y) {
    gated_kernel(typename C::tag{}, ctx, activation::silu, x, x, y);
};

/// The result takes the place of `x`.
template <any_context C>
constexpr tensor_of<C> gated(C& ctx, tensor_of<C> gate, tensor_of<C> x, activation f) {
    static_assert(!C::recording, "gated: has no backward yet");
    expect("gated", "x.rows", gate.rows, x.rows);
    expect("gated", "x.cols", gate.cols, x.cols);
    if constexpr (!C::dry) run_gated(ctx, f, gate, x, x);
    return x;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
