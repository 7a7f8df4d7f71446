// log_softmax, row by row.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/math.hpp>

#include <cmath>
#include <limits>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = x - log(sum of exp(x))
struct log_softmax_rows {
    view<const float> x;
    view<float> y;
};

struct log_softmax_backward_rows {
    view<const float> y, dy;
    gradient_view<float> dx;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void log_softmax_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::log_softmax_rows{x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void log_softmax_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> y, view<const float> dy,
                          gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::log_softmax_backward_rows{y.slice(r, rows), dy.slice(r, rows),
                                                         dx.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const log_softmax_rows& c) {
    constexpr float least = -std::numeric_limits<float>::infinity();
    for (idx r = 0; r < c.x.rows; ++r) {
        const float* x = c.x.row(r);
        vec<Arch> highest(least), sum(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            highest = xsimd::max(highest, load<Arch>(x + i, size, least));
        });
        const float top = highest_of<Arch>(highest);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            sum += exp<Arch>(load<Arch>(x + i, size, least) - vec<Arch>(top));
        });
        const vec<Arch> shift(top + std::log(sum_of<Arch>(sum)));
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            store<Arch>(load<Arch>(x + i, size) - shift, c.y.row(r) + i, size);
        });
    }
}

template <class Arch> void run(const log_softmax_backward_rows& c) {
    for (idx r = 0; r < c.y.rows; ++r) {
        vec<Arch> sum(0);
        steps<Arch>(c.y.cols, [&](idx i, auto size) { sum += load<Arch>(c.dy.row(r) + i, size); });
        const vec<Arch> total(sum_of<Arch>(sum));
        steps<Arch>(c.y.cols, [&](idx i, auto size) {
            const vec<Arch> share = exp<Arch>(load<Arch>(c.y.row(r) + i, size));
            put<Arch>(load<Arch>(c.dy.row(r) + i, size) - share * total, c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
