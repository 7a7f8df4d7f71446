// Rows rounded to bf16: for a cache (store_rows.hpp) and for products over bf16 weights, those of
// the backend above as well.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = x, rounded
struct round_rows {
    view<const float> x;
    view<bf16> y;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void round_rows_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<bf16> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::call(arch, simd::round_rows{x, y});
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const round_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) convert<Arch>(c.x.row(r), c.y.row(r), c.x.cols);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
