// gated: f(gate) x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/math.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = f(gate) x
struct gated_rows {
    activation f;
    view<const float> gate, x;
    view<float> y;
};

/// dgate = dy x f'(gate), dx = dy f(gate)
struct gated_backward_rows {
    activation f;
    view<const float> gate, x, dy;
    gradient_view<float> dgate, dx;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void gated_kernel(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> gate,
                  view<const float> x, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch,
                   simd::gated_rows{f, gate.slice(r, rows), x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void gated_backward(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> gate,
                    view<const float> x, view<const float> dy, gradient_view<float> dgate,
                    gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::gated_backward_rows{f, gate.slice(r, rows), x.slice(r, rows),
                                                   dy.slice(r, rows), dgate.slice(r, rows),
                                                   dx.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch>
void gated_row(activation f, const float* gate, const float* x, float* y, idx n) {
    with_constant(f, [=](auto constant) {
        steps<Arch>(n, [=](idx i, auto size) {
            const vec<Arch> share = activated<Arch, constant()>(load<Arch>(gate + i, size));
            store<Arch>(share * load<Arch>(x + i, size), y + i, size);
        });
    });
}

template <class Arch> void run(const gated_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r)
        gated_row<Arch>(c.f, c.gate.row(r), c.x.row(r), c.y.row(r), c.x.cols);
}

template <class Arch> void run(const gated_backward_rows& c) {
    with_constant(c.f, [&](auto constant) {
        for (idx r = 0; r < c.x.rows; ++r)
            steps<Arch>(c.x.cols, [&](idx i, auto size) {
                const auto f =
                    activated_with_slope<Arch, constant()>(load<Arch>(c.gate.row(r) + i, size));
                const vec<Arch> dy = load<Arch>(c.dy.row(r) + i, size);
                const vec<Arch> dgate = dy * load<Arch>(c.x.row(r) + i, size) * f.slope;
                if (c.dgate.wanted()) put<Arch>(dgate, c.dgate.row(r) + i, c.dgate.adds(), size);
                if (c.dx.wanted()) put<Arch>(dy * f.value, c.dx.row(r) + i, c.dx.adds(), size);
            });
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
