// The k largest of each row, best first; equal scores keep the order of their columns.
// scores [rows, candidates] -> values [rows, k], columns [rows, k]; NaN ranks below everything.
#pragma once

#include <reckon/ops/check.hpp>

namespace reckon::inline v0::ops {

template <any_context C>
void run_top_k(C& ctx, input_of<C> scores, output_of<C> values,
               view<std::int32_t, typename C::space> columns) {
    using Tag = typename C::tag;
    if constexpr (requires { top_k_kernel(Tag{}, ctx, scores, values, columns); })
        top_k_kernel(Tag{}, ctx, scores, values, columns);
    else
        static_assert(sizeof(C) == 0,
                      "top_k: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_top_k = requires(C& ctx, input_of<C> x, output_of<C> y,
                                view<std::int32_t, typename C::space> columns) {
    top_k_kernel(typename C::tag{}, ctx, x, y, columns);
};

template <class C> struct best_of {
    tensor_of<C> values;                            // [rows, k]
    view<std::int32_t, typename C::space> columns;  // [rows, k]
};

template <any_context C> constexpr best_of<C> top_k(C& ctx, tensor_of<C> scores, idx k) {
    static_assert(!C::recording, "top_k: has no backward");
    expect_that(k != 0 && k <= scores.cols, "top_k", "k", "between 1 and scores.cols", k);
    best_of<C> best{ctx.make(scores.rows, k), ctx.template make<std::int32_t>(scores.rows, k)};
    if constexpr (!C::dry) run_top_k(ctx, scores, best.values, best.columns);
    return best;
}

}  // namespace reckon::inline v0::ops
