// Compiler portability for the whole library: code that runs on both sides of a GPU, exceptions,
// the instruction set of the file, and the integer every extent is measured in. Includes nothing
// else of reckon.
#pragma once

#include <cstddef>
#include <cstdint>

// What crosses between objects of different instruction sets has no body to share: it is inlined
// wherever it is called.
#define RECKON_INLINE __attribute__((always_inline))

#ifdef __CUDACC__
#define RECKON_BOTH __host__ __device__ RECKON_INLINE
#else
#define RECKON_BOTH RECKON_INLINE
#endif

#ifndef RECKON_NO_EXCEPTIONS
#if !defined(__cpp_exceptions)
#define RECKON_NO_EXCEPTIONS 1  // errors then go to `reckon::on_error`, which the program supplies
#endif
#endif

// clang 14 spells them without the underscore.
#if (defined(__AMX_TILE__) && defined(__AMX_INT8__) && defined(__AMX_BF16__)) || \
    (defined(__AMXTILE__) && defined(__AMXINT8__) && defined(__AMXBF16__))
#define RECKON_AMX 1
#endif

// What this translation unit is compiled for. It names an inline namespace around whatever has code
// of its own and no context or model in its name, so that objects built with different flags share
// none: the linker would keep one body for both, and a CPU without its instructions would stop
// there. Views, ids and errors stand outside it and cross.
#ifndef RECKON_ISA
#if defined(__AVX512F__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && \
    defined(__AVX512BW__) && defined(__AVX512VL__)
#if defined(__AVX512VNNI__) && defined(__AVX512BF16__) && defined(RECKON_AMX)
#define RECKON_ISA isa_avx512_amx
#elif defined(__AVX512VNNI__) && defined(__AVX512BF16__)
#define RECKON_ISA isa_avx512_bf16
#elif defined(__AVX512VNNI__)
#define RECKON_ISA isa_avx512_vnni
#else
#define RECKON_ISA isa_avx512
#endif
#elif defined(__AVX2__) && defined(__FMA__)
#define RECKON_ISA isa_avx2
#elif defined(__AVX2__)
#define RECKON_ISA isa_avx2_without_fma
#elif defined(__AVX__)
#define RECKON_ISA isa_avx
#elif defined(__SSE4_2__)
#define RECKON_ISA isa_sse4_2
#elif defined(__ARM_FEATURE_DOTPROD)
#define RECKON_ISA isa_neon64_dot
#elif defined(__aarch64__)
#define RECKON_ISA isa_neon64
#else
#define RECKON_ISA isa_base
#endif
#endif

namespace reckon { inline namespace v0 {

using idx = std::size_t;

}}  // namespace reckon::v0
