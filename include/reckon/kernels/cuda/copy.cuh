// Copies on the context's stream. Both directions wait: a host pointer may be reused or read as
// soon as the call returns, and what kernels refused so far is raised here.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/view.hpp>
#include <reckon/kernels/cuda/handles.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

template <class T>
void copy_and_wait(cuda_handles& gpu, const T* from, T* to, idx count, cudaMemcpyKind kind) {
    expect_success(cudaMemcpyAsync(to, from, count * sizeof(T), kind, gpu.stream),
                   "cudaMemcpyAsync");
    gpu.wait();
}

}  // namespace cuda

template <class N, class C, class T>
void copy_kernel(gpu_cuda<N>, C& ctx, view<const T, host> from, view<T, device> to) {
    cuda::copy_and_wait(ctx.state(), from.data, to.data, from.size(), cudaMemcpyHostToDevice);
}

template <class N, class C, class T>
void copy_kernel(gpu_cuda<N>, C& ctx, view<const T, device> from, view<T, host> to) {
    cuda::copy_and_wait(ctx.state(), from.data, to.data, from.size(), cudaMemcpyDeviceToHost);
}

}}}  // namespace reckon::v0::RECKON_ISA
