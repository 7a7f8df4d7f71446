// y = x - top - log(sum of exp(x - top)), a warp a row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/warp.cuh>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct log_softmax_rows {
    view<const float, device> x;
    view<float, device> y;

    __device__ void operator()(idx row, idx lane) const {
        float top = -INFINITY, total = 0;
        for (idx c = lane; c < x.cols; c += lanes) top = fmaxf(top, x(row, c));
        top = warp_max(top);
        for (idx c = lane; c < x.cols; c += lanes) total += expf(x(row, c) - top);
        const float shift = top + logf(warp_sum(total));
        for (idx c = lane; c < x.cols; c += lanes) y(row, c) = x(row, c) - shift;
    }
};

}  // namespace cuda

template <class N, class C>
void log_softmax_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x, view<float, device> y) {
    cuda::for_rows(ctx.state(), "log_softmax", x.rows, cuda::log_softmax_rows{x, y});
}

}}}  // namespace reckon::v0::RECKON_ISA
