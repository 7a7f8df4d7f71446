// Linear layers by oneDNN, over dense weights [out, in] and over weights packed by `prepare`.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/onednn/product.hpp>

namespace reckon::inline v0 {

/// The layout oneDNN computes from fastest on this CPU (onednn::packed_layout). It is no format to
/// keep in a file.
struct onednn_packing {
    struct view {
        using space = host;
        const float* data = nullptr;
        idx rows = 0, cols = 0;  // of the weight
    };

    class matrix {
      public:
        using parameter_tag = void;
        using packing = onednn_packing;

        matrix() = default;
        matrix(idx rows, idx cols) : rows_(rows), cols_(cols) {}
        idx rows() const { return rows_; }
        idx cols() const { return cols_; }
        idx size() const { return rows_ * cols_; }
        idx bytes() const { return items_.size() * sizeof(float); }
        view look() const { return {items_.data(), rows_, cols_}; }

      private:
        friend onednn_packing;
        idx rows_ = 0, cols_ = 0;
        heap_array<float> items_;
    };

    template <class C> static void pack(C& ctx, reckon::view<const float> from, matrix& to) {
        onednn::products& own = ctx.state();
        to.items_ = own.packed(from);
    }
};

template <class N, class C>
void linear_kernel(cpu_onednn<N>, C& ctx, view<const float> x, view<const float> w,
                   epilogue<float> e, view<float> y) {
    onednn::products& own = ctx.state();
    own.run(ctx,
            {.in = x.cols,
             .out = y.cols,
             .x_stride = x.stride,
             .y_stride = y.stride,
             .w_stride = w.stride,
             .bias = e.bias.data != nullptr,
             .f = e.f},
            x.rows, x.data, w.data, e.bias.data, y.data);
}

template <class N, class C>
void linear_kernel(cpu_onednn<N>, C& ctx, view<const float> x, onednn_packing::view w,
                   epilogue<float> e, view<float> y) {
    onednn::products& own = ctx.state();
    own.run(ctx,
            {.in = x.cols,
             .out = y.cols,
             .x_stride = x.stride,
             .y_stride = y.stride,
             .w_stride = onednn::packed_stride,
             .bias = e.bias.data != nullptr,
             .f = e.f},
            x.rows, x.data, w.data, e.bias.data, y.data);
}

}  // namespace reckon::inline v0
