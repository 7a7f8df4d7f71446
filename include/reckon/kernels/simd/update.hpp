// Steps of optimisers (ops/update.hpp) and sums of squares, in pieces of one length.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/update.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

struct momentum_numbers {
    momentum_step how;
    const float* g;
    float *m, *w;
    idx count;
};

struct adam_numbers {
    adam_step how;
    const float* g;
    float *m, *v, *w;
    idx count;
};

struct squares_of_numbers {
    const float* x;
    idx count;
    double* sum;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// f(first, count) over n numbers.
template <class C, class F> void by_pieces(C& ctx, idx n, const F& f) {
    constexpr idx piece = 16384;
    ctx.parallel((n + piece - 1) / piece, [&](idx task, idx) {
        const idx first = task * piece;
        f(first, n - first < piece ? n - first : piece);
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void momentum_update_kernel(cpu_simd<Arch, Next>, C& ctx, momentum_step how, view<const float> g,
                            view<float> m, view<float> w) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_pieces(ctx, w.size(), [&](idx i, idx count) {
        simd::call(arch, simd::momentum_numbers{how, g.data + i, m.data + i, w.data + i, count});
    });
}

template <class Arch, class Next, class C>
void adam_update_kernel(cpu_simd<Arch, Next>, C& ctx, adam_step how, view<const float> g,
                        view<float> m, view<float> v, view<float> w) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_pieces(ctx, w.size(), [&](idx i, idx count) {
        simd::call(arch,
                   simd::adam_numbers{how, g.data + i, m.data + i, v.data + i, w.data + i, count});
    });
}

template <class Arch, class Next, class C>
void squares_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<double> sums) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const idx piece = (x.size() + sums.cols - 1) / sums.cols;
    ctx.parallel(sums.cols, [&](idx p, idx) {
        const idx first = p * piece, left = x.size() > first ? x.size() - first : 0;
        simd::call(arch, simd::squares_of_numbers{x.data + first, left < piece ? left : piece,
                                                  sums.data + p});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const momentum_numbers& c) {
    const vec<Arch> momentum(c.how.momentum), fresh(1 - c.how.damping), rate(c.how.rate);
    steps<Arch>(c.count, [&](idx i, auto size) {
        const vec<Arch> w = load<Arch>(c.w + i, size);
        const vec<Arch> slope = fused<Arch>(vec<Arch>(c.how.decay), w,
                                            vec<Arch>(c.how.scale) * load<Arch>(c.g + i, size));
        const vec<Arch> m = fused<Arch>(momentum, load<Arch>(c.m + i, size), fresh * slope);
        store<Arch>(m, c.m + i, size);
        const vec<Arch> along = c.how.nesterov ? fused<Arch>(momentum, m, slope) : m;
        store<Arch>(w - rate * along, c.w + i, size);
    });
}

/// A moment below 1e-30 becomes 0.
template <class Arch> vec<Arch> kept(vec<Arch> moment) {
    return xsimd::select(xsimd::abs(moment) < vec<Arch>(1e-30f), vec<Arch>(0), moment);
}

template <class Arch> void run(const adam_numbers& c) {
    const adam_step& how = c.how;
    const vec<Arch> b1(how.beta_1), b2(how.beta_2), rest_1(1 - how.beta_1), rest_2(1 - how.beta_2);
    steps<Arch>(c.count, [&](idx i, auto size) {
        const vec<Arch> w = load<Arch>(c.w + i, size);
        const vec<Arch> slope =
            fused<Arch>(vec<Arch>(how.decay), w, vec<Arch>(how.scale) * load<Arch>(c.g + i, size));
        const vec<Arch> m = kept<Arch>(fused<Arch>(b1, load<Arch>(c.m + i, size), rest_1 * slope));
        const vec<Arch> v =
            kept<Arch>(fused<Arch>(b2, load<Arch>(c.v + i, size), rest_2 * slope * slope));
        store<Arch>(m, c.m + i, size);
        store<Arch>(v, c.v + i, size);
        const vec<Arch> under = xsimd::sqrt(v) / vec<Arch>(how.root) + vec<Arch>(how.epsilon);
        store<Arch>(w * vec<Arch>(how.keep) - vec<Arch>(how.step) * m / under, c.w + i, size);
    });
}

/// Vectors of 256 numbers' squares are added up in float, those sums in double.
template <class Arch> void run(const squares_of_numbers& c) {
    double sum = 0;
    for (idx first = 0; first < c.count; first += 256) {
        const idx left = c.count - first;
        vec<Arch> squares(0);
        steps<Arch>(left < 256 ? left : 256, [&](idx i, auto size) {
            const vec<Arch> x = load<Arch>(c.x + first + i, size);
            squares = fused<Arch>(x, x, squares);
        });
        sum += double(sum_of<Arch>(squares));
    }
    *c.sum = sum;
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
