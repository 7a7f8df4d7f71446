// The k largest of a row by insertion into a sorted list of k; equal scores keep their order and
// NaN ranks below everything.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/view.hpp>

namespace reckon::inline v0 {

template <class C, class E>
void top_k_kernel(const cpu_reference&, C&, view<const E> scores, view<E> values,
                  view<std::int32_t> columns) {
    const auto better = [](E a, E b) { return a > b || (a == a && b != b); };
    for (idx i = 0; i < scores.rows; ++i) {
        idx found = 0;
        for (idx c = 0; c < scores.cols; ++c) {
            const E score = scores(i, c);
            if (found == values.cols && !better(score, values(i, found - 1))) continue;
            idx at = found == values.cols ? found - 1 : found++;
            for (; at != 0 && better(score, values(i, at - 1)); --at) {
                values(i, at) = values(i, at - 1);
                columns(i, at) = columns(i, at - 1);
            }
            values(i, at) = score;
            columns(i, at) = std::int32_t(c);
        }
    }
}

}  // namespace reckon::inline v0
