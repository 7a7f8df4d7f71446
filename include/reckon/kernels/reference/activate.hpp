// The activation functions and their derivatives.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <floating S> S activated(activation f, S x) {
    switch (f) {
        case activation::relu:
            return x < 0 ? S(0) : x;  // NaN stays NaN
        case activation::gelu:
            return S(0.5) * x * std::erfc(-x * S(0.70710678118654752));
        case activation::gelu_tanh: {
            const S inner = S(0.79788456080286536) * (x + S(0.044715) * x * x * x);
            return S(0.5) * x * (1 + std::tanh(inner));
        }
        case activation::silu:
            return x / (1 + std::exp(-x));
        case activation::none:
            return x;
    }
    return x;  // no number of an activation; so that a new one is a warning above
}

/// df / dx
template <floating S> S activated_slope(activation f, S x) {
    switch (f) {
        case activation::relu:
            return x > 0 ? S(1) : S(0);
        case activation::gelu:
            return S(0.5) * std::erfc(-x * S(0.70710678118654752)) +
                   x * S(0.39894228040143268) * std::exp(S(-0.5) * x * x);
        case activation::gelu_tanh: {
            const S c = S(0.79788456080286536), a = S(0.044715);
            const S t = std::tanh(c * (x + a * x * x * x));
            return S(0.5) * (1 + t) + S(0.5) * x * (1 - t * t) * c * (1 + 3 * a * x * x);
        }
        case activation::silu: {
            const S s = 1 / (1 + std::exp(-x));
            return s * (1 + x * (1 - s));
        }
        case activation::none:
            return S(1);
    }
    return S(1);  // likewise
}

template <class C, class E>
void activate_kernel(const cpu_reference&, C&, activation f, view<const E> x, view<E> y) {
    for (idx i = 0; i < x.rows; ++i)
        for (idx c = 0; c < x.cols; ++c) y(i, c) = E(activated(f, typename C::sum(x(i, c))));
}

/// dx = dy f'(x)
template <class C, class E>
void activate_backward(const cpu_reference&, C&, activation f, view<const E> x, view<const E> dy,
                       gradient_view<E> dx) {
    for (idx i = 0; i < x.rows; ++i)
        for (idx c = 0; c < x.cols; ++c)
            dx.put(i, c,
                   E(typename C::sum(dy(i, c)) * activated_slope(f, typename C::sum(x(i, c)))));
}

}}}  // namespace reckon::v0::RECKON_ISA
