// y = x - top - log(sum of exp(x - top)), row by row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/view.hpp>

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

}}}  // namespace reckon::v0::RECKON_ISA
