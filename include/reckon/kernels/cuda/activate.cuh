// The activation functions, one thread an element; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/kernels/cuda/launch.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

__device__ inline float activated(activation f, float x) {
    switch (f) {
        case activation::relu:
            return x < 0 ? 0 : x;  // NaN stays NaN
        case activation::gelu:
            return 0.5f * x * erfcf(-x * 0.70710678f);
        case activation::gelu_tanh:  // (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), less cancellation
            return x / (1 + expf(-1.5957691f * (x + 0.044715f * x * x * x)));
        case activation::silu:
            return x / (1 + expf(-x));
        case activation::none:
            return x;
    }
    return x;  // no number of an activation; so that a new one is a warning above
}

struct activated_elements {
    activation f;
    view<const float, device> x;
    view<float, device> y;

    __device__ void operator()(idx row, idx col) const { y(row, col) = activated(f, x(row, col)); }
};

}  // namespace cuda

template <class N, class C>
void activate_kernel(gpu_cuda<N>, C& ctx, activation f, view<const float, device> x,
                     view<float, device> y) {
    cuda::for_elements(ctx.state(), "activate", x.rows, x.cols, cuda::activated_elements{f, x, y});
}

}}}  // namespace reckon::v0::RECKON_ISA
