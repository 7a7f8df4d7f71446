// y = x - log(sum of exp(x)), row by row: the log-probabilities of a row of logits.
#pragma once

#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct log_softmax_op {
    static constexpr const char* name = "log_softmax";
    template <class C> using signature = void(input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(log_softmax_kernel(tag, a...)) {
        log_softmax_kernel(tag, a...);
    }
};

struct log_softmax_backward_op {
    static constexpr const char* name = "log_softmax, backward";
    template <class C> using signature = void(input_of<C> y, input_of<C> dy, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(log_softmax_backward(tag, a...)) {
        log_softmax_backward(tag, a...);
    }
};

template <any_context C> constexpr tensor_of<C> log_softmax(C& ctx, tensor_of<C> x) {
    auto y = ctx.make(x.rows, x.cols);
    dispatch<log_softmax_op>(ctx, x, y);
    return recorded<C>(ctx, y, {gradient(ctx, x)},
                       [=](auto& c, auto... d) { dispatch<log_softmax_backward_op>(c, y, d...); });
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
