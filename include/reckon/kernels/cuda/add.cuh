// y = a + b, y may be a or b; and x[i] += row.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/cuda/launch.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct added_elements {
    view<const float, device> a, b;
    view<float, device> y;

    __device__ void operator()(idx row, idx col) const { y(row, col) = a(row, col) + b(row, col); }
};

struct added_row {
    view<const float, device> row;
    view<float, device> x;

    __device__ void operator()(idx i, idx col) const { x(i, col) += row(0, col); }
};

}  // namespace cuda

template <class N, class C>
void add_kernel(gpu_cuda<N>, C& ctx, view<const float, device> a, view<const float, device> b,
                view<float, device> y) {
    cuda::for_elements(ctx.state(), "add", y.rows, y.cols, cuda::added_elements{a, b, y});
}

template <class N, class C>
void add_row_kernel(gpu_cuda<N>, C& ctx, view<const float, device> row, view<float, device> x) {
    cuda::for_elements(ctx.state(), "add_row", x.rows, x.cols, cuda::added_row{row, x});
}

}}}  // namespace reckon::v0::RECKON_ISA
