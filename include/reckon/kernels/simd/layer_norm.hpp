// layer_norm, alone and behind a residual (add_layer_norm), row by row.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/add.hpp>
#include <reckon/kernels/simd/norm_backward.hpp>

#ifdef RECKON_SIMD_BODIES
#include <cmath>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = (x - mean) / sqrt(variance + epsilon) * gain + bias
struct layer_norm_rows {
    view<const float> x, gain, bias;
    float epsilon;
    view<float> y;
};

/// x += f, then y = the norm of x; y may be x.
struct add_layer_norm_rows {
    view<const float> f;
    view<float> x;
    view<const float> gain, bias;
    float epsilon;
    view<float> y;
};

/// dx of a norm of rows; `stats` keeps mean and scale of each, for what the parameters get.
struct layer_norm_backward_rows {
    view<const float> x, gain;
    float epsilon;
    view<const float> dy;
    gradient_view<float> dx;
    float* stats;  // [rows, 2]
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void layer_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                       view<const float> bias, float epsilon, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch,
                   simd::layer_norm_rows{x.slice(r, rows), gain, bias, epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_layer_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> f, view<float> x,
                           view<const float> gain, view<const float> bias, float epsilon,
                           view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::add_layer_norm_rows{f.slice(r, rows), x.slice(r, rows), gain, bias,
                                                   epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next>
constexpr idx layer_norm_backward_scratch(cpu_simd<Arch, Next>, idx, view<const float> x,
                                          const auto&...) {
    return simd::norm_stats_bytes(x.rows);
}
template <class Arch, class Next, class C>
void layer_norm_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                         float epsilon, view<const float> dy, gradient_view<float> dx,
                         gradient_view<float> dgain, gradient_view<float> dbias) {
    simd::norm_backward(ctx, simd::arch_of<Arch>(ctx), x, dy, dx, dgain, dbias,
                        [&](auto own, auto slope, auto d, float* stats) {
                            return simd::layer_norm_backward_rows{own,   gain, epsilon,
                                                                  slope, d,    stats};
                        });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// The layer norm of a row whose vectors sum to `sum`. Moments are taken about the first mean,
/// whose rounding then corrects itself: a row far from zero keeps its digits.
template <class Arch, class Call> void layer_norm_row(const Call& c, idx r, vec<Arch> sum) {
    const idx n = c.x.cols;
    const float* x = c.x.row(r);
    const float about = sum_of<Arch>(sum) / float(n);
    vec<Arch> rest(0), squares(0);
    steps<Arch>(n, [&](idx i, auto size) {
        const vec<Arch> d = load<Arch>(x + i, size) - load_same<Arch>(about, size);
        rest += d;
        squares = fused<Arch>(d, d, squares);
    });
    const float shift = sum_of<Arch>(rest) / float(n);
    const float variance = sum_of<Arch>(squares) / float(n) - shift * shift;
    const vec<Arch> scale(1 / std::sqrt((variance > 0 ? variance : 0) + c.epsilon));
    steps<Arch>(n, [&](idx i, auto size) {
        const vec<Arch> d = load<Arch>(x + i, size) - vec<Arch>(about) - vec<Arch>(shift);
        store<Arch>(fused<Arch>(d * scale, load<Arch>(c.gain.data + i, size),
                                load<Arch>(c.bias.data + i, size)),
                    c.y.row(r) + i, size);
    });
}

template <class Arch> void run(const layer_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> sum(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) { sum += load<Arch>(c.x.row(r) + i, size); });
        layer_norm_row<Arch>(c, r, sum);
    }
}

template <class Arch> void run(const add_layer_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> sum(0);
        add_to_row<Arch>(c, r, [&](vec<Arch> own) { sum += own; });
        layer_norm_row<Arch>(c, r, sum);
    }
}

template <class Arch> void run(const layer_norm_backward_rows& c) {
    const idx n = c.x.cols;
    for (idx r = 0; r < c.x.rows; ++r) {
        const float *x = c.x.row(r), *dy = c.dy.row(r);
        vec<Arch> sum(0), rest(0), squares(0);  // moments as the forward takes them
        steps<Arch>(n, [&](idx i, auto size) { sum += load<Arch>(x + i, size); });
        const float about = sum_of<Arch>(sum) / float(n);
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> d = load<Arch>(x + i, size) - load_same<Arch>(about, size);
            rest += d;
            squares = fused<Arch>(d, d, squares);
        });
        const float shift = sum_of<Arch>(rest) / float(n), mean = about + shift;
        const float variance = sum_of<Arch>(squares) / float(n) - shift * shift;
        const float scale = 1 / std::sqrt((variance > 0 ? variance : 0) + c.epsilon);
        c.stats[2 * r] = mean;
        c.stats[2 * r + 1] = scale;
        if (!c.dx.wanted()) continue;
        const auto normed = [&](idx i, auto size) {
            return (load<Arch>(x + i, size) - vec<Arch>(about) - vec<Arch>(shift)) *
                   vec<Arch>(scale);
        };
        vec<Arch> g_sum(0), gn_sum(0);
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> g = load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size);
            g_sum += g;
            gn_sum = fused<Arch>(g, normed(i, size), gn_sum);
        });
        const vec<Arch> mean_g(sum_of<Arch>(g_sum) / float(n));
        const vec<Arch> mean_gn(sum_of<Arch>(gn_sum) / float(n));
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> g = load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size);
            put<Arch>(vec<Arch>(scale) * (g - mean_g - normed(i, size) * mean_gn), c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
