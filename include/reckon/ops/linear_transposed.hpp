// y = x w    x [tokens, out], w [out, in] -> y [tokens, in]: back through a linear layer's weight,
// as a tied head does through a factorised embedding (Lan et al. 2020).
#pragma once

#include <reckon/core/weights.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class W> struct linear_transposed_op {
    static constexpr const char* name = "linear_transposed";
    template <class C> using signature = void(input_of<C> x, W w, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(linear_transposed_kernel(tag, a...)) {
        linear_transposed_kernel(tag, a...);
    }
};

struct linear_transposed_backward_op {
    static constexpr const char* name = "linear_transposed, backward";
    template <class C>
    using signature = void(input_of<C> x, input_of<C> w, input_of<C> dy, gradient_of<C> dx,
                           gradient_of<C> dw);
    static auto kernel(auto tag, auto&... a) -> decltype(linear_transposed_backward(tag, a...)) {
        linear_transposed_backward(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(linear_transposed_backward_scratch(tag, threads, a...)) {
        return linear_transposed_backward_scratch(tag, threads, a...);
    }
};

template <any_context C, weight_view W>
constexpr tensor_of<C> linear_transposed(C& ctx, tensor_of<C> x, W w) {
    static_assert(lives_with<C, W>,
                  "linear_transposed: the weight and the context live in different memory spaces; "
                  "copy_to(ctx, model) makes a model for this context");
    expect("linear_transposed", "w.rows", x.cols, w.rows);
    auto y = ctx.make(x.rows, w.cols);
    if constexpr (lives_with<C, W>) dispatch<linear_transposed_op<W>>(ctx, x, w, y);
    if constexpr (C::recording) {
        static_assert(std::same_as<W, input_of<C>>,
                      "linear_transposed: this representation of a weight cannot be trained; train "
                      "the dense one and convert it afterwards");
        return recorded<C>(ctx, y, {gradient(ctx, x), gradient(ctx, w)}, [=](auto& c, auto... d) {
            dispatch<linear_transposed_backward_op>(c, x, w, d...);
        });
    }
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
