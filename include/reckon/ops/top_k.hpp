// The k largest of each row, best first; equal scores keep the order of their columns.
// scores [rows, candidates] -> values [rows, k], columns [rows, k]; NaN ranks below everything.
// Scores that are too many to stand in memory at once come piece by piece: top_k_next.
#pragma once

#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class C> using columns_of = view<std::int32_t, typename C::space>;

/// `values` and `columns` hold the best of the columns before `first` and take in what is better.
struct top_k_op {
    static constexpr const char* name = "top_k";
    template <class C>
    using signature = void(input_of<C> scores, idx first, output_of<C> values,
                           columns_of<C> columns);
    static auto kernel(auto tag, auto&... a) -> decltype(top_k_kernel(tag, a...)) {
        top_k_kernel(tag, a...);
    }
};

template <class C> struct best_of {
    tensor_of<C> values;    // [rows, k]
    columns_of<C> columns;  // [rows, k]
};

template <any_context C> constexpr best_of<C> top_k(C& ctx, tensor_of<C> scores, idx k) {
    static_assert(!C::recording, "top_k: has no backward");
    expect_that(k != 0 && k <= scores.cols, "top_k", "k", "between 1 and scores.cols", k);
    best_of<C> best{ctx.make(scores.rows, k), ctx.template make<std::int32_t>(scores.rows, k)};
    dispatch<top_k_op>(ctx, scores, idx{0}, best.values, best.columns);
    return best;
}

/// The same of rows whose columns come in pieces, in their order: these scores are those of the
/// columns from `first` on. While fewer than k have come, the rest of `best` is not set.
template <any_context C>
constexpr void top_k_next(C& ctx, tensor_of<C> scores, idx first, const best_of<C>& best) {
    static_assert(!C::recording, "top_k_next: has no backward");
    expect_that(best.values.cols != 0, "top_k_next", "k", "at least 1", best.values.cols);
    expect("top_k_next", "values.rows", scores.rows, best.values.rows);
    expect("top_k_next", "columns.rows", scores.rows, best.columns.rows);
    expect("top_k_next", "columns.cols", best.values.cols, best.columns.cols);
    dispatch<top_k_op>(ctx, scores, first, best.values, best.columns);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
