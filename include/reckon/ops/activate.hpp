// y = f(x), element by element; f as in core/activation.hpp.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct activate_op {
    static constexpr const char* name = "activate";
    template <class C> using signature = void(activation f, input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(activate_kernel(tag, a...)) {
        activate_kernel(tag, a...);
    }
};

struct activate_backward_op {
    static constexpr const char* name = "activate, backward";
    template <class C>
    using signature = void(activation f, input_of<C> x, input_of<C> dy, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(activate_backward(tag, a...)) {
        activate_backward(tag, a...);
    }
};

template <any_context C> constexpr tensor_of<C> activate(C& ctx, tensor_of<C> x, activation f) {
    auto y = ctx.make(x.rows, x.cols);
    dispatch<activate_op>(ctx, f, x, y);
    return recorded<C>(ctx, y, {gradient(ctx, x)},
                       [=](auto& c, auto... d) { dispatch<activate_backward_op>(c, f, x, d...); });
}

template <any_context C> constexpr tensor_of<C> gelu(C& ctx, tensor_of<C> x) {
    return activate(ctx, x, activation::gelu);
}
template <any_context C> constexpr tensor_of<C> gelu_tanh(C& ctx, tensor_of<C> x) {
    return activate(ctx, x, activation::gelu_tanh);
}
template <any_context C> constexpr tensor_of<C> silu(C& ctx, tensor_of<C> x) {
    return activate(ctx, x, activation::silu);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
