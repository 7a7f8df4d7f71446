// y = (x - mean) / sqrt(variance + epsilon) * gain + bias, row by row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

template <class Sum> struct row_moments {
    Sum mean, scale;  // scale = 1 / sqrt(variance + epsilon)
};

template <class Sum, class E> row_moments<Sum> moments_of(view<const E> x, idx row, float epsilon) {
    Sum mean = 0, variance = 0;
    for (idx c = 0; c < x.cols; ++c) mean += Sum(x(row, c));
    mean /= Sum(x.cols);
    for (idx c = 0; c < x.cols; ++c) variance += (Sum(x(row, c)) - mean) * (Sum(x(row, c)) - mean);
    return {mean, 1 / std::sqrt(variance / Sum(x.cols) + Sum(epsilon))};
}

}  // namespace detail

template <class C, class E>
void layer_norm_kernel(const cpu_reference&, C&, view<const E> x, view<const E> gain,
                       view<const E> bias, float epsilon, view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < x.rows; ++i) {
        const auto m = detail::moments_of<Sum>(x, i, epsilon);
        for (idx c = 0; c < x.cols; ++c)
            y(i, c) = E((Sum(x(i, c)) - m.mean) * m.scale * Sum(gain(0, c)) + Sum(bias(0, c)));
    }
}

/// With n = (x - mean) * scale and g = dy * gain:
/// dx = scale (g - mean(g) - n mean(g n)), dgain = the sum of dy n, dbias = the sum of dy.
template <class C, class E>
void layer_norm_backward(const cpu_reference&, C&, view<const E> x, view<const E> gain,
                         float epsilon, view<const E> dy, gradient_view<E> dx,
                         gradient_view<E> dgain, gradient_view<E> dbias) {
    using Sum = typename C::sum;
    dgain.begin_at_zero();
    dbias.begin_at_zero();
    for (idx i = 0; i < x.rows; ++i) {
        const auto m = detail::moments_of<Sum>(x, i, epsilon);
        const auto n = [&](idx c) { return (Sum(x(i, c)) - m.mean) * m.scale; };
        Sum mean_g = 0, mean_gn = 0;
        for (idx c = 0; c < x.cols; ++c) {
            const Sum g = Sum(dy(i, c)) * Sum(gain(0, c));
            mean_g += g / Sum(x.cols);
            mean_gn += g * n(c) / Sum(x.cols);
        }
        for (idx c = 0; c < x.cols; ++c) {
            const Sum g = Sum(dy(i, c)) * Sum(gain(0, c));
            if (dx.wanted()) dx.put(i, c, E(m.scale * (g - mean_g - n(c) * mean_gn)));
            if (dgain.wanted()) dgain(0, c) += E(Sum(dy(i, c)) * n(c));
            if (dbias.wanted()) dbias(0, c) += dy(i, c);
        }
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
