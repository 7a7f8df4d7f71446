// Packed weights for the register tile: columns of the product (rows of the weight [out, in]) in
// panels of panel_vectors vectors, [out / width][in][width]; the last panel is one, two or three
// vectors wide and its surplus columns are zero. The layout depends on the arch's lanes alone.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/kernels/simd/byte_panels.hpp>
#include <reckon/kernels/simd/calls.hpp>
#include <reckon/kernels/simd/pair_panels.hpp>

namespace reckon::inline v0::inline RECKON_ISA {

template <class Arch> struct simd_panels {
    static constexpr idx width = simd::panel_vectors * Arch::lanes;
    using int8 = simd_byte_panels<Arch>;
    using bf16 = simd_pair_panels<Arch>;

    struct view {
        using space = host;
        const float* data = nullptr;
        idx rows = 0, cols = 0;  // of the weight

        /// Where the panel of outputs [out, out + width) begins; out is a multiple of width.
        const float* panel(idx out) const { return data + out * cols; }
        /// Rows [first, first + count) of the weight; first is a multiple of width.
        view slice(idx first, idx count) const { return {panel(first), count, cols}; }
    };

    class matrix {
      public:
        using parameter_tag = void;
        using packing = simd_panels;

        matrix() = default;
        matrix(idx rows, idx cols)
            : rows_(rows), cols_(cols), items_(simd::round_up(rows, Arch::lanes) * cols) {}
        idx rows() const { return rows_; }
        idx cols() const { return cols_; }
        idx size() const { return rows_ * cols_; }
        idx bytes() const { return items_.size() * sizeof(float); }
        view look() const { return {items_.data(), rows_, cols_}; }
        float* data() { return items_.data(); }

      private:
        idx rows_ = 0, cols_ = 0;
        heap_array<float> items_;
    };

    template <class C> static void pack(C&, reckon::view<const float> from, matrix& to) {
        const idx padded = simd::round_up(from.rows, Arch::lanes);
        for (idx first = 0; first < from.rows; first += width) {
            const idx wide = padded - first < width ? padded - first : width;
            float* const panel = to.data() + first * from.cols;
            for (idx o = 0; o < wide && first + o < from.rows; ++o)
                for (idx k = 0; k < from.cols; ++k) panel[k * wide + o] = from(first + o, k);
        }
    }
};

}  // namespace reckon::inline v0::inline RECKON_ISA
