// activate: an activation function of every number.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/math.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

struct activate_rows {
    activation f;
    view<const float> x;
    view<float> y;
};

/// dx = dy f'(x)
struct activate_backward_rows {
    activation f;
    view<const float> x, dy;
    gradient_view<float> dx;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void activate_kernel(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> x,
                     view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::activate_rows{f, x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void activate_backward(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> x,
                       view<const float> dy, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::activate_backward_rows{f, x.slice(r, rows), dy.slice(r, rows),
                                                      dx.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const activate_rows& c) { activate<Arch>(c.f, c.x, c.y); }

template <class Arch> void run(const activate_backward_rows& c) {
    with_constant(c.f, [&](auto constant) {
        for (idx r = 0; r < c.x.rows; ++r)
            steps<Arch>(c.x.cols, [&](idx i, auto size) {
                const auto f =
                    activated_with_slope<Arch, constant()>(load<Arch>(c.x.row(r) + i, size));
                put<Arch>(load<Arch>(c.dy.row(r) + i, size) * f.slope, c.dx.row(r) + i, c.dx.adds(),
                          size);
            });
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
