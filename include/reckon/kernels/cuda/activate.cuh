// The activation functions, one thread an element; y may be x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/view.hpp>
#include <reckon/kernels/cuda/error.cuh>

#include <cuda_runtime.h>

namespace reckon::inline v0 {

namespace cuda {

__device__ inline float activated(activation f, float x) {
    switch (f) {
        case activation::relu:
            return x > 0 ? x : 0;
        case activation::gelu:
            return 0.5f * x * (1 + erff(x * 0.70710678f));
        case activation::gelu_tanh:
            return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
        case activation::silu:
            return x / (1 + expf(-x));
        default:
            return x;
    }
}

/// A template, as every __global__ function in a header must be.
template <class T>
__global__ void activate(activation f, view<const T, device> x, view<T, device> y) {
    const idx at = idx(blockIdx.x) * blockDim.x + threadIdx.x;
    if (at < x.size()) y(at / x.cols, at % x.cols) = activated(f, x(at / x.cols, at % x.cols));
}

}  // namespace cuda

template <class N, class C>
void activate_kernel(gpu_cuda<N>, C& ctx, activation f, view<const float, device> x,
                     view<float, device> y) {
    if (x.size() == 0) return;
    constexpr unsigned threads = 256;
    const auto blocks = unsigned((x.size() + threads - 1) / threads);
    cuda::activate<float><<<blocks, threads, 0, ctx.state().stream>>>(f, x, y);
    expect_success(cudaGetLastError(), "activate");
}

}  // namespace reckon::inline v0
