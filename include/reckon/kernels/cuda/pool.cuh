// One row a sequence: the mean of its rows, its first, or its last; one thread a column.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/sequences.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct pooled_rows {
    pooling how;
    device_sequences sequences;
    view<const float, device> x;
    view<float, device> y;

    __device__ void operator()(idx s, idx col) const {
        const idx begin = sequences.begin(s), count = sequences.length(s);
        if (how == pooling::mean) {
            double sum = 0;  // of thousands of rows, one after the other
            for (idx i = 0; i < count; ++i) sum += double(x(begin + i, col));
            y(s, col) = float(sum / double(count));
        } else {
            y(s, col) = x(how == pooling::first ? begin : begin + count - 1, col);
        }
    }
};

}  // namespace cuda

template <class N, class C>
void pool_kernel(gpu_cuda<N>, C& ctx, pooling how, ragged sequences, view<const float, device> x,
                 view<float, device> y) {
    const auto there = cuda::on_device("pool", sequences);
    cuda::for_elements(ctx.state(), "pool", y.rows, y.cols, cuda::pooled_rows{how, there, x, y});
}

}}}  // namespace reckon::v0::RECKON_ISA
