// Every kernel here is one of two shapes, on the context's stream: a thread for each element, or a
// warp for each row. The work is a struct of views, called with where it stands.
#pragma once

#include <reckon/core/view.hpp>
#include <reckon/kernels/cuda/handles.cuh>

#include <cuda_runtime.h>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace cuda {

inline constexpr unsigned lanes = 32, threads_of_a_block = 256;

/// f(row, column). (A template, as every __global__ function in a header must be.)
template <class F> __global__ void each_element(idx count, idx cols, F f) {
    const idx at = idx(blockIdx.x) * threads_of_a_block + threadIdx.x;
    if (at < count) f(at / cols, at % cols);
}

/// f(row, lane): the 32 lanes of a warp share the row.
template <class F> __global__ void each_row(idx rows, F f) {
    const idx row = (idx(blockIdx.x) * threads_of_a_block + threadIdx.x) / lanes;
    if (row < rows) f(row, threadIdx.x % lanes);
}

/// So many blocks (up to 2^31) as give `count` threads.
inline unsigned blocks_of(idx count) {
    return unsigned((count + threads_of_a_block - 1) / threads_of_a_block);
}

template <class F>
void for_elements(cuda_handles& gpu, const char* op, idx rows, idx cols, const F& f) {
    const idx count = rows * cols;
    if (count == 0) return;
    each_element<<<blocks_of(count), threads_of_a_block, 0, gpu.stream>>>(count, cols, f);
    expect_success(cudaGetLastError(), op);
}

template <class F> void for_rows(cuda_handles& gpu, const char* op, idx rows, const F& f) {
    if (rows == 0) return;
    each_row<<<blocks_of(rows * lanes), threads_of_a_block, 0, gpu.stream>>>(rows, f);
    expect_success(cudaGetLastError(), op);
}

}}}}  // namespace reckon::v0::RECKON_ISA::cuda
