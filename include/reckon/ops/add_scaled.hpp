// y += scale f, with one number for a scale, which may learn (the gate of M6-Rec's adapters).
// As add_to, it rebinds y to a fresh tensor once something is on the tape or learns.
#pragma once

#include <reckon/ops/add.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct add_scaled_op {
    static constexpr const char* name = "add_scaled";
    template <class C> using signature = void(input_of<C> f, input_of<C> scale, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(add_scaled_kernel(tag, a...)) {
        add_scaled_kernel(tag, a...);
    }
};

/// df = scale dy; dscale = the sum of dy f.
struct add_scaled_backward_op {
    static constexpr const char* name = "add_scaled, backward";
    template <class C>
    using signature = void(input_of<C> f, input_of<C> scale, input_of<C> dy, gradient_of<C> df,
                           gradient_of<C> dscale);
    static auto kernel(auto tag, auto&... a) -> decltype(add_scaled_backward(tag, a...)) {
        add_scaled_backward(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(add_scaled_backward_scratch(tag, threads, a...)) {
        return add_scaled_backward_scratch(tag, threads, a...);
    }
};

/// `scale` is a parameter, [1, 1].
template <any_context C>
constexpr void add_scaled_to(C& ctx, tensor_of<C>& y, tensor_of<C> f, input_of<C> scale) {
    expect_addends<C>("add_scaled_to", y, f);
    expect("add_scaled_to", "scale.rows", 1, scale.rows);
    expect("add_scaled_to", "scale.cols", 1, scale.cols);
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, y), gradient(ctx, f), gradient(ctx, scale)})) {
            const auto sum = fresh_copy(ctx, y);
            dispatch<add_scaled_op>(ctx, f, scale, sum);
            y = recorded_onto<C>(ctx, sum, y, passing::as_it_is,
                                 {gradient(ctx, f), gradient(ctx, scale)},
                                 [=](auto& c, auto dy, auto df, auto dscale) {
                                     dispatch<add_scaled_backward_op>(c, f, scale, dy, df, dscale);
                                 });
            return;
        }
    dispatch<add_scaled_op>(ctx, f, scale, y);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
