// y = x / sqrt(mean(x^2) + epsilon) * gain, row by row (Zhang and Sennrich 2019).
// `add_rms_norm` is add_to and rms_norm in one pass, as add_layer_norm is.
#pragma once

#include <reckon/ops/add.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct rms_norm_op {
    static constexpr const char* name = "rms_norm";
    template <class C>
    using signature = void(input_of<C> x, input_of<C> gain, float epsilon, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(rms_norm_kernel(tag, a...)) {
        rms_norm_kernel(tag, a...);
    }
};

struct rms_norm_backward_op {
    static constexpr const char* name = "rms_norm, backward";
    template <class C>
    using signature = void(input_of<C> x, input_of<C> gain, float epsilon, input_of<C> dy,
                           gradient_of<C> dx, gradient_of<C> dgain);
    static auto kernel(auto tag, auto&... a) -> decltype(rms_norm_backward(tag, a...)) {
        rms_norm_backward(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(rms_norm_backward_scratch(tag, threads, a...)) {
        return rms_norm_backward_scratch(tag, threads, a...);
    }
};

/// x += f, then y = the norm of x; y may be x.
struct add_rms_norm_op {
    static constexpr const char* name = "add_rms_norm";
    template <class C>
    using signature = void(input_of<C> f, output_of<C> x, input_of<C> gain, float epsilon,
                           output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(add_rms_norm_kernel(tag, a...)) {
        add_rms_norm_kernel(tag, a...);
    }
    static void otherwise(auto& ctx, auto f, auto x, auto gain, float epsilon, auto y) {
        dispatch<add_op>(ctx, x, f, x);
        dispatch<rms_norm_op>(ctx, x, gain, epsilon, y);
    }
};

template <any_context C>
constexpr tensor_of<C> rms_norm(C& ctx, tensor_of<C> x, input_of<C> gain, float epsilon) {
    expect("rms_norm", "gain.cols", x.cols, gain.cols);
    auto y = ctx.make(x.rows, x.cols);
    dispatch<rms_norm_op>(ctx, x, gain, epsilon, y);
    return recorded<C>(ctx, y, {gradient(ctx, x), gradient(ctx, gain)}, [=](auto& c, auto... d) {
        dispatch<rms_norm_backward_op>(c, x, gain, epsilon, d...);
    });
}

template <any_context C>
constexpr void rms_norm_in_place(C& ctx, tensor_of<C>& x, input_of<C> gain, float epsilon) {
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, x), gradient(ctx, gain)})) {
            x = rms_norm(ctx, x, gain, epsilon);
            return;
        }
    expect("rms_norm", "gain.cols", x.cols, gain.cols);
    dispatch<rms_norm_op>(ctx, x, gain, epsilon, x);
}

/// x = x + f; the result is its norm.
template <any_context C>
constexpr tensor_of<C> add_rms_norm(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                    float epsilon) {
    if constexpr (C::recording) {
        add_to(ctx, x, f);
        return rms_norm(ctx, x, gain, epsilon);
    } else {
        expect_addends<C>("add_rms_norm", x, f);
        expect("add_rms_norm", "gain.cols", x.cols, gain.cols);
        auto y = ctx.make(x.rows, x.cols);
        dispatch<add_rms_norm_op>(ctx, f, x, gain, epsilon, y);
        return y;
    }
}

/// x = the norm of x + f.
template <any_context C>
constexpr void add_rms_norm_in_place(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                     float epsilon) {
    if constexpr (C::recording) {
        add_to(ctx, x, f);
        rms_norm_in_place(ctx, x, gain, epsilon);
    } else {
        expect_addends<C>("add_rms_norm", x, f);
        expect("add_rms_norm", "gain.cols", x.cols, gain.cols);
        dispatch<add_rms_norm_op>(ctx, f, x, gain, epsilon, x);
    }
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
