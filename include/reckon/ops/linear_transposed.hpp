// y = x w    x [tokens, out], w [out, in] -> y [tokens, in]: back through a linear layer's weight,
// as a tied head does through a factorised embedding (Lan et al. 2020).
#pragma once

#include <reckon/core/weights.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C, weight_view W>
void run_linear_transposed(C& ctx, input_of<C> x, W w, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { linear_transposed_kernel(Tag{}, ctx, x, w, y); })
        linear_transposed_kernel(Tag{}, ctx, x, w, y);
    else
        static_assert(sizeof(C) == 0,
                      "linear_transposed: no backend of this context has a kernel for this weight "
                      "(or two are ambiguous): include its kernels");
}

template <class C, class W>
concept serves_linear_transposed = requires(C& ctx, input_of<C> x, W w, output_of<C> y) {
    linear_transposed_kernel(typename C::tag{}, ctx, x, w, y);
};

template <any_context C, weight_view W>
constexpr tensor_of<C> linear_transposed(C& ctx, tensor_of<C> x, W w) {
    static_assert(!C::recording, "linear_transposed: has no backward yet");
    static_assert(lives_with<C, W>,
                  "linear_transposed: the weight and the context live in different memory spaces; "
                  "copy_to(ctx, model) makes a model for this context");
    expect("linear_transposed", "w.rows", x.cols, w.rows);
    auto y = ctx.make(x.rows, w.cols);
    if constexpr (!C::dry && lives_with<C, W>) run_linear_transposed(ctx, x, w, y);
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
