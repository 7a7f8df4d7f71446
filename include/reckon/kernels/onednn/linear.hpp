// Linear layers by oneDNN, over dense weights [out, in] and over weights packed by `prepare`.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/matrix.hpp>
#include <reckon/kernels/onednn/product.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// The layout oneDNN computes from fastest on this CPU (onednn::packed_layout). It is no format to
/// keep in a file.
struct onednn_packing {
    struct view {
        using space = host;
        const float* data = nullptr;
        idx rows = 0, cols = 0;  // of the weight
    };

    class matrix : public packed_parameter {
      public:
        using packing = onednn_packing;

        matrix() = default;
        matrix(idx rows, idx cols) : packed_parameter(rows, cols) {}
        idx bytes() const { return items_.size() * sizeof(float); }
        view look() const { return {items_.data(), rows(), cols()}; }

      private:
        friend onednn_packing;
        heap_array<float> items_;
    };

    template <class C> static void pack(C& ctx, reckon::view<const float> from, matrix& to) {
        onednn::products& own = ctx.state();
        to.items_ = own.packed(from);
    }
};

namespace onednn {

template <class C>
void multiply(C& ctx, view<const float> x, const float* w, idx w_stride, epilogue<float> e,
              view<float> y) {
    products& own = ctx.state();
    const auto& product = own.find({.in = x.cols,
                                    .out = y.cols,
                                    .x_stride = x.stride,
                                    .y_stride = y.stride,
                                    .w_stride = w_stride,
                                    .bias = e.bias.data != nullptr,
                                    .f = e.f},
                                   ctx.threads());
    const auto nothing = [](slice) {};
    own.run(ctx, product, x.rows, {x.data, w, e.bias.data, y.data}, nothing, nothing);
}

}  // namespace onednn

template <class N, class C>
void linear_kernel(cpu_onednn<N>, C& ctx, view<const float> x, view<const float> w,
                   epilogue<float> e, view<float> y) {
    onednn::multiply(ctx, x, w.data, w.stride, e, y);
}

template <class N, class C>
void linear_kernel(cpu_onednn<N>, C& ctx, view<const float> x, onednn_packing::view w,
                   epilogue<float> e, view<float> y) {
    onednn::multiply(ctx, x, w.data, onednn::packed_stride, e, y);
}

}}}  // namespace reckon::v0::RECKON_ISA
