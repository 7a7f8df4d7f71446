// The sequences of a ragged batch as kernels see them: the offsets in device memory.
#pragma once

#include <reckon/core/ragged.hpp>

#include <cuda_runtime.h>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace cuda {

struct device_sequences {
    const std::int32_t* offsets;  // [sequences + 1]
    idx sequences;

    __device__ idx begin(idx s) const { return idx(offsets[s]); }
    __device__ idx length(idx s) const { return idx(offsets[s + 1] - offsets[s]); }

    /// Which sequence a packed row belongs to: the first that ends behind it.
    __device__ idx sequence_of(idx row) const {
        idx low = 0, high = sequences - 1;
        while (low < high) {
            const idx middle = (low + high) / 2;
            if (idx(offsets[middle + 1]) > row)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
};

inline device_sequences on_device(const char* op, const ragged& sequences) {
    expect_that(sequences.device_offsets() != nullptr || sequences.count() == 0, op, "rows",
                "offsets that copy_to(ctx, batch) has copied", "offsets on the host only");
    return {sequences.device_offsets(), sequences.count()};
}

/// Does begin + i stay below `end`? (The sum could wrap: a negative number counts as huge.)
__device__ inline bool reaches(idx begin, idx i, idx end) { return begin < end && i < end - begin; }

}}}}  // namespace reckon::v0::RECKON_ISA::cuda
