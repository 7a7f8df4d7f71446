// y = x / max(|x|, 1e-12), a warp a row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/warp.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct unit_rows {
    view<const float, device> x;
    view<float, device> y;

    __device__ void operator()(idx row, idx lane) const {
        float squares = 0;
        for (idx c = lane; c < x.cols; c += lanes) squares += x(row, c) * x(row, c);
        const float length = fmaxf(sqrtf(warp_sum(squares)), 1e-12f);
        for (idx c = lane; c < x.cols; c += lanes) y(row, c) = x(row, c) / length;
    }
};

}  // namespace cuda

template <class N, class C>
void l2_normalize_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x, view<float, device> y) {
    cuda::for_rows(ctx.state(), "l2_normalize", x.rows, cuda::unit_rows{x, y});
}

}}}  // namespace reckon::v0::RECKON_ISA
