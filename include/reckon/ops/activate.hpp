// y = f(x), element by element; f as in core/activation.hpp.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C> void run_activate(C& ctx, activation f, input_of<C> x, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { activate_kernel(Tag{}, ctx, f, x, y); })
        activate_kernel(Tag{}, ctx, f, x, y);
    else
        static_assert(sizeof(C) == 0,
                      "activate: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <any_context C>
void run_activate_backward(C& ctx, activation f, input_of<C> x, input_of<C> dy, output_of<C> dx) {
    using Tag = typename C::tag;
    if constexpr (requires { activate_backward(Tag{}, ctx, f, x, dy, dx); })
        activate_backward(Tag{}, ctx, f, x, dy, dx);
    else
        static_assert(sizeof(C) == 0, "activate: no backend of this context has its backward");
}

template <class C>
concept serves_activate = requires(C& ctx, input_of<C> x, output_of<C> y) {
    activate_kernel(typename C::tag{}, ctx, activation::none, x, y);
};

template <any_context C> constexpr tensor_of<C> activate(C& ctx, tensor_of<C> x, activation f) {
    auto y = ctx.make(x.rows, x.cols);
    if constexpr (!C::dry) run_activate(ctx, f, x, y);
    if constexpr (C::recording)
        if (x.grad.data != nullptr) {
            ctx.track(y);
            ctx.record([=](C& c) { run_activate_backward(c, f, x, y.grad, x.grad); });
        }
    return y;
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
