// y(i, j) = h[i] . table[ids(i, j)]: scores of a few candidates for each row, such as its target
// and negatives drawn for it.   h [rows, width], ids [rows, n] -> y [rows, n]
#pragma once

#include <reckon/ops/embedding.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct candidate_scores_op {
    static constexpr const char* name = "candidate_scores";
    template <class C>
    using signature = void(input_of<C> h, input_of<C> table, ids_of<C> ids, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(candidate_scores_kernel(tag, a...)) {
        candidate_scores_kernel(tag, a...);
    }
};

/// dh[i] = sum_j dy(i, j) table[ids(i, j)], dtable[ids(i, j)] += dy(i, j) h[i] in the order of (i,
/// j).
struct candidate_scores_backward_op {
    static constexpr const char* name = "candidate_scores, backward";
    template <class C>
    using signature = void(input_of<C> h, input_of<C> table, ids_of<C> ids, input_of<C> dy,
                           gradient_of<C> dh, gradient_of<C> dtable);
    static auto kernel(auto tag, auto&... a) -> decltype(candidate_scores_backward(tag, a...)) {
        candidate_scores_backward(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(candidate_scores_backward_scratch(tag, threads, a...)) {
        return candidate_scores_backward_scratch(tag, threads, a...);
    }
};

/// `table`: a parameter, or an activation.
template <any_context C, class W>
requires std::convertible_to<W, input_of<C>>
constexpr tensor_of<C> candidate_scores(C& ctx, tensor_of<C> h, W table, ids_of<C> ids) {
    expect("candidate_scores", "table.cols", h.cols, table.cols);
    expect("candidate_scores", "ids.rows", h.rows, ids.rows);
    if constexpr (!C::dry)
        for (idx i = 0; i < ids.rows; ++i)
            expect_ids<C>("candidate_scores", ids.slice(i, 1), table.rows);
    const input_of<C> t = table;
    auto y = ctx.make(ids.rows, ids.cols);
    dispatch<candidate_scores_op>(ctx, h, t, ids, y);
    return recorded<C>(
        ctx, y, {gradient(ctx, h), weight_gradient(ctx, table)},
        [=](auto& c, auto... d) { dispatch<candidate_scores_backward_op>(c, h, t, ids, d...); });
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
