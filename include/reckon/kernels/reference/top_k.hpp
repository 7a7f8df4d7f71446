// The k largest of a row by insertion into a sorted list of k; equal scores keep their order and
// NaN ranks below everything.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

/// The best of a row so far: `found` of them, at most `most`.
template <class E> struct best_list {
    E* values;
    std::int32_t* columns;
    idx found, most;

    static bool better(E a, E b) { return a > b || (a == a && b != b); }

    void offer(E score, idx column) {
        if (found == most && !better(score, values[found - 1])) return;
        idx at = found == most ? found - 1 : found++;
        for (; at != 0 && better(score, values[at - 1]); --at) {
            values[at] = values[at - 1];
            columns[at] = columns[at - 1];
        }
        values[at] = score;
        columns[at] = std::int32_t(column);
    }
};

/// Row `row` of what a kernel writes, where all columns before `first` have been offered.
template <class E>
best_list<E> best_so_far(view<E> values, view<std::int32_t> columns, idx row, idx first) {
    const idx most = values.cols;
    return {values.row(row), columns.row(row), first < most ? first : most, most};
}

}  // namespace detail

template <class C, class E>
void top_k_kernel(const cpu_reference&, C&, view<const E> scores, idx first, view<E> values,
                  view<std::int32_t> columns) {
    for (idx r = 0; r < scores.rows; ++r) {
        auto best = detail::best_so_far(values, columns, r, first);
        for (idx c = 0; c < scores.cols; ++c) best.offer(scores(r, c), first + c);
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
