// Rows copied in front of rows, sequence by sequence.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void concat_kernel(const cpu_reference&, C&, view<const E> prefix, per_sequence first,
                   view<const E> x, ragged sequences, ragged all, view<E> y) {
    for (idx s = 0; s < all.count(); ++s) {
        const idx count = all.length(s) - sequences.length(s);
        for (idx i = 0; i < all.length(s); ++i) {
            const E* from =
                i < count ? prefix.row(first[s] + i) : x.row(sequences.begin(s) + i - count);
            for (idx c = 0; c < y.cols; ++c) y(all.begin(s) + i, c) = from[c];
        }
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
