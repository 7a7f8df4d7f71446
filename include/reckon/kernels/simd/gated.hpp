// gated: f(gate) x.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
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

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
