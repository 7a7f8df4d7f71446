// NVIDIA GPUs. A root of their own (`gpu_reference` has no kernels: what CUDA lacks is a sentence,
// never a detour over the host), and `gpu_cuda`, whose kernels run on a stream of the context:
// products by cuBLASLt, everything else by plain kernels.
#pragma once

#include <reckon/kernels/cuda/activate.cuh>
#include <reckon/kernels/cuda/add.cuh>
#include <reckon/kernels/cuda/attention.cuh>
#include <reckon/kernels/cuda/concat.cuh>
#include <reckon/kernels/cuda/copy.cuh>
#include <reckon/kernels/cuda/embedding.cuh>
#include <reckon/kernels/cuda/gated.cuh>
#include <reckon/kernels/cuda/l2_normalize.cuh>
#include <reckon/kernels/cuda/layer_norm.cuh>
#include <reckon/kernels/cuda/linear.cuh>
#include <reckon/kernels/cuda/log_softmax.cuh>
#include <reckon/kernels/cuda/memory.cuh>
#include <reckon/kernels/cuda/pool.cuh>
#include <reckon/kernels/cuda/rms_norm.cuh>
#include <reckon/kernels/cuda/rope.cuh>
#include <reckon/kernels/cuda/store_rows.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct gpu_reference {
    using next = void;
    using space = device;
    using packing = unpacked;
    static constexpr const char* name = "gpu_reference";
    struct state {};
};

template <class Next> struct gpu_cuda : Next {
    using next = Next;
    template <class N> using over = gpu_cuda<N>;
    using space = device;
    using memory = gpu_memory;
    static constexpr const char* name = "cuda";
    static block_source blocks() { return device_blocks(); }
    struct state : Next::state, cuda_handles {};
};

}}}  // namespace reckon::v0::RECKON_ISA
