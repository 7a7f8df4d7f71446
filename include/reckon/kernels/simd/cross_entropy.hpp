// cross_entropy: rows of scores to losses and gradients, and binary_cross_entropy likewise.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/loss.hpp>
#include <reckon/kernels/simd/sizes.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/math.hpp>

#include <cmath>
#include <limits>
#endif

namespace reckon { inline namespace v0 { namespace simd {

struct cross_entropy_rows {
    view<const float> scores;
    softmax_targets targets;
    softmax_options<float> options;
    view<double> losses, slopes;
    gradient_view<float> dscores;
    float* z;  // a row of numbers
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next>
constexpr idx cross_entropy_scratch(cpu_simd<Arch, Next>, idx threads, view<const float> scores,
                                    const auto&...) {
    return threads * simd::round_up(scores.cols, 16) * sizeof(float);
}

template <class Arch, class Next, class C>
void cross_entropy_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> scores,
                          softmax_targets targets, softmax_options<float> options,
                          view<double> losses, view<double> slopes, gradient_view<float> dscores) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto inside = ctx.scratch();
    auto* const rooms = reinterpret_cast<float*>(
        ctx.template make<std::byte>(1, cross_entropy_scratch(tag, ctx.threads(), scores)).data);
    constexpr idx at_once = 8;
    ctx.parallel((scores.rows + at_once - 1) / at_once, [&](idx task, idx worker) {
        const idx r = task * at_once, left = scores.rows - r;
        const idx rows = left < at_once ? left : at_once;
        simd::call(arch,
                   simd::cross_entropy_rows{scores.slice(r, rows), targets.slice(r, rows),
                                            options.slice(r, rows), losses.columns(r, rows),
                                            slopes.columns(r, rows), dscores.slice(r, rows),
                                            rooms + worker * simd::round_up(scores.cols, 16)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// (Formulas: kernels/reference/cross_entropy.hpp. A hidden column has z = -inf.)
template <class Arch> void run(const cross_entropy_rows& c) {
    constexpr float least = -std::numeric_limits<float>::infinity();
    const softmax_options<float>& o = c.options;
    const idx n = c.scores.cols;
    const bool smooths = o.smoothing != 0;
    for (idx r = 0; r < c.scores.rows; ++r) {
        float* const d = c.dscores.wanted() ? c.dscores.row(r) : nullptr;
        const float* const x = c.scores.row(r);
        if (c.targets.columns(0, r) == c.targets.ignored) {
            c.losses(0, r) = 0;
            if (c.slopes.data != nullptr) c.slopes(0, r) = 0;
            for (idx i = 0; i < n && c.dscores.use == gradient_use::first; ++i) d[i] = 0;
            continue;
        }
        const idx target = idx(c.targets.columns(0, r));
        const float* const shares =
            o.log_shares.cols == 0 ? nullptr : o.log_shares.row(o.log_shares.rows == 1 ? 0 : r);
        steps<Arch>(n, [&](idx i, auto size) {
            vec<Arch> z = load<Arch>(x + i, size) * vec<Arch>(o.scale);
            if (shares != nullptr) z -= load<Arch>(shares + i, size);
            store<Arch>(z, c.z + i, size);
        });
        if (c.targets.column_ids.cols != 0) {
            const std::int32_t* const ids =
                c.targets.column_ids.row(c.targets.column_ids.rows == 1 ? 0 : r);
            for (idx i = 0; i < n; ++i)
                if (ids[i] == c.targets.target_ids(0, r) && i != target) c.z[i] = least;
        }
        vec<Arch> highest(least), sum(0);
        steps<Arch>(n, [&](idx i, auto size) {
            highest = xsimd::max(highest, load<Arch>(c.z + i, size, least));
        });
        const float top = highest_of<Arch>(highest);
        steps<Arch>(n, [&](idx i, auto size) {
            sum += exp<Arch>(load<Arch>(c.z + i, size, least) - vec<Arch>(top));
        });
        const float log_total = top + std::log(sum_of<Arch>(sum));

        const float class_weight = o.class_weights.cols == 0 ? 1 : o.class_weights(0, target);
        const float a = (1 - o.smoothing) * class_weight, share = o.smoothing / float(n);
        double smoothed = 0, smooth_weights = 0;
        for (idx i = 0; i < n && smooths; ++i) {
            if (c.z[i] == least) continue;
            const double b =
                double(share) * (o.class_weights.cols == 0 ? 1 : double(o.class_weights(0, i)));
            smoothed += b * double(log_total - c.z[i]);
            smooth_weights += b;
        }
        c.losses(0, r) = o.weight * (double(a) * double(log_total - c.z[target]) + smoothed);
        if (d == nullptr && c.slopes.data == nullptr) continue;

        const auto weight = float(o.weight);
        const vec<Arch> of_p(weight * (a + float(smooth_weights)));
        vec<Arch> slopes(0);
        const float target_score = x[target];
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> z = load<Arch>(c.z + i, size);
            vec<Arch> g = of_p * exp<Arch>(z - vec<Arch>(log_total));
            if (smooths) {
                vec<Arch> b(weight * share);
                if (o.class_weights.cols != 0) b *= load<Arch>(o.class_weights.data + i, size);
                g -= xsimd::select(z == vec<Arch>(least), vec<Arch>(0), b);
            }
            const vec<Arch> score = load<Arch>(x + i, size);
            slopes = fused<Arch>(g, score, slopes);
            if (d == nullptr) return;
            g *= vec<Arch>(o.scale);
            store<Arch>(c.dscores.adds() ? load<Arch>(d + i, size) + g : g, d + i, size);
        });
        if (d != nullptr) d[target] -= weight * a * o.scale;
        if (c.slopes.data != nullptr)
            c.slopes(0, r) = double(sum_of<Arch>(slopes) - weight * a * target_score);
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
