// One row for each sequence: the mean of its rows, its first, or its last.
// x [tokens, width] -> y [sequences, width]; an empty sequence is refused.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C>
void run_pool(C& ctx, pooling how, ragged sequences, input_of<C> x, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { pool_kernel(Tag{}, ctx, how, sequences, x, y); })
        pool_kernel(Tag{}, ctx, how, sequences, x, y);
    else
        static_assert(sizeof(C) == 0,
                      "pool: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_pool = requires(C& ctx, ragged sequences, input_of<C> x, output_of<C> y) {
    pool_kernel(typename C::tag{}, ctx, pooling::mean, sequences, x, y);
};

template <any_context C>
constexpr tensor_of<C> pool(C& ctx, tensor_of<C> x, const ragged& sequences, pooling how) {
    static_assert(!C::recording, "pool: has no backward yet");
    expect("pool", "x.rows", sequences.rows(), x.rows);
    for (idx s = 0; s < sequences.count(); ++s)
        expect_that(sequences.length(s) != 0, "pool", "rows of a sequence", "at least 1", idx{0});
    auto y = ctx.make(sequences.count(), x.cols);
    if constexpr (!C::dry) run_pool(ctx, how, sequences, x, y);
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
