// What the backwards of norms share: rows first, then what the parameters get, a sum over rows
// taken column by column in the order of the rows, so that it depends neither on threads nor on how
// a step is cut into parts.
#pragma once

#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// dgain += the sum of dy (x - mean) scale over the rows, dbias += the sum of dy, for some columns.
struct norm_parameter_sums {
    view<const float> x, dy;
    const float* stats;
    float *dgain, *dbias;  // none where it is not wanted
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Mean and scale of each row, which the rows' kernels leave for the columns.
constexpr idx norm_stats_bytes(idx rows) { return rows * 2 * sizeof(float); }

/// `rows_call(x, dy, dx, stats)`: the call for some rows.
template <class C, class Arch, class Rows>
void norm_backward(C& ctx, const Arch& arch, view<const float> x, view<const float> dy,
                   gradient_view<float> dx, gradient_view<float> dgain, gradient_view<float> dbias,
                   const Rows& rows_call) {
    const auto inside = ctx.scratch();
    const view<float> stats = ctx.template make<float>(x.rows, 2);
    by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        call(arch, rows_call(x.slice(r, rows), dy.slice(r, rows), dx.slice(r, rows), stats.row(r)));
    });
    if (!dgain.wanted() && !dbias.wanted()) return;
    float* const gain = dgain.wanted() ? begun(dgain).data : nullptr;
    float* const bias = dbias.wanted() ? begun(dbias).data : nullptr;
    by_blocks(ctx, 1, 1, x.cols, 4 * arch.lanes, [&](idx, idx, idx c, idx cols) {
        call(arch, norm_parameter_sums{x.columns(c, cols), dy.columns(c, cols), stats.data,
                                       gain == nullptr ? nullptr : gain + c,
                                       bias == nullptr ? nullptr : bias + c});
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const norm_parameter_sums& c) {
    steps<Arch>(c.x.cols, [&](idx i, auto size) {
        vec<Arch> gain(0), bias(0);
        if (c.dgain != nullptr) gain = load<Arch>(c.dgain + i, size);
        if (c.dbias != nullptr) bias = load<Arch>(c.dbias + i, size);
        for (idx r = 0; r < c.x.rows; ++r) {
            const vec<Arch> dy = load<Arch>(c.dy.row(r) + i, size);
            const vec<Arch> n = (load<Arch>(c.x.row(r) + i, size) - vec<Arch>(c.stats[2 * r])) *
                                vec<Arch>(c.stats[2 * r + 1]);
            gain = fused<Arch>(dy, n, gain);
            bias += dy;
        }
        if (c.dgain != nullptr) store<Arch>(gain, c.dgain + i, size);
        if (c.dbias != nullptr) store<Arch>(bias, c.dbias + i, size);
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
