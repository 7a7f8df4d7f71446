// Packed weights that stay as they are while what lies below and above them is trained: panels of
// their rows for the product, panels of their columns for its backward.
#pragma once

#include <reckon/kernels/simd/linear_backward.hpp>
#include <reckon/kernels/simd/panels.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch> struct simd_panels_both_ways {
    using forward = simd_panels<Arch>;

    struct view : forward::view {
        static constexpr bool both_ways = true;
        const float* by_columns = nullptr;  // [in / width][out][width]
    };

    class matrix : public packed_parameter {
      public:
        using packing = simd_panels_both_ways;

        matrix() = default;
        matrix(idx rows, idx cols) : packed_parameter(rows, cols), by_rows_(rows, cols) {}
        idx bytes() const { return by_rows_.bytes() + by_columns_.size() * sizeof(float); }
        view look() const { return {by_rows_.look(), by_columns_.data()}; }

      private:
        friend simd_panels_both_ways;
        typename forward::matrix by_rows_;
        heap_array<float> by_columns_;
    };

    template <class C> static void pack(C& ctx, reckon::view<const float> from, matrix& to) {
        const auto arch = simd::arch_of<Arch>(ctx);
        forward::pack(ctx, from, to.by_rows_);
        to.by_columns_ =
            heap_array<float>(simd::packed_bytes(arch.lanes, from.cols, from.rows) / sizeof(float));
        simd::pack_all_columns(ctx, arch, from, to.by_columns_.data());
    }
};

template <class Arch, class Next, class C>
void linear_recorded_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> x,
                            typename simd_panels_both_ways<Arch>::view w, epilogue<float> e,
                            view<float> y) {
    const typename simd_panels<Arch>::view by_rows = w;
    linear_kernel(tag, ctx, x, by_rows, e, y);
}

template <class Arch, class Next, class C>
void linear_backward(cpu_simd<Arch, Next>, C& ctx, view<const float>,
                     typename simd_panels_both_ways<Arch>::view w, view<const float> dy,
                     gradient_view<float> dx, gradient_view<float>, gradient_view<float> dbias) {
    const auto arch = simd::arch_of<Arch>(ctx);
    w.layout.expect(arch);
    if (dx.wanted()) simd::multiply_panels(ctx, arch, dy, w.by_columns, dx.adds(), dx);
    if (dbias.wanted()) simd::add_row_sums(ctx, arch, dy, dbias);
}

}}}  // namespace reckon::v0::RECKON_ISA
