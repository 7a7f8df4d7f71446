// Rows stored where a cache wants them, in its element type, one thread an element. A row outside
// the cache is not stored, and is raised at the next copy.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/sequences.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

template <class K> struct stored_rows {
    view<const float, device> x;
    device_sequences sequences;
    per_sequence at;
    view<K, device> cache;
    index_check inside;

    __device__ void operator()(idx row, idx col) const {
        const idx s = sequences.sequence_of(row), i = row - sequences.begin(s);
        if (reaches(at[s], i, cache.rows))
            cache(at[s] + i, col) = K(x(row, col));
        else
            inside.refuse(cache.rows, std::int64_t(at[s] + sequences.length(s)), s);
    }
};

}  // namespace cuda

template <class N, class C, class K>
void store_rows_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x, ragged sequences,
                       per_sequence at, view<K, device> cache) {
    cuda_handles& gpu = ctx.state();
    const cuda::stored_rows<K> work{x, cuda::on_device("store_rows", sequences), at, cache,
                                    gpu.check_of("store_rows", "at + rows of a sequence")};
    cuda::for_elements(gpu, "store_rows", x.rows, x.cols, work);
}

}}}  // namespace reckon::v0::RECKON_ISA
