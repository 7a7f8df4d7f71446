// What the 32 lanes of a warp find out together; all of them call it.
#pragma once

#include <cuda_runtime.h>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace cuda {

inline constexpr unsigned all_lanes = 0xffffffffu;

__device__ inline float warp_sum(float x) {
    for (int distance = 16; distance != 0; distance /= 2)
        x += __shfl_xor_sync(all_lanes, x, distance);
    return x;
}

/// NaN only where every lane has one.
__device__ inline float warp_max(float x) {
    for (int distance = 16; distance != 0; distance /= 2)
        x = fmaxf(x, __shfl_xor_sync(all_lanes, x, distance));
    return x;
}

}}}}  // namespace reckon::v0::RECKON_ISA::cuda
