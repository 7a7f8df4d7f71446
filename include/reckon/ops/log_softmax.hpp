// y = x - log(sum of exp(x)), row by row: the log-probabilities of a row of logits.
#pragma once

#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C> void run_log_softmax(C& ctx, input_of<C> x, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { log_softmax_kernel(Tag{}, ctx, x, y); })
        log_softmax_kernel(Tag{}, ctx, x, y);
    else
        static_assert(sizeof(C) == 0,
                      "log_softmax: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_log_softmax = requires(C& ctx, input_of<C> x, output_of<C> y) {
    log_softmax_kernel(typename C::tag{}, ctx, x, y);
};

template <any_context C> constexpr tensor_of<C> log_softmax(C& ctx, tensor_of<C> x) {
    static_assert(!C::recording, "log_softmax: has no backward yet");
    auto y = ctx.make(x.rows, x.cols);
    if constexpr (!C::dry) run_log_softmax(ctx, x, y);
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
