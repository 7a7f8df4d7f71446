// y = f(gate) * x, element by element: the middle of a gated linear unit (Shazeer 2020).
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct gated_op {
    static constexpr const char* name = "gated";
    template <class C>
    using signature = void(activation f, input_of<C> gate, input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(gated_kernel(tag, a...)) {
        gated_kernel(tag, a...);
    }
};

/// The result takes the place of `x`.
template <any_context C>
constexpr tensor_of<C> gated(C& ctx, tensor_of<C> gate, tensor_of<C> x, activation f) {
    static_assert(!C::recording, "gated: has no backward yet");
    expect("gated", "x.rows", gate.rows, x.rows);
    expect("gated", "x.cols", gate.cols, x.cols);
    dispatch<gated_op>(ctx, f, gate, x, x);
    return x;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
