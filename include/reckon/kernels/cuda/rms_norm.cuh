// y = x / sqrt(mean(x^2) + epsilon) * gain, a warp a row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/warp.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct rms_normed_rows {
    view<const float, device> x, gain;
    float epsilon;
    view<float, device> y;

    __device__ void operator()(idx row, idx lane) const {
        float squares = 0;
        for (idx c = lane; c < x.cols; c += lanes) squares += x(row, c) * x(row, c);
        const float scale = 1 / sqrtf(warp_sum(squares) / float(x.cols) + epsilon);
        for (idx c = lane; c < x.cols; c += lanes) y(row, c) = x(row, c) * scale * gain(0, c);
    }
};

}  // namespace cuda

template <class N, class C>
void rms_norm_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x,
                     view<const float, device> gain, float epsilon, view<float, device> y) {
    cuda::for_rows(ctx.state(), "rms_norm", x.rows, cuda::rms_normed_rows{x, gain, epsilon, y});
}

}}}  // namespace reckon::v0::RECKON_ISA
