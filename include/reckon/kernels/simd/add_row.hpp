// add_row: the same row added to all.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/add.hpp>
#include <reckon/kernels/simd/linear_backward.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void add_row_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> row, view<float> x) {
    add_kernel(tag, ctx, x, view<const float>{row.data, x.rows, x.cols, 0}, x);
}

template <class Arch, class Next, class C>
void add_row_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> dy,
                      gradient_view<float> drow) {
    if (drow.wanted()) simd::add_row_sums(ctx, simd::arch_of<Arch>(ctx), dy, drow);
}

}}}  // namespace reckon::v0::RECKON_ISA
