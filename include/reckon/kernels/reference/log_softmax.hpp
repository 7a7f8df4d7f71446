// y = x - top - log(sum of exp(x - top)), row by row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void log_softmax_kernel(const cpu_reference&, C&, view<const E> x, view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < x.rows; ++i) {
        Sum top = -HUGE_VALF, total = 0;
        for (idx c = 0; c < x.cols; ++c) top = Sum(x(i, c)) > top ? Sum(x(i, c)) : top;
        for (idx c = 0; c < x.cols; ++c) total += std::exp(Sum(x(i, c)) - top);
        const Sum shift = top + std::log(total);
        for (idx c = 0; c < x.cols; ++c) y(i, c) = E(Sum(x(i, c)) - shift);
    }
}

/// dx = dy - exp(y) sum(dy). A masked number, y = -inf, has weight 0 and passes on dy.
template <class C, class E>
void log_softmax_backward(const cpu_reference&, C&, view<const E> y, view<const E> dy,
                          gradient_view<E> dx) {
    using Sum = typename C::sum;
    for (idx i = 0; i < y.rows; ++i) {
        Sum total = 0;
        for (idx c = 0; c < y.cols; ++c) total += Sum(dy(i, c));
        for (idx c = 0; c < y.cols; ++c)
            dx.put(i, c, E(Sum(dy(i, c)) - std::exp(Sum(y(i, c))) * total));
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
