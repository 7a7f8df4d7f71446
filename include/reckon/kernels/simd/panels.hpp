// Packed weights for the register tiles: columns of the product (rows of the weight [out, in]) in
// panels of panel_vectors vectors, [out / width][in / Depth][width][Depth], so that the numbers of
// a column that are multiplied at once stand together: one float, or a pair of bf16. Depth is
// filled up with zero to whole groups, and so are the columns of the last panel, which is one, two
// or three vectors wide. The layout depends on the lanes of the instruction set alone, which for
// `cpu` are known when weights are packed.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/kernels/simd/arch.hpp>
#include <reckon/kernels/simd/int8_panels.hpp>
#include <reckon/kernels/simd/sizes.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class T, idx Depth> struct simd_dense_panels {
    static constexpr idx width = simd::panel_vectors * Arch::lanes;  // of the widest

    struct view {
        using space = host;
        const T* data = nullptr;
        idx rows = 0, cols = 0;  // of the weight
        [[no_unique_address]] simd::packed_for<Arch> layout{};

        /// Where the panel of outputs [out, out + width) begins; out is a multiple of width.
        const T* panel(idx out) const { return data + out * simd::round_up(cols, Depth); }
        /// Rows [first, first + count) of the weight; first is a multiple of width.
        view slice(idx first, idx count) const { return {panel(first), count, cols, layout}; }
    };

    class matrix : public packed_parameter {
      public:
        using packing = simd_dense_panels;

        matrix() = default;
        matrix(idx rows, idx cols) : packed_parameter(rows, cols) {}
        idx bytes() const { return items_.size() * sizeof(T); }
        view look() const { return {items_.data(), rows(), cols(), layout_}; }

      private:
        friend simd_dense_panels;
        heap_array<T> items_;  // none before it is packed
        [[no_unique_address]] simd::packed_for<Arch> layout_{};
    };

    template <class C> static void pack(C& ctx, reckon::view<const T> from, matrix& to) {
        const auto arch = simd::arch_of<Arch>(ctx);
        const idx most = simd::panel_vectors * arch.lanes;
        const idx padded = simd::round_up(from.rows, arch.lanes);
        const idx depth = simd::round_up(from.cols, Depth);
        to.layout_ = simd::packed_for<Arch>(arch);
        to.items_ = heap_array<T>(padded * depth);
        for (idx first = 0; first < from.rows; first += most) {
            const idx wide = padded - first < most ? padded - first : most;
            T* const panel = to.items_.data() + first * depth;
            for (idx o = 0; o < wide && first + o < from.rows; ++o)
                for (idx k = 0; k < from.cols; ++k)
                    panel[(k / Depth * wide + o) * Depth + k % Depth] = from(first + o, k);
        }
    }
};

template <class Arch> using simd_bf16_panels = simd_dense_panels<Arch, bf16, 2>;

template <class Arch> struct simd_panels_both_ways;

/// The backend's layout, and those of other weights than f32, and of weights under a tape.
template <class Arch> struct simd_panels : simd_dense_panels<Arch, float, 1> {
    using int8 = simd_int8_panels<Arch>;
    using bf16 = simd_bf16_panels<Arch>;
    using recorded = simd_panels_both_ways<Arch>;
};

}}}  // namespace reckon::v0::RECKON_ISA
