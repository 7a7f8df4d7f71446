// One row for each sequence: the mean of its rows, its first, or its last.
// x [tokens, width] -> y [sequences, width]; an empty sequence is refused.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct pool_op {
    static constexpr const char* name = "pool";
    template <class C>
    using signature = void(pooling how, ragged sequences, input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(pool_kernel(tag, a...)) {
        pool_kernel(tag, a...);
    }
};

struct pool_backward_op {
    static constexpr const char* name = "pool, backward";
    template <class C>
    using signature = void(pooling how, ragged sequences, input_of<C> dy, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(pool_backward(tag, a...)) {
        pool_backward(tag, a...);
    }
};

template <any_context C>
constexpr tensor_of<C> pool(C& ctx, tensor_of<C> x, const ragged& sequences, pooling how) {
    expect("pool", "x.rows", sequences.rows(), x.rows);
    for (idx s = 0; s < sequences.count(); ++s)
        expect_that(sequences.length(s) != 0, "pool", "rows of a sequence", "at least 1", idx{0});
    auto y = ctx.make(sequences.count(), x.cols);
    dispatch<pool_op>(ctx, how, sequences, x, y);
    return recorded<C>(ctx, y, {gradient(ctx, x)}, [=](auto& c, auto... d) {
        dispatch<pool_backward_op>(c, how, sequences, d...);
    });
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
