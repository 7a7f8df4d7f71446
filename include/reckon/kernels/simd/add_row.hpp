// add_row: the same row added to all.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/add.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void add_row_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> row, view<float> x) {
    add_kernel(tag, ctx, x, view<const float>{row.data, x.rows, x.cols, 0}, x);
}

}}}  // namespace reckon::v0::RECKON_ISA
