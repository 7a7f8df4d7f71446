// What an instruction set knows of bf16. Products are summed in float, two numbers of depth at a
// time. AVX-512 multiplies pairs (vdpbf16ps, which reads and writes denormals as zero); the others
// widen them: a bf16 is the upper half of a float.
#pragma once

#include <reckon/kernels/simd/vector.hpp>

#include <cstring>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// What an instruction set knows of bf16: pairs of it, as many as it has lanes, and their dot
/// products.
template <class Arch> struct bf16_of {
    struct vector {
        vec<Arch> low, high;
    };
    /// Rows that fit beside the halves of panel_vectors columns.
    static constexpr idx tile_rows = Arch::lanes == 16 ? 6 : std::same_as<Arch, neon64> ? 4 : 2;

    static vector load(const bf16* w) {
        return halves(vec<Arch>::load_unaligned(reinterpret_cast<const float*>(w)));
    }
    static vector broadcast(const bf16* x) {
        float two;
        std::memcpy(&two, x, sizeof two);
        return halves(vec<Arch>(two));
    }
    static vec<Arch> dot(vec<Arch> sum, const vector& x, const vector& w) {
        return fused<Arch>(x.high, w.high, fused<Arch>(x.low, w.low, sum));
    }

  private:
    static vector halves(vec<Arch> both) {
        const vec<Arch> upper(__builtin_bit_cast(float, 0xffff0000u));
        if constexpr (std::same_as<Arch, neon64>)
            return {vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(both), 16)),
                    both & upper};
        else
            return {
                xsimd::bitwise_cast<vec<Arch>>(
                    xsimd::bitwise_cast<xsimd::batch<std::int32_t, typename on<Arch>::arch>>(both)
                    << 16),
                both & upper};
    }
};

#if defined(__AVX512BF16__) && defined(__AVX512VNNI__)
template <> struct bf16_of<avx512_bf16> {
    using vector = __m512bh;
    static constexpr idx tile_rows = 9;

    static vector load(const bf16* w) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(w)); }
    static vector broadcast(const bf16* x) {
        std::int32_t two;
        std::memcpy(&two, x, sizeof two);
        return reinterpret_cast<__m512bh>(_mm512_set1_epi32(two));
    }
    static vec<avx512_bf16> dot(vec<avx512_bf16> sum, vector x, vector w) {
        return _mm512_dpbf16_ps(sum, x, w);
    }
};
#endif

#ifdef RECKON_AMX
/// Rows that are handed over at once: those of a task.
template <> struct bf16_of<avx512_amx> : bf16_of<avx512_bf16> {
    static constexpr idx tile_rows = 144;
};
#endif

}}}}  // namespace reckon::v0::simd::RECKON_ISA
