// Copies on the context's stream. Both directions wait: a host pointer may be reused or read as
// soon as the call returns.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/view.hpp>
#include <reckon/kernels/cuda/error.cuh>

namespace reckon::inline v0 {

namespace detail {
template <class T>
void copy_and_wait(cudaStream_t stream, const T* from, T* to, idx count, cudaMemcpyKind kind) {
    expect_success(cudaMemcpyAsync(to, from, count * sizeof(T), kind, stream), "cudaMemcpyAsync");
    expect_success(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
}
}  // namespace detail

template <class N, class C, class T>
void copy_kernel(gpu_cuda<N>, C& ctx, view<const T, host> from, view<T, device> to) {
    detail::copy_and_wait(ctx.state().stream, from.data, to.data, from.size(),
                          cudaMemcpyHostToDevice);
}

template <class N, class C, class T>
void copy_kernel(gpu_cuda<N>, C& ctx, view<const T, device> from, view<T, host> to) {
    detail::copy_and_wait(ctx.state().stream, from.data, to.data, from.size(),
                          cudaMemcpyDeviceToHost);
}

}  // namespace reckon::inline v0
