// y = x / sqrt(mean(x^2) + epsilon) * gain, row by row (Zhang and Sennrich 2019).
// `add_rms_norm` is add_to and rms_norm in one pass, as add_layer_norm is.
#pragma once

#include <reckon/ops/add.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C>
void run_rms_norm(C& ctx, input_of<C> x, input_of<C> gain, float epsilon, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { rms_norm_kernel(Tag{}, ctx, x, gain, epsilon, y); })
        rms_norm_kernel(Tag{}, ctx, x, gain, epsilon, y);
    else
        static_assert(sizeof(C) == 0,
                      "rms_norm: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

/// x += f, then y = the norm of x; y may be x.
template <any_context C>
void run_add_rms_norm(C& ctx, input_of<C> f, output_of<C> x, input_of<C> gain, float epsilon,
                      output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { add_rms_norm_kernel(Tag{}, ctx, f, x, gain, epsilon, y); }) {
        add_rms_norm_kernel(Tag{}, ctx, f, x, gain, epsilon, y);
    } else {
        run_add(ctx, x, f, x);
        run_rms_norm(ctx, x, gain, epsilon, y);
    }
}

template <class C>
concept serves_rms_norm = requires(C& ctx, input_of<C> x, output_of<C> y) {
    rms_norm_kernel(typename C::tag{}, ctx, x, x, 0.0f, y);
};

template <class C>
concept serves_add_rms_norm = requires(C& ctx, input_of<C> x, output_of<C> y) {
    add_rms_norm_kernel(typename C::tag{}, ctx, x, y, x, 0.0f, y);
};

template <any_context C>
constexpr tensor_of<C> rms_norm(C& ctx, tensor_of<C> x, input_of<C> gain, float epsilon) {
    static_assert(!C::recording, "rms_norm: has no backward yet");
    expect("rms_norm", "gain.cols", x.cols, gain.cols);
    auto y = ctx.make(x.rows, x.cols);
    if constexpr (!C::dry) run_rms_norm(ctx, x, gain, epsilon, y);
    return y;
}

template <any_context C>
constexpr void rms_norm_in_place(C& ctx, tensor_of<C>& x, input_of<C> gain, float epsilon) {
    static_assert(!C::recording, "rms_norm: has no backward yet");
    expect("rms_norm", "gain.cols", x.cols, gain.cols);
    if constexpr (!C::dry) run_rms_norm(ctx, x, gain, epsilon, x);
}

/// x = x + f; the result is its norm.
template <any_context C>
constexpr tensor_of<C> add_rms_norm(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                    float epsilon) {
    static_assert(!C::recording, "rms_norm: has no backward yet");
    expect_addends<C>("add_rms_norm", x, f);
    expect("add_rms_norm", "gain.cols", x.cols, gain.cols);
    auto y = ctx.make(x.rows, x.cols);
    if constexpr (!C::dry) run_add_rms_norm(ctx, f, x, gain, epsilon, y);
    return y;
}

/// x = the norm of x + f.
template <any_context C>
constexpr void add_rms_norm_in_place(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                     float epsilon) {
    static_assert(!C::recording, "rms_norm: has no backward yet");
    expect_addends<C>("add_rms_norm", x, f);
    expect("add_rms_norm", "gain.cols", x.cols, gain.cols);
    if constexpr (!C::dry) run_add_rms_norm(ctx, f, x, gain, epsilon, x);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
