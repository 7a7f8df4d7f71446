// y = f(gate) * x, element by element: the middle of a gated linear unit (Shazeer 2020).
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct gated_op {
    static constexpr const char* name = "gated";
    template <class C>
    using signature = void(activation f, input_of<C> gate, input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(gated_kernel(tag, a...)) {
        gated_kernel(tag, a...);
    }
};

struct gated_backward_op {
    static constexpr const char* name = "gated, backward";
    template <class C>
    using signature = void(activation f, input_of<C> gate, input_of<C> x, input_of<C> dy,
                           gradient_of<C> dgate, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(gated_backward(tag, a...)) {
        gated_backward(tag, a...);
    }
};

/// The result takes the place of `x` at inference.
template <any_context C>
constexpr tensor_of<C> gated(C& ctx, tensor_of<C> gate, tensor_of<C> x, activation f) {
    expect("gated", "x.rows", gate.rows, x.rows);
    expect("gated", "x.cols", gate.cols, x.cols);
    auto y = x;
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, gate), gradient(ctx, x)}))
            y = ctx.make(x.rows, x.cols);
    dispatch<gated_op>(ctx, f, gate, x, y);
    return recorded<C>(ctx, y, {gradient(ctx, gate), gradient(ctx, x)}, [=](auto& c, auto... d) {
        dispatch<gated_backward_op>(c, f, gate, x, d...);
    });
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
