// top_k: whole vectors of scores are compared with the least of the list; the few that may enter it
// are offered one by one, so the list is the reference's.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/reference/top_k.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// The best of each row, where all columns before `first` have been offered.
struct top_k_rows {
    view<const float> scores;
    idx first;
    view<float> values;
    view<std::int32_t> columns;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void top_k_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> scores, idx first,
                  view<float> values, view<std::int32_t> columns) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, scores.rows, scores.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::top_k_rows{scores.slice(r, rows), first, values.slice(r, rows),
                                          columns.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const top_k_rows& c) {
    constexpr idx vectors = 4, step = vectors * Arch::lanes;
    for (idx r = 0; r < c.scores.rows; ++r) {
        const float* const scores = c.scores.row(r);
        auto best = detail::best_so_far(c.values, c.columns, r, c.first);
        idx i = 0;
        for (; i < c.scores.cols && best.found < best.most; ++i) best.offer(scores[i], c.first + i);
        for (; i + step <= c.scores.cols; i += step) {
            const vec<Arch> least(best.values[best.most - 1]);
            // "not at most" and no "more than": a NaN at the end of the list lets all in
            auto none = load<Arch>(scores + i) <= least;
            for (idx v = 1; v < vectors; ++v)
                none = none && load<Arch>(scores + i + v * Arch::lanes) <= least;
            if (xsimd::all(none)) continue;
            for (idx o = 0; o < step; ++o) best.offer(scores[i + o], c.first + i + o);
        }
        for (; i < c.scores.cols; ++i) best.offer(scores[i], c.first + i);
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
