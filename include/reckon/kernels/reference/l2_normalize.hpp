// y = x / max(|x|, 1e-12), row by row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void l2_normalize_kernel(const cpu_reference&, C&, view<const E> x, view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < x.rows; ++i) {
        Sum squares = 0;
        for (idx c = 0; c < x.cols; ++c) squares += Sum(x(i, c)) * Sum(x(i, c));
        const Sum length = std::sqrt(squares), least = Sum(1e-12);
        for (idx c = 0; c < x.cols; ++c)
            y(i, c) = E(Sum(x(i, c)) / (length > least ? length : least));
    }
}

/// dx = (dy - y (y . dy)) / |x|; where |x| is below 1e-12, and so a constant, dx = dy / 1e-12.
template <class C, class E>
void l2_normalize_backward(const cpu_reference&, C&, view<const E> x, view<const E> dy,
                           gradient_view<E> dx) {
    using Sum = typename C::sum;
    for (idx i = 0; i < x.rows; ++i) {
        Sum squares = 0, product = 0;
        for (idx c = 0; c < x.cols; ++c) {
            squares += Sum(x(i, c)) * Sum(x(i, c));
            product += Sum(x(i, c)) * Sum(dy(i, c));
        }
        const Sum length = std::sqrt(squares), least = Sum(1e-12);
        const bool clamped = !(length > least);
        const Sum along = clamped ? 0 : product / squares;
        for (idx c = 0; c < x.cols; ++c)
            dx.put(i, c, E((Sum(dy(i, c)) - Sum(x(i, c)) * along) / (clamped ? least : length)));
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
