// linear_transposed, whose weight is a panel as it lies.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/panels.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/tile.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = x w, for some of w's columns: the inputs and outputs of a linear layer change places.
struct linear_transposed {
    view<const float> x, w;
    view<float> y;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void linear_transposed_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                              view<const float> w, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_blocks(ctx, y.rows, 144, y.cols, simd::panel_vectors * arch.lanes,
                    [&](idx r, idx rows, idx c, idx cols) {
                        simd::call(arch,
                                   simd::linear_transposed{x.slice(r, rows), w.columns(c, cols),
                                                           y.slice(r, rows).columns(c, cols)});
                    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const linear_transposed& c) {
    alignas(64) const float zeros[panel_vectors * Arch::lanes] = {};
    const idx vectors = c.y.cols / Arch::lanes, done = vectors * Arch::lanes;
    run_product<Arch>(
        {c.x.data, c.x.stride, 1, c.w.data, c.w.stride, c.w.rows, zeros, 0, c.y.data, c.y.stride},
        c.y.rows, vectors);
    if (done == c.y.cols) return;
    const first_lanes rest{c.y.cols - done};
    for (idx r = 0; r < c.y.rows; ++r) {
        vec<Arch> sum(0);
        for (idx k = 0; k < c.w.rows; ++k)
            sum = fused<Arch>(vec<Arch>(c.x(r, k)), load<Arch>(c.w.row(k) + done, rest), sum);
        store<Arch>(sum, c.y.row(r) + done, rest);
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
