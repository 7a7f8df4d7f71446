// add, row by row; and the sum that a fused norm begins with.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = a + b
struct add_rows {
    view<const float> a, b;
    view<float> y;
};

/// dx = dy
struct add_backward_rows {
    view<const float> dy;
    gradient_view<float> dx;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void add_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> a, view<const float> b,
                view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::add_rows{a.slice(r, rows), b.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> dy, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    if (!dx.wanted()) return;
    simd::by_rows(ctx, dy.rows, dy.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::add_backward_rows{dy.slice(r, rows), dx.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const add_rows& c) {
    for (idx r = 0; r < c.y.rows; ++r)
        steps<Arch>(c.y.cols, [&](idx i, auto size) {
            store<Arch>(load<Arch>(c.a.row(r) + i, size) + load<Arch>(c.b.row(r) + i, size),
                        c.y.row(r) + i, size);
        });
}

/// Row r of x += f; each(vector of the sums).
template <class Arch, class Call, class F> void add_to_row(const Call& c, idx r, const F& each) {
    float* const x = c.x.row(r);
    steps<Arch>(c.x.cols, [&](idx i, auto size) {
        const vec<Arch> own = load<Arch>(x + i, size) + load<Arch>(c.f.row(r) + i, size);
        store<Arch>(own, x + i, size);
        each(own);
    });
}

template <class Arch> void run(const add_backward_rows& c) {
    for (idx r = 0; r < c.dy.rows; ++r)
        steps<Arch>(c.dy.cols, [&](idx i, auto size) {
            put<Arch>(load<Arch>(c.dy.row(r) + i, size), c.dx.row(r) + i, c.dx.adds(), size);
        });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
