// Linear layers over bf16 weights that `prepare` packed: x is rounded to bf16, piece by piece
// beside its product, sums are floats. Where oneDNN has no fast product of bf16
// (onednn::packed_layout) the weight is in the layout of the backend below, whose kernel serves it.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/kernels/onednn/linear.hpp>
#include <reckon/kernels/reference/bf16.hpp>

#include <algorithm>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace onednn {

/// The packing of a backend that has none for such weights: they stay as they are.
template <class Matrix> struct as_it_is {
    using matrix = Matrix;
    using view = decltype(std::declval<const Matrix&>().look());

    template <class C, class T>
    static void pack(C&, reckon::view<const T> from, reckon::matrix<T>& to) {
        for (idx r = 0; r < from.rows; ++r)
            for (idx c = 0; c < from.cols; ++c) to.look()(r, c) = from(r, c);
    }
    template <class C> static void pack(C& ctx, int8_view<host> from, int8_matrix<>& to) {
        pack(ctx, from.values, to.values);
        pack(ctx, from.scales, to.scales);
    }
};

/// A bf16 weight in oneDNN's layout or, without data, in that of the backend below.
template <class Below> struct bf16_weight {
    using space = host;
    const bf16* data = nullptr;
    typename Below::view below{};
    idx rows = 0, cols = 0;  // of the weight
};

}  // namespace onednn

/// `Below` is how the backend below packs bf16.
template <class Below> struct onednn_bf16_packing {
    using below = Below;
    using view = onednn::bf16_weight<Below>;

    class matrix : public packed_parameter {
      public:
        using packing = onednn_bf16_packing;

        matrix() = default;
        matrix(idx rows, idx cols) : packed_parameter(rows, cols) {}
        idx bytes() const { return items_.size() * sizeof(bf16) + below_.bytes(); }
        view look() const { return {items_.data(), below_.look(), rows(), cols()}; }

      private:
        friend onednn_bf16_packing;
        heap_array<bf16> items_;  // or, where oneDNN has no fast product,
        typename Below::matrix below_;
    };

    template <class C> static void pack(C& ctx, reckon::view<const bf16> from, matrix& to) {
        onednn::products& own = ctx.state();
        to.items_ = own.packed(from);
        if (to.items_.size() != 0) return;
        to.below_ = typename Below::matrix(from.rows, from.cols);
        Below::pack(ctx, from, to.below_);
    }
};

namespace onednn {

/// What a kernel of the backend below takes from the workspace for a weight of this size.
template <class N, class W> constexpr idx scratch_below(idx rows, W below, idx out, idx in) {
    below.rows = out;
    below.cols = in;
    if constexpr (requires { linear_scratch(N{}, rows, below); })
        return linear_scratch(N{}, rows, below);
    else
        return 0;
}

}  // namespace onednn

template <class N, class Below>
constexpr idx linear_scratch(cpu_onednn<N>, idx rows, const onednn::bf16_weight<Below>& w) {
    const idx below = onednn::scratch_below<N>(rows, w.below, w.rows, w.cols);
    const idx own = rows * onednn::filled_up(w.cols) * sizeof(bf16);
    return own > below ? own : below;
}

template <class N, class C, class Below>
void linear_kernel(cpu_onednn<N> tag, C& ctx, view<const float> x, onednn::bf16_weight<Below> w,
                   epilogue<float> e, view<float> y) {
    if (w.data == nullptr) return linear_kernel(N{}, ctx, x, w.below, e, y);
    onednn::products& own = ctx.state();
    const auto inside = ctx.scratch();
    const auto rounded = ctx.template make<bf16>(x.rows, onednn::filled_up(x.cols));
    const auto& product = own.find({.of = onednn::numbers::bf16,
                                    .in = rounded.cols,
                                    .out = y.cols,
                                    .x_stride = rounded.stride,
                                    .y_stride = y.stride,
                                    .w_stride = onednn::packed_stride,
                                    .bias = e.bias.data != nullptr,
                                    .f = e.f},
                                   ctx.threads());
    own.run(
        ctx, product, x.rows, {rounded.data, w.data, e.bias.data, y.data},
        [&](onednn::slice s) {
            round_rows_kernel(tag, ctx, x.slice(s.begin, s.rows),
                              rounded.slice(s.begin, s.rows).columns(0, x.cols));
            for (idx r = s.begin; r < s.begin + s.rows && x.cols != rounded.cols; ++r)
                std::fill(rounded.row(r) + x.cols, rounded.row(r) + rounded.cols, bf16{});
        },
        [](onednn::slice) {});
}

}}}  // namespace reckon::v0::RECKON_ISA
