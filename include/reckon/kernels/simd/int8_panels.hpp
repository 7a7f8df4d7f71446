// Packed int8 rows for the tile of kernels/simd/linear_int8.hpp: columns of the product (rows of
// the weight [out, in]) in panels, [out / width][in / 4][width][4], so that a column's four numbers
// of depth stand together; depth is filled up with zeros to a multiple of four. The last panel is
// as many vectors wide as it needs. The layout depends on lanes alone, as in
// kernels/simd/panels.hpp.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/simd/arch.hpp>
#include <reckon/kernels/simd/sizes.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch> struct simd_int8_panels {
    static constexpr idx width = simd::int8_vectors(Arch::lanes) * Arch::lanes;  // of the widest

    struct view {
        using space = host;
        const std::int8_t* data = nullptr;
        const float* scales = nullptr;          // [out], filled up to whole vectors
        const std::int32_t* offsets = nullptr;  // [out]: 128 times the sum of the weight's row
        idx rows = 0, cols = 0;                 // of the weight
        [[no_unique_address]] simd::packed_for<Arch> layout{};

        /// Where the panel of outputs [out, out + width) begins; out is a multiple of width.
        const std::int8_t* panel(idx out) const { return data + out * simd::round_up(cols, 4); }
        /// Rows [first, first + count) of the weight; first is a multiple of width.
        view slice(idx first, idx count) const {
            return {panel(first), scales + first, offsets + first, count, cols, layout};
        }
    };

    class matrix : public packed_parameter {
      public:
        using packing = simd_int8_panels;

        matrix() = default;
        matrix(idx rows, idx cols) : packed_parameter(rows, cols) {}
        idx bytes() const {
            return items_.size() + scales_.size() * (sizeof(float) + sizeof(std::int32_t));
        }
        view look() const {
            return {items_.data(), scales_.data(), offsets_.data(), rows(), cols(), layout_};
        }

      private:
        friend simd_int8_panels;
        heap_array<std::int8_t> items_;  // none before it is packed
        heap_array<float> scales_;
        heap_array<std::int32_t> offsets_;
        [[no_unique_address]] simd::packed_for<Arch> layout_{};
    };

    template <class C> static void pack(C& ctx, int8_view<host> from, matrix& to) {
        const auto arch = simd::arch_of<Arch>(ctx);
        const idx most = simd::int8_vectors(arch.lanes) * arch.lanes;
        const idx padded = simd::round_up(from.rows, arch.lanes);
        const idx depth = simd::round_up(from.cols, 4);
        to.layout_ = simd::packed_for<Arch>(arch);
        to.items_ = heap_array<std::int8_t>(padded * depth);
        to.scales_ = heap_array<float>(padded);
        to.offsets_ = heap_array<std::int32_t>(padded);
        for (idx first = 0; first < from.rows; first += most) {
            const idx wide = padded - first < most ? padded - first : most;
            std::int8_t* const panel = to.items_.data() + first * depth;
            for (idx o = 0; o < wide && first + o < from.rows; ++o) {
                std::int32_t sum = 0;
                for (idx k = 0; k < from.cols; ++k) {
                    const std::int8_t number = from.values(first + o, k);
                    panel[(k / 4 * wide + o) * 4 + k % 4] = number;
                    sum += number;
                }
                to.scales_[first + o] = from.scales(0, first + o);
                to.offsets_[first + o] = 128 * sum;
            }
        }
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
