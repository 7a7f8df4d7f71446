// y = f(gate) * x, element by element; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/reference/activate.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void gated_kernel(const cpu_reference&, C&, activation f, view<const E> gate, view<const E> x,
                  view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < x.rows; ++i)
        for (idx c = 0; c < x.cols; ++c) y(i, c) = E(activated(f, Sum(gate(i, c))) * Sum(x(i, c)));
}

/// dgate = dy x f'(gate), dx = dy f(gate)
template <class C, class E>
void gated_backward(const cpu_reference&, C&, activation f, view<const E> gate, view<const E> x,
                    view<const E> dy, gradient_view<E> dgate, gradient_view<E> dx) {
    using Sum = typename C::sum;
    for (idx i = 0; i < x.rows; ++i)
        for (idx c = 0; c < x.cols; ++c) {
            const Sum d = Sum(dy(i, c)), g = Sum(gate(i, c));
            if (dgate.wanted()) dgate.put(i, c, E(d * Sum(x(i, c)) * activated_slope(f, g)));
            if (dx.wanted()) dx.put(i, c, E(d * activated(f, g)));
        }
}

}}}  // namespace reckon::v0::RECKON_ISA
