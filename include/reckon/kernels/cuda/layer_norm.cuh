// y = (x - mean) / sqrt(variance + epsilon) * gain + bias, a warp a row; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/warp.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct layer_normed_rows {
    view<const float, device> x, gain, bias;
    float epsilon;
    view<float, device> y;

    __device__ void operator()(idx row, idx lane) const {
        const auto width = float(x.cols);
        float sum = 0, squares = 0;
        for (idx c = lane; c < x.cols; c += lanes) sum += x(row, c);
        const float mean = warp_sum(sum) / width;
        for (idx c = lane; c < x.cols; c += lanes)
            squares += (x(row, c) - mean) * (x(row, c) - mean);
        const float scale = 1 / sqrtf(warp_sum(squares) / width + epsilon);
        for (idx c = lane; c < x.cols; c += lanes)
            y(row, c) = (x(row, c) - mean) * scale * gain(0, c) + bias(0, c);
    }
};

}  // namespace cuda

template <class N, class C>
void layer_norm_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x,
                       view<const float, device> gain, view<const float, device> bias,
                       float epsilon, view<float, device> y) {
    cuda::for_rows(ctx.state(), "layer_norm", x.rows,
                   cuda::layer_normed_rows{x, gain, bias, epsilon, y});
}

}}}  // namespace reckon::v0::RECKON_ISA
