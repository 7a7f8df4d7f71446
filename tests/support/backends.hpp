// The backends compiled into this build, as a list for TEMPLATE_TEST_CASE: one test a backend, so
// that ctest counts each that this CPU can't run. A row is a type with the context's tag, the
// names that skips print, whether it is there, and whether it promises equal bits (packed against
// one by one, any number of threads).
#pragma once

#include "skip.hpp"

#include <reckon/backend_by_name.hpp>

#include <string>

namespace test_support {

struct reference {
    using tag = reckon::cpu_reference;
    static constexpr const char* name = "reference";
    static constexpr const char* needs = "";
    static bool here() { return true; }
    static constexpr bool exact = true;
};
#define RECKON_BACKENDS_REFERENCE test_support::reference

// An instruction set is there where reckon::simd is linked, or where the flags make it native.
#if defined(RECKON_WITH_XSIMD) || defined(RECKON_SIMD_COMPILED)
template <class Arch> struct simd_row {
    using tag = reckon::cpu_simd<Arch>;
    static constexpr const char* needs = Arch::name;
    static bool here() { return Arch::here(); }
    static constexpr bool exact = true;
};
#endif
#if defined(RECKON_SIMD_COMPILED) || (defined(RECKON_WITH_XSIMD) && defined(__SSE4_2__))
struct simd_sse4_2 : simd_row<reckon::sse4_2> {
    static constexpr const char* name = "simd<sse4_2>";
};
#define RECKON_BACKENDS_SSE4_2 , test_support::simd_sse4_2
#else
#define RECKON_BACKENDS_SSE4_2
#endif
#if defined(RECKON_SIMD_COMPILED) || \
    (defined(RECKON_WITH_XSIMD) && defined(__AVX2__) && defined(__FMA__))
struct simd_avx2 : simd_row<reckon::avx2> {
    static constexpr const char* name = "simd<avx2>";
};
#define RECKON_BACKENDS_AVX2 , test_support::simd_avx2
#else
#define RECKON_BACKENDS_AVX2
#endif
#if defined(RECKON_SIMD_COMPILED) || \
    (defined(RECKON_WITH_XSIMD) && defined(__AVX512BW__) && defined(__AVX512VL__))
struct simd_avx512 : simd_row<reckon::avx512> {
    static constexpr const char* name = "simd<avx512>";
};
#define RECKON_BACKENDS_AVX512 , test_support::simd_avx512
#else
#define RECKON_BACKENDS_AVX512
#endif
#if defined(RECKON_WITH_XSIMD) && defined(__aarch64__)
struct simd_neon64 : simd_row<reckon::neon64> {
    static constexpr const char* name = "simd<neon64>";
};
#define RECKON_BACKENDS_NEON64 , test_support::simd_neon64
#define RECKON_BACKENDS_ONLY_NEON64
#else
#define RECKON_BACKENDS_NEON64
#endif
// The one of them that a context finds when it is made. Where only headers are, it is the one that
// the flags allow, and kernels/cpu.cpp shows that it is.
#ifdef RECKON_SIMD_COMPILED
struct cpu {
    using tag = reckon::cpu;
    static constexpr const char* name = "cpu";
    static constexpr const char* needs = "sse4_2";
    static bool here() { return reckon::best_isa() != reckon::isa::none; }
    static constexpr bool exact = true;
};
#define RECKON_BACKENDS_CPU , test_support::cpu
#else
#define RECKON_BACKENDS_CPU
#endif

// The instruction sets that `cpu` may be held to.
#ifdef __aarch64__
#define RECKON_TEST_SETS reckon::neon64
#else
#define RECKON_TEST_SETS reckon::sse4_2, reckon::avx2, reckon::avx512
#endif
#define RECKON_BACKENDS_SIMD                                                                  \
    RECKON_BACKENDS_SSE4_2 RECKON_BACKENDS_AVX2 RECKON_BACKENDS_AVX512 RECKON_BACKENDS_NEON64 \
        RECKON_BACKENDS_CPU

#ifdef RECKON_WITH_EIGEN
struct eigen {
    using tag = reckon::cpu_eigen<>;
    static constexpr const char* name = "eigen";
    static constexpr const char* needs = "";
    static bool here() { return true; }
    static constexpr bool exact = false;
};
#ifdef RECKON_SIMD_COMPILED
struct eigen_cpu : cpu {
    using tag = reckon::cpu_eigen<reckon::cpu>;
    static constexpr const char* name = "eigen<cpu>";
    static constexpr bool exact = false;
};
#define RECKON_BACKENDS_EIGEN , test_support::eigen, test_support::eigen_cpu
#else
#define RECKON_BACKENDS_EIGEN , test_support::eigen
#endif
#else
#define RECKON_BACKENDS_EIGEN
#endif

#ifdef RECKON_WITH_ONEDNN
struct onednn {
    using tag = reckon::cpu_onednn<>;
    static constexpr const char* name = "onednn";
    static constexpr const char* needs = "";
    static bool here() { return true; }
    static constexpr bool exact = false;
};
#define RECKON_BACKENDS_ONEDNN , test_support::onednn
#else
#define RECKON_BACKENDS_ONEDNN
#endif

// What oneDNN serves on a stack, and what it leaves to SIMD below.
#if defined(RECKON_WITH_ONEDNN) && defined(RECKON_SIMD_COMPILED)
template <class Arch> struct onednn_row : simd_row<Arch> {
    using tag = reckon::cpu_onednn<reckon::cpu_simd<Arch>>;
    static constexpr bool exact = false;
};
struct onednn_avx2 : onednn_row<reckon::avx2> {
    static constexpr const char* name = "onednn<simd<avx2>>";
};
struct onednn_avx512 : onednn_row<reckon::avx512> {
    static constexpr const char* name = "onednn<simd<avx512>>";
};
struct onednn_cpu : cpu {
    using tag = reckon::cpu_onednn<reckon::cpu>;
    static constexpr const char* name = "onednn<cpu>";
    static constexpr bool exact = false;
};
#define RECKON_BACKENDS_ONEDNN_SIMD \
    , test_support::onednn_avx2, test_support::onednn_avx512, test_support::onednn_cpu
#else
#define RECKON_BACKENDS_ONEDNN_SIMD
#endif

// Under an emulator the reference is slow, and no other than it is everywhere.
#ifdef RECKON_BACKENDS_ONLY_NEON64
#define RECKON_TEST_BACKENDS test_support::simd_neon64
#else
#define RECKON_TEST_BACKENDS                                                                    \
    RECKON_BACKENDS_REFERENCE RECKON_BACKENDS_SIMD RECKON_BACKENDS_EIGEN RECKON_BACKENDS_ONEDNN \
        RECKON_BACKENDS_ONEDNN_SIMD
#endif

/// False, after the line that counts the test as skipped, where this CPU can't run the backend.
template <class Backend> bool runs(const std::string& test) {
    if (Backend::here()) return true;
    skip(test + " " + Backend::name, std::string{"this CPU lacks "} + Backend::needs);
    return false;
}

}  // namespace test_support
