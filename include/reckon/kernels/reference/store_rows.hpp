// Rows stored where a cache wants them, in its element type.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/view.hpp>

namespace reckon::inline v0 {

template <class C, class E, class K>
void store_rows_kernel(const cpu_reference&, C&, view<const E> x, ragged rows, per_sequence at,
                       view<K> cache) {
    for (idx s = 0; s < rows.sequences(); ++s)
        for (idx i = 0; i < rows.length(s); ++i)
            for (idx c = 0; c < x.cols; ++c) cache(at[s] + i, c) = K(x(rows.begin(s) + i, c));
}

}  // namespace reckon::inline v0
