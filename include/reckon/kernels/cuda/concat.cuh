// Rows in front of rows, sequence by sequence, one thread an element. A row of prompts that
// `prefix` lacks reads as zeros, and is raised at the next copy.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/sequences.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

struct concatenated_rows {
    view<const float, device> prefix;
    per_sequence first;
    view<const float, device> x;
    device_sequences sequences, all;
    view<float, device> y;
    index_check inside;

    __device__ void operator()(idx row, idx col) const {
        const idx s = all.sequence_of(row), i = row - all.begin(s);
        const idx count = all.length(s) - sequences.length(s);
        if (i >= count) {
            y(row, col) = x(sequences.begin(s) + (i - count), col);
        } else if (reaches(first[s], i, prefix.rows)) {
            y(row, col) = prefix(first[s] + i, col);
        } else {
            inside.refuse(prefix.rows, std::int64_t(first[s] + count), s);
            y(row, col) = 0;
        }
    }
};

}  // namespace cuda

template <class N, class C>
void concat_kernel(gpu_cuda<N>, C& ctx, view<const float, device> prefix, per_sequence first,
                   view<const float, device> x, ragged sequences, ragged all,
                   view<float, device> y) {
    cuda_handles& gpu = ctx.state();
    const cuda::concatenated_rows work{prefix,
                                       first,
                                       x,
                                       cuda::on_device("concat", sequences),
                                       cuda::on_device("concat", all),
                                       y,
                                       gpu.check_of("concat", "first + rows in front")};
    cuda::for_elements(gpu, "concat", y.rows, y.cols, work);
}

}}}  // namespace reckon::v0::RECKON_ISA
