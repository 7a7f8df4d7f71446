// l2_normalize, row by row.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>

#include <cmath>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = x / max(|x|, 1e-12)
struct l2_normalize_rows {
    view<const float> x;
    view<float> y;
};

struct l2_normalize_backward_rows {
    view<const float> x, dy;
    gradient_view<float> dx;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void l2_normalize_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::l2_normalize_rows{x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void l2_normalize_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> dy,
                           gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::l2_normalize_backward_rows{x.slice(r, rows), dy.slice(r, rows),
                                                          dx.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const l2_normalize_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> squares(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> x = load<Arch>(c.x.row(r) + i, size);
            squares = fused<Arch>(x, x, squares);
        });
        const float length = std::sqrt(sum_of<Arch>(squares));
        const vec<Arch> divisor(length > 1e-12f ? length : 1e-12f);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            store<Arch>(load<Arch>(c.x.row(r) + i, size) / divisor, c.y.row(r) + i, size);
        });
    }
}

template <class Arch> void run(const l2_normalize_backward_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        const float *x = c.x.row(r), *dy = c.dy.row(r);
        vec<Arch> squares(0), product(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> own = load<Arch>(x + i, size);
            squares = fused<Arch>(own, own, squares);
            product = fused<Arch>(own, load<Arch>(dy + i, size), product);
        });
        const float square = sum_of<Arch>(squares), length = std::sqrt(square);
        const bool clamped = !(length > 1e-12f);
        const vec<Arch> along(clamped ? 0 : sum_of<Arch>(product) / square);
        const vec<Arch> divisor(clamped ? 1e-12f : length);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            put<Arch>((load<Arch>(dy + i, size) - load<Arch>(x + i, size) * along) / divisor,
                      c.dx.row(r) + i, c.dx.adds(), size);
        });
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
