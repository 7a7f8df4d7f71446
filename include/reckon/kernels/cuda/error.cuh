// A failed call of CUDA or cuBLASLt as a reckon error: the call, "success", and what it said.
#pragma once

#include <reckon/core/error.hpp>

#include <cublasLt.h>
#include <cuda_runtime_api.h>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

inline void expect_success(cudaError_t status, const char* call) {
    if (status != cudaSuccess) fail("cuda", call, "success", cudaGetErrorString(status));
}
inline void expect_success(cublasStatus_t status, const char* call) {
    if (status != CUBLAS_STATUS_SUCCESS)
        fail("cuda", call, "success", cublasLtGetStatusString(status));
}

}}}  // namespace reckon::v0::RECKON_ISA
