// linear over f32 weights that are being trained, and so never stand packed: panels are packed for
// each product. (Over a packed weight linear is what it always is.)
#pragma once

#include <reckon/kernels/simd/linear_backward.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next>
constexpr idx linear_recorded_scratch(cpu_simd<Arch, Next>, idx, view<const float>,
                                      view<const float> w, const epilogue<float>&, view<float>) {
    return simd::packed_bytes(Arch::lanes, w.rows, w.cols);
}

template <class Arch, class Next, class C>
void linear_recorded_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> x,
                            view<const float> w, epilogue<float> e, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto inside = ctx.scratch();
    auto* const panels = reinterpret_cast<float*>(
        ctx.template make<std::byte>(1, linear_recorded_scratch(tag, ctx.threads(), x, w, e, y))
            .data);
    simd::pack_all_rows(ctx, arch, w, panels);
    simd::by_blocks(ctx, y.rows, 144, y.cols, simd::panel_vectors * arch.lanes,
                    [&](idx r, idx rows, idx o, idx outs) {
                        const float* const panel = panels + o * w.cols;
                        simd::call(arch, simd::linear_panel{x.slice(r, rows), panel, panel,
                                                            e.bias.columns(o, outs), e.f,
                                                            y.slice(r, rows).columns(o, outs)});
                    });
}

}}}  // namespace reckon::v0::RECKON_ISA
