// Rows in front of rows, sequence by sequence: of sequence s come first rows [first[s], first[s] +
// count[s]) of `prefix`, where count is what `all` holds more than `rows`, then its rows of x.
// Soft prompts stand in front of texts this way; sequences of one task share one set of rows.
#pragma once

#include <reckon/core/mask.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct concat_op {
    static constexpr const char* name = "concat";
    template <class C>
    using signature = void(input_of<C> prefix, per_sequence first, input_of<C> x, ragged sequences,
                           ragged all, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(concat_kernel(tag, a...)) {
        concat_kernel(tag, a...);
    }
};

struct concat_backward_op {
    static constexpr const char* name = "concat, backward";
    template <class C>
    using signature = void(per_sequence first, ragged sequences, ragged all, input_of<C> dy,
                           gradient_of<C> dprefix, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(concat_backward(tag, a...)) {
        concat_backward(tag, a...);
    }
};

/// `prefix` is a parameter.
template <any_context C>
constexpr tensor_of<C> concat(C& ctx, input_of<C> prefix, per_sequence first, tensor_of<C> x,
                              const ragged& sequences, const ragged& all) {
    expect("concat", "prefix.cols", x.cols, prefix.cols);
    expect("concat", "x.rows", sequences.rows(), x.rows);
    expect("concat", "all.sequences", sequences.count(), all.count());
    for (idx s = 0; s < all.count(); ++s) {
        expect_that(sequences.length(s) <= all.length(s), "concat", "all",
                    "at least the rows of each sequence", all.length(s));
        const idx count = all.length(s) - sequences.length(s);
        if constexpr (std::same_as<typename C::space, host> && !C::dry)
            if (count > prefix.rows || first[s] > prefix.rows - count)
                fail("concat", "first + rows in front", prefix.rows, first[s] + count);
    }
    auto y = ctx.make(all.rows(), x.cols);
    dispatch<concat_op>(ctx, prefix, first, x, sequences, all, y);
    return recorded<C>(ctx, y, {gradient(ctx, prefix), gradient(ctx, x)}, [=](auto& c, auto... d) {
        dispatch<concat_backward_op>(c, first, sequences, all, d...);
    });
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
