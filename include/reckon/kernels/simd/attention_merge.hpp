// Two parts of a row's keys become one, head by head (ops/attention.hpp).
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>

#include <cmath>
#include <limits>
#endif

namespace reckon { inline namespace v0 { namespace simd {

struct attention_merge_rows {
    view<const float> other, other_totals;
    view<float> y, log_totals;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void attention_merge_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> other,
                            view<const float> other_totals, view<float> y, view<float> log_totals) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        simd::call(arch,
                   simd::attention_merge_rows{other.slice(r, rows), other_totals.slice(r, rows),
                                              y.slice(r, rows), log_totals.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const attention_merge_rows& c) {
    constexpr float none = std::numeric_limits<float>::infinity();
    const idx heads = c.log_totals.cols, width = heads == 0 ? 0 : c.y.cols / heads;
    for (idx r = 0; r < c.y.rows; ++r)
        for (idx h = 0; h < heads; ++h) {
            float& own_total = c.log_totals.row(r)[h];
            const float a = own_total, b = c.other_totals.row(r)[h];
            if (b == none) continue;
            const float top = a == none || a < b ? b : a;
            const float weight = a == none ? 0 : std::exp(a - top), other = std::exp(b - top);
            const float total = weight + other;
            const vec<Arch> of_own(weight / total), of_other(other / total);
            float* const y = c.y.row(r) + h * width;
            const float* const from = c.other.row(r) + h * width;
            steps<Arch>(width, [&](idx i, auto size) {
                store<Arch>(fused<Arch>(of_own, load<Arch>(y + i, size),
                                        of_other * load<Arch>(from + i, size)),
                            y + i, size);
            });
            own_total = top + std::log(total);
        }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
