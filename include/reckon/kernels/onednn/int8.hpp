// Linear layers over int8 rows that `prepare` packed, by the rule of kernels/reference/int8.hpp. A
// piece's rows of x become bytes beside their product, 128 added: weights then need nothing beside
// them, as they would for signed x on VNNI. The sums stand where y will and are finished there, by
// the backend below. Where oneDNN's sums are not fast or not exact (onednn::packed_layout) the
// weight is in the layout of the backend below, whose kernel serves it.
#pragma once

#include <reckon/kernels/onednn/bf16.hpp>
#include <reckon/kernels/reference/int8.hpp>

#include <cstring>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace onednn {

/// An int8 weight in oneDNN's layout or, without data, in that of the backend below.
template <class Below> struct int8_weight {
    using space = host;
    const std::int8_t* data = nullptr;
    const float* scales = nullptr;          // [out]
    const std::int32_t* offsets = nullptr;  // [out]: 128 times the sum of the weight's row
    typename Below::view below{};
    idx rows = 0, cols = 0;  // of the weight
};

/// Where rows of x stand as bytes, behind their scales.
struct int8_plan {
    idx q_row, scale_bytes, bytes;

    RECKON_INLINE constexpr int8_plan(idx rows, idx cols)
        : q_row(filled_up(cols)),
          scale_bytes((rows * sizeof(int8_scale) + 63) / 64 * 64),
          bytes(scale_bytes + rows * q_row) {}
};

/// To a multiple of eight bytes.
inline void add_128(std::int8_t* bytes, idx count) {
    for (idx i = 0; i < count; i += 8) {
        std::uint64_t eight;
        std::memcpy(&eight, bytes + i, 8);
        eight ^= 0x8080808080808080u;
        std::memcpy(bytes + i, &eight, 8);
    }
}

}  // namespace onednn

/// `Below` is how the backend below packs int8 rows.
template <class Below> struct onednn_int8_packing {
    using below = Below;
    using view = onednn::int8_weight<Below>;

    class matrix : public packed_parameter {
      public:
        using packing = onednn_int8_packing;

        matrix() = default;
        matrix(idx rows, idx cols) : packed_parameter(rows, cols) {}
        idx bytes() const {
            return items_.size() + scales_.size() * (sizeof(float) + sizeof(std::int32_t)) +
                   below_.bytes();
        }
        view look() const {
            return {items_.data(), scales_.data(), offsets_.data(), below_.look(), rows(), cols()};
        }

      private:
        friend onednn_int8_packing;
        heap_array<std::int8_t> items_;  // with what follows, or, where oneDNN does not serve,
        heap_array<float> scales_;
        heap_array<std::int32_t> offsets_;
        typename Below::matrix below_;
    };

    template <class C> static void pack(C& ctx, int8_view<host> from, matrix& to) {
        onednn::products& own = ctx.state();
        to.items_ = own.packed(from.values);
        if (to.items_.size() == 0) {
            to.below_ = typename Below::matrix(from.rows, from.cols);
            return Below::pack(ctx, from, to.below_);
        }
        to.scales_ = heap_array<float>(from.rows);
        to.offsets_ = heap_array<std::int32_t>(from.rows);
        for (idx o = 0; o < from.rows; ++o) {
            to.scales_[o] = from.scales(0, o);
            for (idx k = 0; k < from.cols; ++k) to.offsets_[o] += 128 * from.values(o, k);
        }
    }
};

template <class N, class Below>
constexpr idx linear_scratch(cpu_onednn<N>, idx rows, const onednn::int8_weight<Below>& w) {
    const idx below = onednn::scratch_below<N>(rows, w.below, w.rows, w.cols);
    const idx own = onednn::int8_plan(rows, w.cols).bytes;
    return own > below ? own : below;
}

template <class N, class C, class Below>
requires(!C::recording) void linear_kernel(cpu_onednn<N> tag, C& ctx, view<const float> x,
                                           onednn::int8_weight<Below> w, epilogue<float> e,
                                           view<float> y) {
    if (w.data == nullptr) return linear_kernel(N{}, ctx, x, w.below, e, y);
    onednn::products& own = ctx.state();
    const auto inside = ctx.scratch();
    const onednn::int8_plan plan(x.rows, x.cols);
    const auto memory = ctx.template make<std::byte>(1, plan.bytes);
    auto* const scales = reinterpret_cast<int8_scale*>(memory.data);
    auto* const q = reinterpret_cast<std::int8_t*>(memory.data + plan.scale_bytes);
    const auto& product = own.find({.of = onednn::numbers::int8,
                                    .in = plan.q_row,
                                    .out = y.cols,
                                    .x_stride = plan.q_row,
                                    .y_stride = y.stride,
                                    .w_stride = onednn::packed_stride},
                                   ctx.threads());
    const onednn::blocks& where = product.blocks();
    own.run(
        ctx, product, x.rows, {q, w.data, nullptr, y.data},
        [&](onednn::slice s) {
            std::int8_t* const rows = q + s.begin * plan.q_row;
            quantise_rows_kernel(tag, ctx, x.slice(s.begin, s.rows), rows, plan.q_row,
                                 scales + s.begin);
            onednn::add_128(rows, s.rows * plan.q_row);
        },
        [&](onednn::slice s) {
            for (idx r = s.begin; r < s.begin + s.rows; ++r)
                finish_sums_kernel(tag, ctx,
                                   int8_sums{scales[r], w.data + where.at(0, scales[r].at / 4 * 4),
                                             onednn::outputs_of(where), idx(where.strides[0]),
                                             w.offsets, w.scales, e.bias, e.f, y.slice(r, 1)});
        });
}

}}}  // namespace reckon::v0::RECKON_ISA
