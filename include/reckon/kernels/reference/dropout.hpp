// y = x * mask, or y += x * mask.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/dropout.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/ragged.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void dropout_kernel(const cpu_reference&, C&, dropout_mask mask, ragged sequences, view<const E> x,
                    gradient_view<E> y) {
    for (idx s = 0; s < sequences.count(); ++s)
        for (idx i = 0; i < sequences.length(s); ++i)
            for (idx c = 0; c < x.cols; ++c) {
                const idx row = sequences.begin(s) + i;
                y.put(row, c, x(row, c) * E(mask.factor(mask.example(s), i, c)));
            }
}

}}}  // namespace reckon::v0::RECKON_ISA
