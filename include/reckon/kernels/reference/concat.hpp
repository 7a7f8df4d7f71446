// Rows copied in front of rows, sequence by sequence.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>

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

/// Each row of dy goes to where it came from; rows of `prefix` add up.
template <class C, class E>
void concat_backward(const cpu_reference&, C&, per_sequence first, ragged sequences, ragged all,
                     view<const E> dy, gradient_view<E> dprefix, gradient_view<E> dx) {
    dprefix.begin_at_zero();
    for (idx s = 0; s < all.count(); ++s) {
        const idx count = all.length(s) - sequences.length(s);
        for (idx i = 0; i < all.length(s); ++i)
            for (idx c = 0; c < dy.cols; ++c) {
                const E d = dy(all.begin(s) + i, c);
                if (i >= count && dx.wanted()) dx.put(sequences.begin(s) + i - count, c, d);
                if (i < count && dprefix.wanted()) dprefix(first[s] + i, c) += d;
            }
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
