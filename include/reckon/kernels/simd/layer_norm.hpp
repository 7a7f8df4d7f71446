// layer_norm, alone and behind a residual (add_layer_norm), row by row.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/simd/add.hpp>

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

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
