// y = f(x w^T + bias), its backward, and y = x w, as plain loops.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/reference/activate.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E, readable_weight W>
void linear_kernel(const cpu_reference&, C&, view<const E> x, W w, epilogue<E> e, view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < y.rows; ++i)
        for (idx o = 0; o < y.cols; ++o) {
            Sum sum = e.bias.data != nullptr ? Sum(e.bias(0, o)) : Sum(0);
            for (idx k = 0; k < x.cols; ++k) sum += Sum(x(i, k)) * Sum(w(o, k));
            y(i, o) = E(activated(e.f, sum));
        }
}

/// dx = dy w, dw = dy^T x, dbias = the sum of dy's rows.
template <class C, class E, readable_weight W>
void linear_backward(const cpu_reference&, C&, view<const E> x, W w, view<const E> dy,
                     gradient_view<E> dx, gradient_view<E> dw, gradient_view<E> dbias) {
    using Sum = typename C::sum;
    if (dx.wanted())
        for (idx i = 0; i < x.rows; ++i)
            for (idx k = 0; k < x.cols; ++k) {
                Sum sum = 0;
                for (idx o = 0; o < dy.cols; ++o) sum += Sum(dy(i, o)) * Sum(w(o, k));
                dx.put(i, k, E(sum));
            }
    if (dw.wanted())
        for (idx o = 0; o < dy.cols; ++o)
            for (idx k = 0; k < x.cols; ++k) {
                Sum sum = 0;
                for (idx i = 0; i < x.rows; ++i) sum += Sum(dy(i, o)) * Sum(x(i, k));
                dw.put(o, k, E(sum));
            }
    if (dbias.wanted())
        for (idx o = 0; o < dy.cols; ++o) {
            Sum sum = 0;
            for (idx i = 0; i < dy.rows; ++i) sum += Sum(dy(i, o));
            dbias.put(0, o, E(sum));
        }
}

/// y = x w
template <class C, class E, readable_weight W>
void linear_transposed_kernel(const cpu_reference&, C&, view<const E> x, W w, view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < y.rows; ++i)
        for (idx k = 0; k < y.cols; ++k) {
            Sum sum = 0;
            for (idx o = 0; o < x.cols; ++o) sum += Sum(x(i, o)) * Sum(w(o, k));
            y(i, k) = E(sum);
        }
}

/// dx = dy w^T, dw = x^T dy.
template <class C, class E, readable_weight W>
void linear_transposed_backward(const cpu_reference& tag, C& ctx, view<const E> x, W w,
                                view<const E> dy, gradient_view<E> dx, gradient_view<E> dw) {
    using Sum = typename C::sum;
    if (dx.wanted())
        for (idx i = 0; i < x.rows; ++i)
            for (idx o = 0; o < x.cols; ++o) {
                Sum sum = 0;
                for (idx k = 0; k < dy.cols; ++k) sum += Sum(dy(i, k)) * Sum(w(o, k));
                dx.put(i, o, E(sum));
            }
    // dw is that of a linear layer whose inputs and outputs have changed places.
    linear_backward(tag, ctx, dy, w, x, gradient_view<E>{}, dw, gradient_view<E>{});
}

}}}  // namespace reckon::v0::RECKON_ISA
