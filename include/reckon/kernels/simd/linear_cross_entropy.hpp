// linear_cross_entropy: the weight's panels are packed once, both ways where something learns, and
// serve all bands of rows.
#pragma once

#include <reckon/core/loss.hpp>
#include <reckon/kernels/simd/cross_entropy.hpp>
#include <reckon/kernels/simd/linear_backward.hpp>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Where the parts of the scratch begin behind the panels of rows, in bytes: panels of columns, a
/// band of scores, what workers need.
struct cross_entropy_plan {
    idx columns, scores, workers, end;
};

template <class Arch>
constexpr cross_entropy_plan plan_cross_entropy(idx threads, view<const float> x,
                                                view<const float> w, bool learns) {
    const idx band = x.rows < cross_entropy_band ? x.rows : cross_entropy_band;
    const idx by_rows = round_up(packed_bytes(Arch::lanes, w.rows, w.cols), 64);
    const idx by_columns = learns ? round_up(packed_bytes(Arch::lanes, w.cols, w.rows), 64) : 0;
    const idx scores = round_up(band * w.rows * sizeof(float), 64);
    const idx worker = learns ? threads * weight_gradient_floats(Arch::lanes) * sizeof(float) : 0;
    return {by_rows, by_rows + by_columns, by_rows + by_columns + scores,
            by_rows + by_columns + scores + worker};
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next>
constexpr idx linear_cross_entropy_scratch(cpu_simd<Arch, Next> tag, idx threads,
                                           view<const float> x, view<const float> w,
                                           const softmax_targets&, const softmax_options<float>&,
                                           view<double>, const gradient_view<float>& dx,
                                           const gradient_view<float>& dw) {
    const bool learns = dx.wanted() || dw.wanted();
    return simd::plan_cross_entropy<Arch>(threads, x, w, learns).end +
           simd::round_up(
               cross_entropy_scratch(tag, threads, view<const float>{nullptr, 1, w.rows}), 64);
}

template <class Arch, class Next, class C>
void linear_cross_entropy_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> x,
                                 view<const float> w, softmax_targets targets,
                                 softmax_options<float> options, view<double> losses,
                                 gradient_view<float> dx, gradient_view<float> dw) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const bool learns = dx.wanted() || dw.wanted();
    const auto plan = simd::plan_cross_entropy<Arch>(ctx.threads(), x, w, learns);
    const auto inside = ctx.scratch();
    std::byte* const room = ctx.template make<std::byte>(1, plan.end).data;
    auto* const by_rows = reinterpret_cast<float*>(room);
    auto* const by_columns = reinterpret_cast<float*>(room + plan.columns);
    auto* const workers = reinterpret_cast<float*>(room + plan.workers);
    simd::pack_all_rows(ctx, arch, w, by_rows);
    if (dx.wanted()) simd::pack_all_columns(ctx, arch, w, by_columns);
    const view<float> dw_sums = simd::begun(dw);
    for (idx first = 0; first < x.rows; first += cross_entropy_band) {
        const idx rows = x.rows - first < cross_entropy_band ? x.rows - first : cross_entropy_band;
        const view<float> scores{reinterpret_cast<float*>(room + plan.scores), rows, w.rows};
        const auto own = x.slice(first, rows);
        simd::multiply_panels(ctx, arch, own, by_rows, false, scores);
        cross_entropy_kernel(
            tag, ctx, view<const float>{scores}, targets.slice(first, rows),
            options.slice(first, rows), losses.columns(first, rows), view<double>{},
            gradient_view<float>{scores, learns ? gradient_use::first : gradient_use::none});
        if (dx.wanted())
            simd::multiply_panels(ctx, arch, scores, by_columns, dx.adds(), dx.slice(first, rows));
        if (dw.wanted()) simd::add_weight_gradient(ctx, arch, scores, own, dw_sums, workers);
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
