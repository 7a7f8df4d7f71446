// y = f(x w^T + bias) through cuBLASLt, in full f32. It fuses bias, relu and the tanh form of gelu;
// the other activations are one more pass.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/view.hpp>
#include <reckon/kernels/cuda/activate.cuh>
#include <reckon/kernels/cuda/error.cuh>

namespace reckon::inline v0 {

namespace detail {

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

template <class T> void set(lt_product& p, cublasLtMatmulDescAttributes_t what, T value) {
    expect_success(cublasLtMatmulDescSetAttribute(p, what, &value, sizeof value),
                   "cublasLtMatmulDescSetAttribute");
}

/// A row-major [rows, cols] is column-major [cols, rows].
template <class V> void describe(lt_layout& layout, const V& v) {
    expect_success(cublasLtMatrixLayoutCreate(layout.out(), CUDA_R_32F, v.cols, v.rows,
                                              static_cast<std::int64_t>(v.stride)),
                   "cublasLtMatrixLayoutCreate");
}

constexpr cublasLtEpilogue_t fused_epilogue(bool bias, activation f) {
    switch (f) {
        case activation::relu:
            return bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
        case activation::gelu_tanh:
            return bias ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_GELU;
        default:
            return bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
    }
}

}  // namespace detail

template <class N, class C>
void linear_kernel(gpu_cuda<N>, C& ctx, view<const float, device> x, view<const float, device> w,
                   epilogue<float, device> e, view<float, device> y) {
    if (y.size() == 0) return;
    auto& gpu = ctx.state();
    detail::lt_product product;
    expect_success(cublasLtMatmulDescCreate(product.out(), CUBLAS_COMPUTE_32F, CUDA_R_32F),
                   "cublasLtMatmulDescCreate");
    detail::set(product, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    detail::set(product, CUBLASLT_MATMUL_DESC_EPILOGUE,
                detail::fused_epilogue(e.bias.data != nullptr, e.f));
    if (e.bias.data != nullptr)
        detail::set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, e.bias.data);

    detail::lt_layout rows, weight, result;
    detail::describe(rows, x);
    detail::describe(weight, w);
    detail::describe(result, y);

    detail::lt_preference preference;
    expect_success(cublasLtMatmulPreferenceCreate(preference.out()),
                   "cublasLtMatmulPreferenceCreate");
    const auto scratch = gpu.scratch.size();
    expect_success(
        cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                             &scratch, sizeof scratch),
        "cublasLtMatmulPreferenceSetAttribute");
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
    if (e.f == activation::gelu || e.f == activation::silu)
        activate_kernel(gpu_cuda<N>{}, ctx, e.f, view<const float, device>(y), y);
}

}  // namespace reckon::inline v0
