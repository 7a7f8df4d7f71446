// -t log s(x) - (1 - t) log(1 - s(x)) with s the logistic function, element by element: click
// models, and SASRec with one negative. A loss as in ops/cross_entropy.hpp.
#pragma once

#include <reckon/ops/cross_entropy.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// With v(i, c) the weight of an element: loss_i = weight sum_c v (max(x, 0) - x t + log(1 +
/// exp(-|x|))), dx = weight v (s(x) - t).
struct binary_cross_entropy_op {
    static constexpr const char* name = "binary_cross_entropy";
    template <class C>
    using signature = void(input_of<C> x, input_of<C> targets, input_of<C> element_weights,
                           double weight, view<double> losses, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(binary_cross_entropy_kernel(tag, a...)) {
        binary_cross_entropy_kernel(tag, a...);
    }
};

/// x and targets [rows, n], targets from 0 to 1; element_weights [rows, n], or none: 0 leaves an
/// element out.
template <any_context C>
double binary_cross_entropy(C& ctx, tensor_of<C> x, input_of<C> targets, double weight = 1,
                            input_of<C> element_weights = {}) {
    constexpr const char* op = "binary_cross_entropy";
    expect(op, "targets.rows", x.rows, targets.rows);
    expect(op, "targets.cols", x.cols, targets.cols);
    if (element_weights.cols != 0) {
        expect(op, "element_weights.rows", x.rows, element_weights.rows);
        expect(op, "element_weights.cols", x.cols, element_weights.cols);
    }
    gradient_of<C> dx{};
    if constexpr (C::recording) dx = ctx.begin(gradient(ctx, x));
    const auto inside = ctx.scratch();
    const auto losses = ctx.template make<double>(1, x.rows);
    dispatch<binary_cross_entropy_op>(ctx, x, targets, element_weights, weight, losses, dx);
    if constexpr (C::dry)
        return 0;
    else
        return detail::sum_of(losses);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
