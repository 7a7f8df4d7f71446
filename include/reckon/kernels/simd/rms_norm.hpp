// rms_norm, alone and behind a residual (add_rms_norm), row by row.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/add.hpp>
#include <reckon/kernels/simd/norm_backward.hpp>

#ifdef RECKON_SIMD_BODIES
#include <cmath>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = x / sqrt(mean of x^2 + epsilon) * gain
struct rms_norm_rows {
    view<const float> x, gain;
    float epsilon;
    view<float> y;
};

/// x += f, then y = the norm of x; y may be x.
struct add_rms_norm_rows {
    view<const float> f;
    view<float> x;
    view<const float> gain;
    float epsilon;
    view<float> y;
};

struct rms_norm_backward_rows {
    view<const float> x, gain;
    float epsilon;
    view<const float> dy;
    gradient_view<float> dx;
    float* stats;  // [rows, 2]: 0 and the scale
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void rms_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                     float epsilon, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::rms_norm_rows{x.slice(r, rows), gain, epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_rms_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> f, view<float> x,
                         view<const float> gain, float epsilon, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::add_rms_norm_rows{f.slice(r, rows), x.slice(r, rows), gain, epsilon,
                                                 y.slice(r, rows)});
    });
}

template <class Arch, class Next>
constexpr idx rms_norm_backward_scratch(cpu_simd<Arch, Next>, idx, view<const float> x,
                                        const auto&...) {
    return simd::norm_stats_bytes(x.rows);
}
template <class Arch, class Next, class C>
void rms_norm_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                       float epsilon, view<const float> dy, gradient_view<float> dx,
                       gradient_view<float> dgain) {
    simd::norm_backward(ctx, simd::arch_of<Arch>(ctx), x, dy, dx, dgain, gradient_view<float>{},
                        [&](auto own, auto slope, auto d, float* stats) {
                            return simd::rms_norm_backward_rows{own,   gain, epsilon,
                                                                slope, d,    stats};
                        });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// The rms norm of a row whose vectors' squares sum to `squares`.
template <class Arch, class Call> void rms_norm_row(const Call& c, idx r, vec<Arch> squares) {
    const idx n = c.x.cols;
    const vec<Arch> scale(1 / std::sqrt(sum_of<Arch>(squares) / float(n) + c.epsilon));
    steps<Arch>(n, [&](idx i, auto size) {
        store<Arch>(load<Arch>(c.x.row(r) + i, size) * scale * load<Arch>(c.gain.data + i, size),
                    c.y.row(r) + i, size);
    });
}

template <class Arch> void run(const rms_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> squares(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> own = load<Arch>(c.x.row(r) + i, size);
            squares = fused<Arch>(own, own, squares);
        });
        rms_norm_row<Arch>(c, r, squares);
    }
}

template <class Arch> void run(const add_rms_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> squares(0);
        add_to_row<Arch>(c, r, [&](vec<Arch> own) { squares = fused<Arch>(own, own, squares); });
        rms_norm_row<Arch>(c, r, squares);
    }
}

template <class Arch> void run(const rms_norm_backward_rows& c) {
    const idx n = c.x.cols;
    for (idx r = 0; r < c.x.rows; ++r) {
        const float *x = c.x.row(r), *dy = c.dy.row(r);
        vec<Arch> squares(0), gx_sum(0);
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> own = load<Arch>(x + i, size);
            squares = fused<Arch>(own, own, squares);
            gx_sum = fused<Arch>(load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size), own,
                                 gx_sum);
        });
        const float scale = 1 / std::sqrt(sum_of<Arch>(squares) / float(n) + c.epsilon);
        c.stats[2 * r] = 0;
        c.stats[2 * r + 1] = scale;
        if (!c.dx.wanted()) continue;
        const vec<Arch> along(scale * scale * scale * (sum_of<Arch>(gx_sum) / float(n)));
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> g = load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size);
            put<Arch>(vec<Arch>(scale) * g - load<Arch>(x + i, size) * along, c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
