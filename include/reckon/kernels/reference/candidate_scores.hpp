// Dot products of rows with rows of a table, by id.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void candidate_scores_kernel(const cpu_reference&, C&, view<const E> h, view<const E> table,
                             view<const std::int32_t> ids, view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < y.rows; ++i)
        for (idx j = 0; j < y.cols; ++j) {
            const E* const row = table.row(idx(ids(i, j)));
            Sum sum = 0;
            for (idx c = 0; c < h.cols; ++c) sum += Sum(h(i, c)) * Sum(row[c]);
            y(i, j) = E(sum);
        }
}

template <class C, class E>
void candidate_scores_backward(const cpu_reference&, C&, view<const E> h, view<const E> table,
                               view<const std::int32_t> ids, view<const E> dy, gradient_view<E> dh,
                               gradient_view<E> dtable) {
    using Sum = typename C::sum;
    for (idx i = 0; i < dy.rows && dh.wanted(); ++i)
        for (idx c = 0; c < h.cols; ++c) {
            Sum sum = 0;
            for (idx j = 0; j < dy.cols; ++j) sum += Sum(dy(i, j)) * Sum(table(idx(ids(i, j)), c));
            dh.put(i, c, E(sum));
        }
    if (!dtable.wanted()) return;
    dtable.begin_at_zero();
    for (idx i = 0; i < dy.rows; ++i)
        for (idx j = 0; j < dy.cols; ++j)
            for (idx c = 0; c < h.cols; ++c) dtable(idx(ids(i, j)), c) += dy(i, j) * h(i, c);
}

}}}  // namespace reckon::v0::RECKON_ISA
