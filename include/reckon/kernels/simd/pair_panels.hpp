// Packed bf16 weights for the tile of kernels/simd/bf16.hpp: columns of the product (rows of the
// weight [out, in]) in panels, [out / width][in / 2][width][2], so that a column's two numbers of
// depth stand together; depth is filled up with zero to an even number. The last panel is as many
// vectors wide as it needs. The layout depends on the arch's lanes alone.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/kernels/simd/calls.hpp>

namespace reckon::inline v0::inline RECKON_ISA {

template <class Arch> struct simd_pair_panels {
    static constexpr idx width = simd::panel_vectors * Arch::lanes;

    struct view {
        using space = host;
        const bf16* data = nullptr;
        idx rows = 0, cols = 0;  // of the weight

        /// Where the panel of outputs [out, out + width) begins; out is a multiple of width.
        const bf16* panel(idx out) const { return data + out * simd::round_up(cols, 2); }
    };

    class matrix {
      public:
        using parameter_tag = void;
        using packing = simd_pair_panels;

        matrix() = default;
        matrix(idx rows, idx cols)
            : rows_(rows),
              cols_(cols),
              items_(simd::round_up(rows, Arch::lanes) * simd::round_up(cols, 2)) {}
        idx rows() const { return rows_; }
        idx cols() const { return cols_; }
        idx size() const { return rows_ * cols_; }
        idx bytes() const { return items_.size() * sizeof(bf16); }
        view look() const { return {items_.data(), rows_, cols_}; }

      private:
        friend simd_pair_panels;
        idx rows_ = 0, cols_ = 0;
        heap_array<bf16> items_;
    };

    template <class C> static void pack(C&, reckon::view<const bf16> from, matrix& to) {
        const idx padded = simd::round_up(from.rows, Arch::lanes);
        for (idx first = 0; first < from.rows; first += width) {
            const idx wide = padded - first < width ? padded - first : width;
            bf16* const panel = to.items_.data() + first * simd::round_up(from.cols, 2);
            for (idx o = 0; o < wide && first + o < from.rows; ++o)
                for (idx k = 0; k < from.cols; ++k)
                    panel[(k / 2 * wide + o) * 2 + k % 2] = from(first + o, k);
        }
    }
};

}  // namespace reckon::inline v0::inline RECKON_ISA
