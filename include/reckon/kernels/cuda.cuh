// NVIDIA GPUs. A root of their own (`gpu_reference` has no kernels: what CUDA lacks is a sentence,
// never a detour over the host), and `gpu_cuda` with its stream and cuBLASLt handle.
#pragma once

#include <reckon/kernels/cuda/activate.cuh>
#include <reckon/kernels/cuda/copy.cuh>
#include <reckon/kernels/cuda/linear.cuh>
#include <reckon/kernels/cuda/memory.cuh>

namespace reckon::inline v0 {

inline namespace RECKON_ISA {
struct gpu_reference {
    using next = void;
    using space = device;
    using packing = unpacked;
    static constexpr const char* name = "gpu_reference";
    struct state {};
};
}  // namespace RECKON_ISA

template <class Next> struct gpu_cuda : Next {
    using next = Next;
    template <class N> using over = gpu_cuda<N>;
    using memory = gpu_memory;
    static constexpr const char* name = "cuda";
    static block_source blocks() { return device_blocks(); }

    /// Of the device that is current when the context is made.
    struct state : Next::state {
        cudaStream_t stream = nullptr;
        cublasLtHandle_t blas = nullptr;
        device_array<std::byte> scratch{idx{32} << 20};  // what cuBLASLt may use

        state() {
            expect_success(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                           "cudaStreamCreate");
            expect_success(cublasLtCreate(&blas), "cublasLtCreate");
        }
        state(const state&) = delete;
        state& operator=(const state&) = delete;
        ~state() {
            cublasLtDestroy(blas);
            cudaStreamDestroy(stream);
        }
    };
};

}  // namespace reckon::inline v0
