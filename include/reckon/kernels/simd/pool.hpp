// pool: the mean, the first or the last row of each sequence.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#include <cstring>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = the mean of x's rows, one row
struct mean_of_rows {
    view<const float> x;
    view<float> y;
};

/// dx = dy share, one row of dy for all rows of dx
struct spread_row {
    view<const float> dy;
    float share;
    gradient_view<float> dx;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void pool_kernel(cpu_simd<Arch, Next>, C& ctx, pooling how, ragged sequences, view<const float> x,
                 view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        const auto own = x.slice(sequences.begin(s), sequences.length(s));
        if (how == pooling::mean)
            simd::call(arch, simd::mean_of_rows{own, y.slice(s, 1)});
        else
            std::memcpy(y.row(s), own.row(how == pooling::first ? 0 : own.rows - 1),
                        y.cols * sizeof(float));
    });
}

template <class Arch, class Next, class C>
void pool_backward(cpu_simd<Arch, Next>, C& ctx, pooling how, ragged sequences,
                   view<const float> dy, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    if (how != pooling::mean) dx = {simd::begun(dx), gradient_use::adds};
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        const idx rows = sequences.length(s), first = sequences.begin(s);
        if (how == pooling::mean)
            simd::call(arch,
                       simd::spread_row{dy.slice(s, 1), 1 / float(rows), dx.slice(first, rows)});
        else
            simd::call(arch, simd::spread_row{
                                 dy.slice(s, 1), 1,
                                 dx.slice(how == pooling::first ? first : first + rows - 1, 1)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const mean_of_rows& c) {
    const vec<Arch> count(float(c.x.rows));
    steps<Arch>(c.x.cols, [&](idx i, auto size) {
        vec<Arch> sum(0);
        for (idx r = 0; r < c.x.rows; ++r) sum += load<Arch>(c.x.row(r) + i, size);
        store<Arch>(sum / count, c.y.data + i, size);
    });
}

template <class Arch> void run(const spread_row& c) {
    for (idx r = 0; r < c.dx.rows; ++r)
        steps<Arch>(c.dx.cols, [&](idx i, auto size) {
            put<Arch>(load<Arch>(c.dy.data + i, size) * vec<Arch>(c.share), c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
