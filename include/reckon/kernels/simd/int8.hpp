// What an instruction set knows of int8. Numbers lie within +-127, never -128, so that on SSE and
// AVX two products of |x| and +-w fit into 16 bits (127 * 127 * 2 = 32258) and nothing saturates.
// AVX-512 VNNI multiplies unsigned by signed bytes: x + 128 goes in, and 128 times the sum of the
// weight's row is taken off again.
#pragma once

#include <reckon/kernels/simd/vector.hpp>

#include <cstring>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Four bytes of a row.
inline std::int32_t four_of(const std::int8_t* x) {
    std::int32_t four;
    std::memcpy(&four, x, sizeof four);
    return four;
}

/// Sums of 32 bits for as many columns as an instruction set has lanes, and their dot products of
/// four.
template <class Arch> struct int8_of;

#ifdef __SSE4_2__
template <> struct int8_of<sse4_2> {
    using sums = __m128i;
    struct row {
        __m128i x, magnitude;
    };
    static constexpr idx tile_rows = 4;
    static constexpr bool unsigned_q = false;

    static sums zero() { return _mm_setzero_si128(); }
    static __m128i load(const std::int8_t* w) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(w));
    }
    static row of(__m128i x) { return {x, _mm_abs_epi8(x)}; }
    static row broadcast(const std::int8_t* x) { return of(_mm_set1_epi32(four_of(x))); }
    static sums dot(sums s, row x, __m128i w) {
        const __m128i pairs = _mm_maddubs_epi16(x.magnitude, _mm_sign_epi8(w, x.x));
        return _mm_add_epi32(s, _mm_madd_epi16(pairs, _mm_set1_epi16(1)));
    }
    static sums minus(sums a, sums b) { return _mm_sub_epi32(a, b); }
    static sums load_sums(const std::int32_t* s) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(s));
    }
    static void store(sums s, std::int32_t* to) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), s);
    }
    static sums one_of_four(__m128i w, int which) {
        return _mm_srai_epi32(_mm_sll_epi32(w, _mm_cvtsi32_si128(24 - 8 * which)), 24);
    }
    static sums widen(const std::int8_t* q) {
        return _mm_cvtepi8_epi32(_mm_cvtsi32_si128(four_of(q)));
    }
    static vec<sse4_2> number(sums s) { return _mm_cvtepi32_ps(s); }
    static void narrow(vec<sse4_2> x, std::int8_t* to) {  // rounds to nearest, ties to even
        const __m128i words = _mm_cvtps_epi32(x);
        const __m128i halves = _mm_packs_epi32(words, words);
        const std::int32_t four = _mm_cvtsi128_si32(_mm_packs_epi16(halves, halves));
        std::memcpy(to, &four, sizeof four);
    }
};
#endif

#if defined(__AVX2__) && defined(__FMA__)
template <> struct int8_of<avx2> {
    using sums = __m256i;
    struct row {
        __m256i x, magnitude;
    };
    static constexpr idx tile_rows = 4;
    static constexpr bool unsigned_q = false;

    static sums zero() { return _mm256_setzero_si256(); }
    static __m256i load(const std::int8_t* w) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
    }
    static row of(__m256i x) { return {x, _mm256_abs_epi8(x)}; }
    static row broadcast(const std::int8_t* x) { return of(_mm256_set1_epi32(four_of(x))); }
    static sums dot(sums s, row x, __m256i w) {
        const __m256i pairs = _mm256_maddubs_epi16(x.magnitude, _mm256_sign_epi8(w, x.x));
        return _mm256_add_epi32(s, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    static sums minus(sums a, sums b) { return _mm256_sub_epi32(a, b); }
    static sums load_sums(const std::int32_t* s) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s));
    }
    static void store(sums s, std::int32_t* to) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), s);
    }
    static sums one_of_four(__m256i w, int which) {
        return _mm256_srai_epi32(_mm256_sll_epi32(w, _mm_cvtsi32_si128(24 - 8 * which)), 24);
    }
    static sums widen(const std::int8_t* q) {
        return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(q)));
    }
    static vec<avx2> number(sums s) { return _mm256_cvtepi32_ps(s); }
    static void narrow(vec<avx2> x, std::int8_t* to) {
        const __m256i words = _mm256_cvtps_epi32(x);
        const __m128i halves =
            _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi16(halves, halves));
    }
};
#endif

#if defined(__AVX512BW__) && defined(__AVX512VL__)
struct int8_of_avx512 {
    using sums = __m512i;
    static constexpr idx tile_rows = 9;

