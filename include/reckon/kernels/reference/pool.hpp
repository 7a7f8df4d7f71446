// One row a sequence: the mean of its rows, its first, or its last.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/ragged.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void pool_kernel(const cpu_reference&, C&, pooling how, ragged sequences, view<const E> x,
                 view<E> y) {
    using Sum = typename C::sum;
    for (idx s = 0; s < sequences.count(); ++s) {
        const auto own = x.slice(sequences.begin(s), sequences.length(s));
        for (idx c = 0; c < x.cols; ++c) {
            if (how == pooling::mean) {
                Sum sum = 0;
                for (idx i = 0; i < own.rows; ++i) sum += Sum(own(i, c));
                y(s, c) = E(sum / Sum(own.rows));
            } else {
                y(s, c) = own(how == pooling::first ? 0 : own.rows - 1, c);
            }
        }
    }
}

/// Each row's share of its sequence's gradient: dy / rows, or dy for the first or the last and 0.
template <class C, class E>
void pool_backward(const cpu_reference&, C&, pooling how, ragged sequences, view<const E> dy,
                   gradient_view<E> dx) {
    using Sum = typename C::sum;
    for (idx s = 0; s < sequences.count(); ++s) {
        const idx rows = sequences.length(s), taken = how == pooling::first ? 0 : rows - 1;
        for (idx i = 0; i < rows; ++i)
            for (idx c = 0; c < dy.cols; ++c)
                dx.put(sequences.begin(s) + i, c,
                       how == pooling::mean ? E(Sum(dy(s, c)) / Sum(rows))
                       : i == taken         ? dy(s, c)
                                            : E(0));
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
