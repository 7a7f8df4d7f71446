// y = x / sqrt(mean(x^2) + epsilon) * gain, row by row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void rms_norm_kernel(const cpu_reference&, C&, view<const E> x, view<const E> gain, float epsilon,
                     view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < x.rows; ++i) {
        Sum squares = 0;
        for (idx c = 0; c < x.cols; ++c) squares += Sum(x(i, c)) * Sum(x(i, c));
        const Sum scale = 1 / std::sqrt(squares / Sum(x.cols) + Sum(epsilon));
        for (idx c = 0; c < x.cols; ++c) y(i, c) = E(Sum(x(i, c)) * scale * Sum(gain(0, c)));
    }
}

/// With s = 1 / sqrt(mean(x^2) + epsilon) and g = dy * gain:
/// dx = s g - x s^3 mean(g x), dgain = the sum of dy x s.
template <class C, class E>
void rms_norm_backward(const cpu_reference&, C&, view<const E> x, view<const E> gain, float epsilon,
                       view<const E> dy, gradient_view<E> dx, gradient_view<E> dgain) {
    using Sum = typename C::sum;
    dgain.begin_at_zero();
    for (idx i = 0; i < x.rows; ++i) {
        Sum squares = 0, mean_gx = 0;
        for (idx c = 0; c < x.cols; ++c) {
            squares += Sum(x(i, c)) * Sum(x(i, c));
            mean_gx += Sum(dy(i, c)) * Sum(gain(0, c)) * Sum(x(i, c)) / Sum(x.cols);
        }
        const Sum s = 1 / std::sqrt(squares / Sum(x.cols) + Sum(epsilon));
        for (idx c = 0; c < x.cols; ++c) {
            const Sum g = Sum(dy(i, c)) * Sum(gain(0, c));
            if (dx.wanted()) dx.put(i, c, E(s * g - Sum(x(i, c)) * s * s * s * mean_gx));
            if (dgain.wanted()) dgain(0, c) += E(Sum(dy(i, c)) * Sum(x(i, c)) * s);
        }
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