    static sums zero() { return _mm512_setzero_si512(); }
    static __m512i load(const std::int8_t* w) { return _mm512_loadu_si512(w); }
    static sums minus(sums a, sums b) { return _mm512_sub_epi32(a, b); }
    static sums load_sums(const std::int32_t* s) { return _mm512_loadu_si512(s); }
    static void store(sums s, std::int32_t* to) { _mm512_storeu_si512(to, s); }
    static sums one_of_four(__m512i w, int which) {
        return _mm512_srai_epi32(_mm512_sll_epi32(w, _mm_cvtsi32_si128(24 - 8 * which)), 24);
    }
    static sums widen(const std::int8_t* q) {
        return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(q)));
    }
    static vec<avx512> number(sums s) { return _mm512_cvtepi32_ps(s); }
    static void narrow(vec<avx512> x, std::int8_t* to) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                         _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x)));
    }
};
template <> struct int8_of<avx512> : int8_of_avx512 {
    struct row {
        __m512i magnitude;
        __mmask64 negative;
    };
    static constexpr bool unsigned_q = false;

    static row of(__m512i x) { return {_mm512_abs_epi8(x), _mm512_movepi8_mask(x)}; }
    static row broadcast(const std::int8_t* x) { return of(_mm512_set1_epi32(four_of(x))); }
    static sums dot(sums s, row x, __m512i w) {
        const __m512i turned = _mm512_mask_sub_epi8(w, x.negative, _mm512_setzero_si512(), w);
        const __m512i pairs = _mm512_maddubs_epi16(x.magnitude, turned);
        return _mm512_add_epi32(s, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
};
#endif

#ifdef __AVX512VNNI__
template <> struct int8_of<avx512_vnni> : int8_of_avx512 {
    using row = __m512i;
    static constexpr bool unsigned_q = true;

    static row of(__m512i x) { return x; }
    static row broadcast(const std::int8_t* x) { return _mm512_set1_epi32(four_of(x)); }
    static sums dot(sums s, row x, __m512i w) { return _mm512_dpbusd_epi32(s, x, w); }
    static void add_128(std::int8_t* q) {
        _mm512_storeu_si512(q, _mm512_xor_si512(load(q), _mm512_set1_epi8(-128)));
    }
};
#endif

#ifdef RECKON_AMX
/// Rows that are handed over at once: those of a task.
template <> struct int8_of<avx512_amx> : int8_of<avx512_vnni> {
    static constexpr idx tile_rows = 144, rows_by_vectors = 4;
};
#endif

#ifdef __aarch64__
template <> struct int8_of<neon64> {
    using sums = int32x4_t;
    using row = int8x16_t;
    static constexpr idx tile_rows = 8;
    static constexpr bool unsigned_q = false;

    static sums zero() { return vdupq_n_s32(0); }
    static int8x16_t load(const std::int8_t* w) { return vld1q_s8(w); }
    static row of(int8x16_t x) { return x; }
    static row broadcast(const std::int8_t* x) {
        return vreinterpretq_s8_s32(vdupq_n_s32(four_of(x)));
    }
    static sums dot(sums s, row x, int8x16_t w) {
#ifdef __ARM_FEATURE_DOTPROD
        return vdotq_s32(s, x, w);
#else
        const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w)),
                        high = vmull_s8(vget_high_s8(x), vget_high_s8(w));
        return vaddq_s32(s, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
#endif
    }
    static sums minus(sums a, sums b) { return vsubq_s32(a, b); }
    static sums load_sums(const std::int32_t* s) { return vld1q_s32(s); }
    static void store(sums s, std::int32_t* to) { vst1q_s32(to, s); }
    static sums one_of_four(int8x16_t w, int which) {
        return vshrq_n_s32(vshlq_s32(vreinterpretq_s32_s8(w), vdupq_n_s32(24 - 8 * which)), 24);
    }
    static sums widen(const std::int8_t* q) {
        const int8x8_t bytes = vreinterpret_s8_s32(vdup_n_s32(four_of(q)));
        return vmovl_s16(vget_low_s16(vmovl_s8(bytes)));
    }
    static vec<neon64> number(sums s) { return vcvtq_f32_s32(s); }
    static void narrow(vec<neon64> x, std::int8_t* to) {
        const int16x4_t halves = vmovn_s32(vcvtnq_s32_f32(x));
        const int8x8_t bytes = vmovn_s16(vcombine_s16(halves, halves));
        std::memcpy(to, &bytes, 4);
    }
};
#endif

/// The sum of all lanes.
template <class Arch> std::int32_t total_of(typename int8_of<Arch>::sums s) {
    alignas(64) std::int32_t lanes[Arch::lanes];
    std::memcpy(lanes, &s, sizeof lanes);
    std::int32_t sum = 0;
    for (std::int32_t lane : lanes) sum += lane;
    return sum;
}

/// int8 as floats.
template <class Arch> vec<Arch> widened(const std::int8_t* q, whole) {
    return int8_of<Arch>::number(int8_of<Arch>::widen(q));
}
template <class Arch> vec<Arch> widened(const std::int8_t* q, first_lanes some) {
    std::int8_t all[Arch::lanes] = {};
    std::memcpy(all, q, some.count);
    return widened<Arch>(all, whole{});
}

/// Rounds to nearest, ties to even.
template <class Arch> void narrow(vec<Arch> x, std::int8_t* to, whole) {
    int8_of<Arch>::narrow(x, to);
}
template <class Arch> void narrow(vec<Arch> x, std::int8_t* to, first_lanes some) {
    std::int8_t all[Arch::lanes];
    int8_of<Arch>::narrow(x, all);
    std::memcpy(to, all, some.count);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
