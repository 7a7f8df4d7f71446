// The vocabulary of the kernel bodies: xsimd behind few words, and the one place that knows its
// version (8.1). A row of n numbers is walked in `steps`: whole vectors, then what is left over as
// a vector padded with zeros, so that a number's value never depends on where in a row it stands.
#pragma once

#include <reckon/core/dtype.hpp>
#include <reckon/kernels/simd/compiled.hpp>

// g++ 12 sees uninitialised variables in its own avx512fintrin.h, which its authors meant so.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <type_traits>
#include <utility>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// xsimd's name of an arch, and how many rows of a product fit beside panel_vectors columns into
/// its registers (16, 16, 32, 32).
template <class Arch> struct on;
template <> struct on<sse4_2> {
    using arch = xsimd::sse4_2;
    static constexpr idx tile_rows = 4;
};
template <> struct on<avx2> {
    using arch = xsimd::fma3<xsimd::avx2>;
    static constexpr idx tile_rows = 4;
};
template <> struct on<avx512> {
    using arch = xsimd::avx512bw;
    static constexpr idx tile_rows = 9;
};
template <> struct on<avx512_vnni> : on<avx512> {};
template <> struct on<avx512_bf16> : on<avx512> {};
template <> struct on<avx512_amx> : on<avx512> {};
template <> struct on<neon64> {
    using arch = xsimd::neon64;
    static constexpr idx tile_rows = 8;
};

template <class Arch> using vec = xsimd::batch<float, typename on<Arch>::arch>;
template <class Arch> using flags = typename vec<Arch>::batch_bool_type;

/// a b + c with one rounding where the arch has it: xsimd 8.1 does not know AVX-512's.
template <class Arch> vec<Arch> fused(vec<Arch> a, vec<Arch> b, vec<Arch> c) {
    if constexpr (std::derived_from<Arch, avx512>)
        return _mm512_fmadd_ps(a, b, c);
    else
        return xsimd::fma(a, b, c);
}

/// The nearest integers and, of integers from -126 to 127, two to their power. (xsimd's own way to
/// them costs g++ nine seconds a file on NEON.)
template <class Arch> vec<Arch> nearest(vec<Arch> x) {
    if constexpr (std::same_as<Arch, neon64>)
        return vrndnq_f32(x);
    else
        return xsimd::nearbyint(x);
}
template <class Arch> vec<Arch> power_of_two(vec<Arch> n) {
    const auto exponent = (xsimd::to_int(n) + 127) << 23;
    if constexpr (std::same_as<Arch, neon64>)
        return vreinterpretq_f32_s32(exponent);
    else
        return xsimd::bitwise_cast<vec<Arch>>(exponent);
}

template <class Arch> float sum_of(vec<Arch> v) { return xsimd::hadd(v); }
template <class Arch> float highest_of(vec<Arch> v) {
    if constexpr (std::derived_from<Arch, avx512>) {
        return _mm512_reduce_max_ps(v);
    } else {
        alignas(64) float lanes[Arch::lanes];
        v.store_aligned(lanes);
        float highest = lanes[0];
        for (idx i = 1; i < Arch::lanes; ++i) highest = lanes[i] > highest ? lanes[i] : highest;
        return highest;
    }
}

/// How much of a vector a step covers: all of it, or its first `count` lanes.
struct whole {};
struct first_lanes {
    idx count;

    auto mask() const { return std::uint16_t((1u << count) - 1); }
};

template <class Arch> vec<Arch> load(const float* p, whole = {}, float = 0) {
    return vec<Arch>::load_unaligned(p);
}
template <class Arch> void store(vec<Arch> v, float* p, whole = {}) { v.store_unaligned(p); }

template <class Arch> vec<Arch> load(const float* p, first_lanes some, float beyond = 0) {
    if constexpr (std::derived_from<Arch, avx512>) {
        return _mm512_mask_loadu_ps(vec<Arch>(beyond), some.mask(), p);
    } else {
        alignas(64) float lanes[Arch::lanes];
        for (idx i = 0; i < Arch::lanes; ++i) lanes[i] = i < some.count ? p[i] : beyond;
        return vec<Arch>::load_aligned(lanes);
    }
}
template <class Arch> void store(vec<Arch> v, float* p, first_lanes some) {
    if constexpr (std::derived_from<Arch, avx512>) {
        _mm512_mask_storeu_ps(p, some.mask(), v);
    } else {
        alignas(64) float lanes[Arch::lanes];
        v.store_aligned(lanes);
        for (idx i = 0; i < Arch::lanes && i < some.count; ++i) p[i] = lanes[i];
    }
}

/// The same number in every lane that a step covers, zero in the others.
template <class Arch> vec<Arch> load_same(float number, whole = {}) { return vec<Arch>(number); }
template <class Arch> vec<Arch> load_same(float number, first_lanes some) {
    alignas(64) float lanes[Arch::lanes] = {};
    for (idx i = 0; i < Arch::lanes && i < some.count; ++i) lanes[i] = number;
    return vec<Arch>::load_aligned(lanes);
}

/// f(first, whole) for every whole vector of n numbers, then f(first, first_lanes) for the rest.
template <class Arch, class F> [[gnu::always_inline]] inline void steps(idx n, const F& f) {
    idx i = 0;
    for (; i + Arch::lanes <= n; i += Arch::lanes) f(i, whole{});
    if (i < n) f(i, first_lanes{n - i});
}

/// at = number, or at += number
template <class Arch, class Size> void put(vec<Arch> number, float* at, bool adds, Size size) {
    store<Arch>(adds ? load<Arch>(at, size) + number : number, at, size);
}

/// f(i) for i below n, as many at a time as a vector has lanes: compilers turn an inner loop of
/// known length into vectors, without branches in f.
template <class Arch, class F> [[gnu::always_inline]] inline void by_lanes(idx n, const F& f) {
    idx i = 0;
    for (; i + Arch::lanes <= n; i += Arch::lanes)
        for (idx k = 0; k < Arch::lanes; ++k) f(i + k);
    for (; i < n; ++i) f(i);
}

/// y = x, n numbers of the other element type, rounded as bf16 itself does.
template <class Arch> void convert(const bf16* x, float* y, idx n) {
    by_lanes<Arch>(n, [=](idx i) { y[i] = x[i]; });
}
template <class Arch> void convert(const float* x, bf16* y, idx n) {
    by_lanes<Arch>(n, [=](idx i) {
        const auto bits = __builtin_bit_cast(std::uint32_t, x[i]);
        const std::uint32_t nan = bits >> 16 | 0x40u;
        const std::uint32_t number = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
        y[i].bits = std::uint16_t((bits & 0x7fffffffu) > 0x7f800000u ? nan : number);
    });
}

/// f(0), f(1) .. f(N - 1) with constants: g++ -O2 leaves a loop over accumulators a loop.
template <idx N, class F> [[gnu::always_inline]] inline void unroll(const F& f) {
    [&]<idx... I>(std::integer_sequence<idx, I...>) __attribute__((always_inline)) {
        (f(std::integral_constant<idx, I>{}), ...);
    }
    (std::make_integer_sequence<idx, N>{});
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
