// y = f(x w^T + bias) and y = x w through cuBLASLt, in full f32. It fuses bias and relu; the other
// activations are one more pass (its own gelu is the tanh form, to fewer digits than promised).
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/view.hpp>
#include <reckon/kernels/cuda/activate.cuh>
#include <reckon/kernels/cuda/handles.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

/// A cuBLASLt description that is destroyed with its scope.
template <class Handle, cublasStatus_t (*Destroy)(Handle)> class lt_handle {
  public:
    lt_handle() = default;
    lt_handle(const lt_handle&) = delete;
    lt_handle& operator=(const lt_handle&) = delete;
    ~lt_handle() { Destroy(handle_); }

    Handle* out() { return &handle_; }
    operator Handle() const { return handle_; }

  private:
    Handle handle_ = nullptr;
};
using lt_product = lt_handle<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using lt_layout = lt_handle<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using lt_preference = lt_handle<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

template <class T>
void set(const lt_product& p, cublasLtMatmulDescAttributes_t what, const T& value) {
    expect_success(cublasLtMatmulDescSetAttribute(p, what, &value, sizeof value),
                   "cublasLtMatmulDescSetAttribute");
}
template <class T>
void set(const lt_preference& p, cublasLtMatmulPreferenceAttributes_t what, const T& value) {
    expect_success(cublasLtMatmulPreferenceSetAttribute(p, what, &value, sizeof value),
                   "cublasLtMatmulPreferenceSetAttribute");
}

/// A row-major [rows, cols] is column-major [cols, rows].
template <class V> void describe(lt_layout& layout, const V& v) {
    expect_success(cublasLtMatrixLayoutCreate(layout.out(), CUDA_R_32F, v.cols, v.rows,
                                              static_cast<std::int64_t>(v.stride)),
                   "cublasLtMatrixLayoutCreate");
}

/// Up to 256 bytes, which cuBLASLt takes for granted unless it is told.
inline std::uint32_t alignment_of(const void* data) {
    const auto address = reinterpret_cast<std::uintptr_t>(data) | 256;
    return std::uint32_t(address & (~address + 1));
}

constexpr cublasLtEpilogue_t fused_epilogue(bool bias, bool relu) {
    if (relu) return bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
    return bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
}

/// y = x turn(w) + bias, `turn` being that of the column-major w.
inline void multiply(cuda_handles& gpu, view<const float, device> x, view<const float, device> w,
                     cublasOperation_t turn, view<const float, device> bias, bool relu,
                     view<float, device> y) {
    lt_product product;
    expect_success(cublasLtMatmulDescCreate(product.out(), CUBLAS_COMPUTE_32F, CUDA_R_32F),
                   "cublasLtMatmulDescCreate");
    set(product, CUBLASLT_MATMUL_DESC_TRANSA, turn);
    set(product, CUBLASLT_MATMUL_DESC_EPILOGUE, fused_epilogue(bias.data != nullptr, relu));
    if (bias.data != nullptr) set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.data);

    lt_layout rows, weight, result;
    describe(rows, x);
    describe(weight, w);
    describe(result, y);

    lt_preference preference;
    expect_success(cublasLtMatmulPreferenceCreate(preference.out()),
                   "cublasLtMatmulPreferenceCreate");
    const std::size_t scratch = gpu.scratch.size();
    set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, scratch);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(w.data));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(x.data));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(y.data));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(y.data));
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    expect_success(cublasLtMatmulAlgoGetHeuristic(gpu.blas, product, weight, rows, result, result,
                                                  preference, 1, &best, &found),
                   "cublasLtMatmulAlgoGetHeuristic");
    if (found == 0) fail("cuda", "linear", "an algorithm of cuBLASLt for these extents", "none");

    const float one = 1, zero = 0;
    expect_success(
        cublasLtMatmul(gpu.blas, product, &one, w.data, weight, x.data, rows, &zero, y.data, result,
                       y.data, result, &best.algo, gpu.scratch.data(), scratch, gpu.stream),
        "cublasLtMatmul");
}

}  // namespace cuda

template <class N, class C>
void linear_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x, view<const float, device> w,
                   epilogue<float, device> e, view<float, device> y) {
    if (y.size() == 0) return;
    const bool relu = e.f == activation::relu;
    cuda::multiply(ctx.state(), x, w, CUBLAS_OP_T, e.bias, relu, y);
    if (e.f != activation::none && !relu)
        activate_kernel(gpu_cuda<N>{}, ctx, e.f, view<const float, device>(y), y);
}

template <class N, class C>
void linear_transposed_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x,
                              view<const float, device> w, view<float, device> y) {
    if (y.size() != 0) cuda::multiply(ctx.state(), x, w, CUBLAS_OP_N, {}, false, y);
}

}}}  // namespace reckon::v0::RECKON_ISA
