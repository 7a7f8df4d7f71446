// activate: an activation function of every number.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
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

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const activate_rows& c) { activate<Arch>(c.f, c.x, c.y); }

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
