// Rows of a table by id, written or added, and the position ids of a ragged batch.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/position_order.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/weights.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E, readable_weight W>
void embedding_kernel(const cpu_reference&, C&, view<const std::int32_t> ids, W table, view<E> y) {
    for (idx i = 0; i < ids.cols; ++i)
        for (idx c = 0; c < y.cols; ++c) y(i, c) = E(table(idx(ids(0, i)), c));
}

template <class C, class E, readable_weight W>
void embedding_add_kernel(const cpu_reference&, C&, view<const std::int32_t> ids, W table,
                          view<E> x) {
    for (idx i = 0; i < ids.cols; ++i)
        for (idx c = 0; c < x.cols; ++c) x(i, c) += E(table(idx(ids(0, i)), c));
}

template <class C>
void positions_kernel(const cpu_reference&, C&, ragged sequences, position_order order,
                      per_sequence first, idx table_rows, view<std::int32_t> ids) {
    for (idx s = 0; s < sequences.count(); ++s) {
        const idx begin =
            order == position_order::from_first ? first[s] : table_rows - sequences.length(s);
        for (idx i = 0; i < sequences.length(s); ++i)
            ids(0, sequences.begin(s) + i) = std::int32_t(begin + i);
    }
}

/// dtable[ids[i]] += dy[i], in the order of i.
template <class C, class E>
void embedding_backward(const cpu_reference&, C&, view<const std::int32_t> ids, view<const E> dy,
                        gradient_view<E> dtable) {
    dtable.begin_at_zero();
    for (idx i = 0; i < ids.cols; ++i)
        for (idx c = 0; c < dy.cols; ++c) dtable(idx(ids(0, i)), c) += dy(i, c);
}

}}}  // namespace reckon::v0::RECKON_ISA
