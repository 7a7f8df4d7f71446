// y = a + b; y may be a or b.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void add_kernel(const cpu_reference&, C&, view<const E> a, view<const E> b, view<E> y) {
    for (idx i = 0; i < y.rows; ++i)
        for (idx c = 0; c < y.cols; ++c) y(i, c) = a(i, c) + b(i, c);
}

/// da += dy, db += dy; a null gradient is not wanted.
template <class C, class E>
void add_backward(const cpu_reference&, C&, view<const E> dy, view<E> da, view<E> db) {
    for (view<E> d : {da, db})
        for (idx i = 0; d.data != nullptr && i < dy.rows; ++i)
            for (idx c = 0; c < dy.cols; ++c) d(i, c) += dy(i, c);
}

/// x[i] += row
template <class C, class E>
void add_row_kernel(const cpu_reference&, C&, view<const E> row, view<E> x) {
    for (idx i = 0; i < x.rows; ++i)
        for (idx c = 0; c < x.cols; ++c) x(i, c) += row(0, c);
}

}}}  // namespace reckon::v0::RECKON_ISA
