// y = x / sqrt(mean(x^2) + epsilon) * gain, row by row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/view.hpp>

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

}}}  // namespace reckon::v0::RECKON_ISA
