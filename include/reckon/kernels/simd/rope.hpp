// Rotary positions: (a, b) becomes (a cos - b sin, a sin + b cos), for the pairs of every head.
// Neighbours that make a pair are complex numbers to xsimd, which takes them apart.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/rope.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>

#include <complex>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// Turns the heads of x, each as wide as a row of angles: cosines, then sines.
struct rope_rows {
    rope_layout layout;
    view<const float> angles;
    view<float> x;
    float direction = 1;  // -1: back
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void rope_kernel(cpu_simd<Arch, Next>, C& ctx, rope_layout layout, view<const float> angles,
                 view<float> x) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::rope_rows{layout, angles.slice(r, rows), x.slice(r, rows)});
    });
}

/// The gradient is turned back.
template <class Arch, class Next, class C>
void rope_backward(cpu_simd<Arch, Next>, C& ctx, rope_layout layout, view<const float> angles,
                   view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, dx.rows, dx.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::rope_rows{layout, angles.slice(r, rows), dx.slice(r, rows), -1});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> struct pairs {
    vec<Arch> a, b;

    pairs turned(vec<Arch> cosine, vec<Arch> sine) const {
        return {a * cosine - b * sine, fused<Arch>(a, sine, b * cosine)};
    }
};

template <class Arch>
using complex_vec = xsimd::batch<std::complex<float>, typename on<Arch>::arch>;

/// Vectors of neighbours, [a b] [a b] ..
template <class Arch> pairs<Arch> load_pairs(const float* p, whole) {
    const auto both =
        complex_vec<Arch>::load_unaligned(reinterpret_cast<const std::complex<float>*>(p));
    return {both.real(), both.imag()};
}
template <class Arch> void store_pairs(const pairs<Arch>& x, float* p, whole) {
    complex_vec<Arch>(x.a, x.b).store_unaligned(reinterpret_cast<std::complex<float>*>(p));
}
template <class Arch> pairs<Arch> load_pairs(const float* p, first_lanes some) {
    float both[2 * Arch::lanes] = {};
    for (idx i = 0; i < 2 * Arch::lanes && i < 2 * some.count; ++i) both[i] = p[i];
    return load_pairs<Arch>(both, whole{});
}
template <class Arch> void store_pairs(const pairs<Arch>& x, float* p, first_lanes some) {
    float both[2 * Arch::lanes];
    store_pairs<Arch>(x, both, whole{});
    for (idx i = 0; i < 2 * Arch::lanes && i < 2 * some.count; ++i) p[i] = both[i];
}

template <class Arch> void run(const rope_rows& c) {
    const idx width = c.angles.cols, count = width / 2;
    for (idx r = 0; r < c.x.rows; ++r) {
        const float *cosines = c.angles.row(r), *sines = cosines + count;
        for (float* head = c.x.row(r); head != c.x.row(r) + c.x.cols; head += width)
            steps<Arch>(count, [&](idx i, auto size) {
                const vec<Arch> cosine = load<Arch>(cosines + i, size);
                const vec<Arch> sine = load<Arch>(sines + i, size) * vec<Arch>(c.direction);
                if (c.layout == rope_layout::interleaved) {
                    const auto x = load_pairs<Arch>(head + 2 * i, size);
                    store_pairs<Arch>(x.turned(cosine, sine), head + 2 * i, size);
                } else {
                    float *const a = head + i, *const b = a + count;
                    const pairs<Arch> x{load<Arch>(a, size), load<Arch>(b, size)};
                    const auto y = x.turned(cosine, sine);
                    store<Arch>(y.a, a, size);
                    store<Arch>(y.b, b, size);
                }
            });
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
