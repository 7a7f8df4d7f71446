// Which form of a SIMD kernel a translation unit calls. Its own flags decide first: an arch it is
// compiled for is `native`, its bodies are inlined here. Any other x86 arch needs reckon::simd,
// whose objects hold `compiled<Arch>` under one fixed name. RECKON_SIMD_COMPILED, which linking it
// sets, can only turn an error into a call: a native translation unit takes its own bodies anyway.
#pragma once

#include <reckon/backend/isa.hpp>

#include <concepts>

namespace reckon { inline namespace v0 { namespace simd {

/// Defined in the objects of reckon::simd (cmake/simd_arch.cpp.in).
template <class Arch> struct compiled { template <class Call> static void run(const Call&); };

inline namespace RECKON_ISA {

template <class Arch> inline constexpr bool native = false;
#ifdef __SSE4_2__
template <> inline constexpr bool native<sse4_2> = true;
#endif
#if defined(__AVX2__) && defined(__FMA__)
template <> inline constexpr bool native<avx2> = true;
#endif
#if defined(__AVX512F__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && \
    defined(__AVX512BW__) && defined(__AVX512VL__)
template <> inline constexpr bool native<avx512> = true;
#endif
#if defined(__AVX512VNNI__)
template <> inline constexpr bool native<avx512_vnni> = native<avx512>;
#endif
#if defined(__AVX512VNNI__) && defined(__AVX512BF16__)
template <> inline constexpr bool native<avx512_bf16> = native<avx512>;
#endif
#ifdef RECKON_AMX
template <> inline constexpr bool native<avx512_amx> = native<avx512_bf16>;
#endif
#ifdef __aarch64__
template <> inline constexpr bool native<neon64> = true;
#endif

#ifdef RECKON_SIMD_COMPILED
inline constexpr bool linked = true;
#else
inline constexpr bool linked = false;
#endif
template <class Arch>
inline constexpr bool usable = native<Arch> || (linked && !std::same_as<Arch, neon64>);

/// The kernel of an instruction set that is known when the program is compiled.
template <class Arch, class Call> void call(Arch, const Call& c) {
    if constexpr (native<Arch>)
        run<Arch>(c);
    else if constexpr (usable<Arch>)
        compiled<Arch>::run(c);
    // else the tag's static_assert has said what is missing
}

}  // namespace RECKON_ISA

}}}  // namespace reckon::v0::simd
