// y = x - log(sum of exp(x)), row by row: the log-probabilities of a row of logits.
#pragma once

#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct log_softmax_op {
    static constexpr const char* name = "log_softmax";
    template <class C> using signature = void(input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(log_softmax_kernel(tag, a...)) {
        log_softmax_kernel(tag, a...);
    }
};

template <any_context C> constexpr tensor_of<C> log_softmax(C& ctx, tensor_of<C> x) {
    static_assert(!C::recording, "log_softmax: has no backward yet");
    auto y = ctx.make(x.rows, x.cols);
    dispatch<log_softmax_op>(ctx, x, y);
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
