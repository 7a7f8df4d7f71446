// y = (x - mean) / sqrt(variance + epsilon) * gain + bias, row by row (Ba et al. 2016); the
// variance is the biased one. `layer_norm_in_place` overwrites x, or rebinds it once something is
// on the tape or learns, as add_to does. `add_layer_norm` is add_to and layer_norm in one pass, by
// a kernel that gives the bits of the two; where there is none, the two run.
#pragma once

#include <reckon/ops/add.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct layer_norm_op {
    static constexpr const char* name = "layer_norm";
    template <class C>
    using signature = void(input_of<C> x, input_of<C> gain, input_of<C> bias, float epsilon,
                           output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(layer_norm_kernel(tag, a...)) {
        layer_norm_kernel(tag, a...);
    }
};

struct layer_norm_backward_op {
    static constexpr const char* name = "layer_norm, backward";
    template <class C>
    using signature = void(input_of<C> x, input_of<C> gain, float epsilon, input_of<C> dy,
                           gradient_of<C> dx, gradient_of<C> dgain, gradient_of<C> dbias);
    static auto kernel(auto tag, auto&... a) -> decltype(layer_norm_backward(tag, a...)) {
        layer_norm_backward(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(layer_norm_backward_scratch(tag, threads, a...)) {
        return layer_norm_backward_scratch(tag, threads, a...);
    }
};

/// x += f, then y = the norm of x; y may be x.
struct add_layer_norm_op {
    static constexpr const char* name = "add_layer_norm";
    template <class C>
    using signature = void(input_of<C> f, output_of<C> x, input_of<C> gain, input_of<C> bias,
                           float epsilon, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(add_layer_norm_kernel(tag, a...)) {
        add_layer_norm_kernel(tag, a...);
    }
    static void otherwise(auto& ctx, auto f, auto x, auto gain, auto bias, float epsilon, auto y) {
        dispatch<add_op>(ctx, x, f, x);
        dispatch<layer_norm_op>(ctx, x, gain, bias, epsilon, y);
    }
};

template <any_context C>
constexpr tensor_of<C> layer_norm(C& ctx, tensor_of<C> x, input_of<C> gain, input_of<C> bias,
                                  float epsilon) {
    expect("layer_norm", "gain.cols", x.cols, gain.cols);
    expect("layer_norm", "bias.cols", x.cols, bias.cols);
    auto y = ctx.make(x.rows, x.cols);
    dispatch<layer_norm_op>(ctx, x, gain, bias, epsilon, y);
    return recorded<C>(
        ctx, y, {gradient(ctx, x), gradient(ctx, gain), gradient(ctx, bias)},
        [=](auto& c, auto... d) { dispatch<layer_norm_backward_op>(c, x, gain, epsilon, d...); });
}

template <any_context C>
constexpr void layer_norm_in_place(C& ctx, tensor_of<C>& x, input_of<C> gain, input_of<C> bias,
                                   float epsilon) {
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, x), gradient(ctx, gain), gradient(ctx, bias)})) {
            x = layer_norm(ctx, x, gain, bias, epsilon);
            return;
        }
    expect("layer_norm", "gain.cols", x.cols, gain.cols);
    expect("layer_norm", "bias.cols", x.cols, bias.cols);
    dispatch<layer_norm_op>(ctx, x, gain, bias, epsilon, x);
}

/// x = x + f, as add_to; the result is its norm.
template <any_context C>
constexpr tensor_of<C> add_layer_norm(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                      input_of<C> bias, float epsilon) {
    if constexpr (C::recording) {
        add_to(ctx, x, f);
        return layer_norm(ctx, x, gain, bias, epsilon);
    } else {
        expect_addends<C>("add_layer_norm", x, f);
        expect("add_layer_norm", "gain.cols", x.cols, gain.cols);
        expect("add_layer_norm", "bias.cols", x.cols, bias.cols);
        auto y = ctx.make(x.rows, x.cols);
        dispatch<add_layer_norm_op>(ctx, f, x, gain, bias, epsilon, y);
        return y;
    }
}

/// x = the norm of x + f.
template <any_context C>
constexpr void add_layer_norm_in_place(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                       input_of<C> bias, float epsilon) {
    if constexpr (C::recording) {
        add_to(ctx, x, f);
        layer_norm_in_place(ctx, x, gain, bias, epsilon);
    } else {
        expect_addends<C>("add_layer_norm", x, f);
        expect("add_layer_norm", "gain.cols", x.cols, gain.cols);
        expect("add_layer_norm", "bias.cols", x.cols, bias.cols);
        dispatch<add_layer_norm_op>(ctx, f, x, gain, bias, epsilon, x);
    }
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
