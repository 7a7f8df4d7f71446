// y = x / max(|x|, 1e-12), row by row (as torch.nn.functional.normalize).
#pragma once

#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct l2_normalize_op {
    static constexpr const char* name = "l2_normalize";
    template <class C> using signature = void(input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(l2_normalize_kernel(tag, a...)) {
        l2_normalize_kernel(tag, a...);
    }
};

struct l2_normalize_backward_op {
    static constexpr const char* name = "l2_normalize, backward";
    template <class C> using signature = void(input_of<C> x, input_of<C> dy, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(l2_normalize_backward(tag, a...)) {
        l2_normalize_backward(tag, a...);
    }
};

template <any_context C> constexpr tensor_of<C> l2_normalize(C& ctx, tensor_of<C> x) {
    auto y = ctx.make(x.rows, x.cols);
    dispatch<l2_normalize_op>(ctx, x, y);
    return recorded<C>(ctx, y, {gradient(ctx, x)},
                       [=](auto& c, auto... d) { dispatch<l2_normalize_backward_op>(c, x, d...); });
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
