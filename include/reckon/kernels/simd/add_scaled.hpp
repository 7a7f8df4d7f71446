// add_scaled, row by row. The gradient of the scale is summed by rows, then over the rows in their
// order, so it does not depend on threads.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y += scale f
struct add_scaled_rows {
    view<const float> f;
    float scale;
    view<float> y;
};

/// df = scale dy, along[r] = dy . f
struct add_scaled_backward_rows {
    view<const float> f, dy;
    float scale;
    gradient_view<float> df;
    float* along;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void add_scaled_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> f, view<const float> scale,
                       view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::add_scaled_rows{f.slice(r, rows), scale(0, 0), y.slice(r, rows)});
    });
}

template <class Arch, class Next>
constexpr idx add_scaled_backward_scratch(cpu_simd<Arch, Next>, idx, view<const float> f,
                                          const auto&...) {
    return f.rows * sizeof(float);
}

template <class Arch, class Next, class C>
void add_scaled_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> f, view<const float> scale,
                         view<const float> dy, gradient_view<float> df,
                         gradient_view<float> dscale) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto inside = ctx.scratch();
    const auto along = ctx.template make<float>(1, f.rows);
    simd::by_rows(ctx, dy.rows, dy.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::add_scaled_backward_rows{
                             f.slice(r, rows), dy.slice(r, rows), scale(0, 0),
                             df.wanted() ? df.slice(r, rows) : df, along.data + r});
    });
    double sum = 0;
    for (idx r = 0; r < along.cols; ++r) sum += double(along.data[r]);
    if (dscale.wanted()) dscale.put(0, 0, float(sum));
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const add_scaled_rows& c) {
    const vec<Arch> scale(c.scale);
    for (idx r = 0; r < c.y.rows; ++r)
        steps<Arch>(c.y.cols, [&](idx i, auto size) {
            float* const y = c.y.row(r) + i;
            store<Arch>(fused<Arch>(scale, load<Arch>(c.f.row(r) + i, size), load<Arch>(y, size)),
                        y, size);
        });
}

template <class Arch> void run(const add_scaled_backward_rows& c) {
    const vec<Arch> scale(c.scale);
    for (idx r = 0; r < c.dy.rows; ++r) {
        vec<Arch> along(0);
        steps<Arch>(c.dy.cols, [&](idx i, auto size) {
            const vec<Arch> dy = load<Arch>(c.dy.row(r) + i, size);
            along = fused<Arch>(dy, load<Arch>(c.f.row(r) + i, size), along);
            if (c.df.wanted()) put<Arch>(scale * dy, c.df.row(r) + i, c.df.adds(), size);
        });
        c.along[r] = sum_of<Arch>(along);
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
