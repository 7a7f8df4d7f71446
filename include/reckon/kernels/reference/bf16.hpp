// y = f(x w^T + bias) over bf16 weights: numbers of x are rounded to bf16 as well, sums are of full
// precision. This is what every backend computes, as the hardware does that multiplies bf16.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/dtype.hpp>
#include <reckon/kernels/reference/activate.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void linear_kernel(const cpu_reference&, C&, view<const E> x, view<const bf16> w, epilogue<E> e,
                   view<E> y) {
    using Sum = typename C::sum;
    for (idx i = 0; i < y.rows; ++i)
        for (idx o = 0; o < y.cols; ++o) {
            Sum sum = e.bias.data != nullptr ? Sum(e.bias(0, o)) : Sum(0);
            for (idx k = 0; k < x.cols; ++k)
                sum += Sum(float(bf16(float(x(i, k))))) * Sum(float(w(o, k)));
            y(i, o) = E(activated(e.f, sum));
        }
}

/// y = x rounded: the part of a product over bf16 weights that oneDNN leaves to the backend below.
template <class C, class E>
void round_rows_kernel(const cpu_reference&, C&, view<const E> x, view<bf16> y) {
    for (idx i = 0; i < x.rows; ++i)
        for (idx k = 0; k < x.cols; ++k) y(i, k) = bf16(float(x(i, k)));
}

}}}  // namespace reckon::v0::RECKON_ISA
