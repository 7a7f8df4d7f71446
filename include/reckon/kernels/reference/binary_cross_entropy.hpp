// Binary cross-entropy of logits, and its gradient.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void binary_cross_entropy_kernel(const cpu_reference&, C&, view<const E> x, view<const E> targets,
                                 view<const E> element_weights, double weight, view<double> losses,
                                 gradient_view<E> dx) {
    for (idx i = 0; i < x.rows; ++i) {
        double loss = 0;
        for (idx c = 0; c < x.cols; ++c) {
            const double z = double(x(i, c)), t = double(targets(i, c));
            const double v =
                weight * (element_weights.cols == 0 ? 1 : double(element_weights(i, c)));
            loss += v * ((z > 0 ? z : 0) - z * t + std::log1p(std::exp(-std::abs(z))));
            if (dx.wanted()) dx.put(i, c, E(v * (1 / (1 + std::exp(-z)) - t)));
        }
        losses(0, i) = loss;
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
