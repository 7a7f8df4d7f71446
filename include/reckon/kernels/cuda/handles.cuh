// What a context holds of a GPU: its stream, cuBLASLt with the memory it may use, and the first
// thing its kernels refused.
//
// Numbers in device memory (ids, first rows, masks) can't be read at an op. The kernels that
// use them as indices check them instead: nothing is read or written outside an array, and the
// first refusal is kept until the next copy, which waits for the stream and raises it as the error
// that the op would have raised.
#pragma once

#include <reckon/kernels/cuda/memory.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

/// Op, argument and words are texts of the host, which the device only carries.
struct refusal {
    int raised = 0;
    const char *op = nullptr, *argument = nullptr, *expected = nullptr;
    idx limit = 0;            // stands behind `expected`
    std::int64_t actual = 0;  // what came instead,
    idx at = 0;               // at this row, sequence or id
};

/// What a kernel refuses at.
struct index_check {
    refusal* first;  // on the device
    const char *op, *argument, *expected;

    __device__ void refuse(idx limit, std::int64_t actual, idx at) const {
        if (atomicCAS(&first->raised, 0, 1) != 0) return;
        first->op = op;
        first->argument = argument;
        first->expected = expected;
        first->limit = limit;
        first->actual = actual;
        first->at = at;
    }
};

}  // namespace cuda

/// Of the device that is current when it is made.
struct cuda_handles {
    cudaStream_t stream = nullptr;
    cublasLtHandle_t blas = nullptr;
    device_array<std::byte> scratch{idx{32} << 20};  // of cuBLASLt
    device_array<cuda::refusal> refused{1};

    cuda_handles() {
        expect_success(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                       "cudaStreamCreate");
        expect_success(cublasLtCreate(&blas), "cublasLtCreate");
    }
    cuda_handles(const cuda_handles&) = delete;
    cuda_handles& operator=(const cuda_handles&) = delete;
    ~cuda_handles() {
        cublasLtDestroy(blas);
        cudaStreamDestroy(stream);
    }

    cuda::index_check check_of(const char* op, const char* argument, const char* expected = "") {
        return {refused.data(), op, argument, expected};
    }

    /// Waits for all work so far, and raises what it refused.
    void wait() {
        cuda::refusal seen;
        expect_success(
            cudaMemcpyAsync(&seen, refused.data(), sizeof seen, cudaMemcpyDeviceToHost, stream),
            "cudaMemcpyAsync");
        expect_success(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
        if (seen.raised == 0) return;
        expect_success(cudaMemsetAsync(refused.data(), 0, sizeof seen, stream), "cudaMemsetAsync");
        error_text expected{seen.expected}, actual{seen.actual};
        expected.append(seen.limit);
        actual.append(" at ");
        actual.append(seen.at);
        fail(seen.op, seen.argument, expected, actual);
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
