// y = a + b; y may be a or b.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void add_kernel(const cpu_reference&, C&, view<const E> a, view<const E> b, view<E> y) {
    for (idx i = 0; i < y.rows; ++i)
        for (idx c = 0; c < y.cols; ++c) y(i, c) = a(i, c) + b(i, c);
}

/// dx = dy
template <class C, class E>
void add_backward(const cpu_reference&, C&, view<const E> dy, gradient_view<E> dx) {
    for (idx i = 0; dx.wanted() && i < dy.rows; ++i)
        for (idx c = 0; c < dy.cols; ++c) dx.put(i, c, dy(i, c));
}

/// x[i] += row
template <class C, class E>
void add_row_kernel(const cpu_reference&, C&, view<const E> row, view<E> x) {
    for (idx i = 0; i < x.rows; ++i)
        for (idx c = 0; c < x.cols; ++c) x(i, c) += row(0, c);
}

/// drow = the sum of dy's rows
template <class C, class E>
void add_row_backward(const cpu_reference&, C&, view<const E> dy, gradient_view<E> drow) {
    using Sum = typename C::sum;
    for (idx c = 0; drow.wanted() && c < dy.cols; ++c) {
        Sum sum = 0;
        for (idx i = 0; i < dy.rows; ++i) sum += Sum(dy(i, c));
        drow.put(0, c, E(sum));
    }
}

/// y += scale f
template <class C, class E>
void add_scaled_kernel(const cpu_reference&, C&, view<const E> f, view<const E> scale, view<E> y) {
    for (idx i = 0; i < y.rows; ++i)
        for (idx c = 0; c < y.cols; ++c) y(i, c) += scale(0, 0) * f(i, c);
}

/// df = scale dy, dscale = the sum of dy f
template <class C, class E>
void add_scaled_backward(const cpu_reference&, C&, view<const E> f, view<const E> scale,
                         view<const E> dy, gradient_view<E> df, gradient_view<E> dscale) {
    using Sum = typename C::sum;
    Sum sum = 0;
    for (idx i = 0; i < dy.rows; ++i)
        for (idx c = 0; c < dy.cols; ++c) {
            sum += Sum(dy(i, c)) * Sum(f(i, c));
            if (df.wanted()) df.put(i, c, scale(0, 0) * dy(i, c));
        }
    if (dscale.wanted()) dscale.put(0, 0, E(sum));
}

}}}  // namespace reckon::v0::RECKON_ISA
