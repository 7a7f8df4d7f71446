// y = x / sqrt(mean(x^2) + epsilon) * gain, row by row (Zhang and Sennrich 2019).
#pragma once

#include <reckon/ops/check.hpp>

namespace reckon::inline v0::ops {

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

template <class C>
concept serves_rms_norm = requires(C& ctx, input_of<C> x, output_of<C> y) {
    rms_norm_kernel(typename C::tag{}, ctx, x, x, 0.0f, y);
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

}  // namespace reckon::inline v0::ops
