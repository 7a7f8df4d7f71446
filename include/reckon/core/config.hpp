// Compiler portability for the whole library: code that runs on both sides of a GPU, exceptions,
// the instruction set of the file, and the integer every extent is measured in. Includes nothing
// else of reckon.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__
#define RECKON_BOTH __host__ __device__
#else
#define RECKON_BOTH
#endif

#ifndef RECKON_NO_EXCEPTIONS
#if !defined(__cpp_exceptions)
#define RECKON_NO_EXCEPTIONS 1  // errors then go to `reckon::on_error`, which the program supplies
#endif
#endif

// What this translation unit is compiled for. It names an inline namespace around the root of every
// CPU tag and what stands below a context, so that objects built with different flags share
// neither: the linker would keep one body for both, and a CPU without its instructions would stop
// there.
#ifndef RECKON_ISA
#if defined(__AVX512F__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && \
    defined(__AVX512BW__) && defined(__AVX512VL__)
#define RECKON_ISA isa_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define RECKON_ISA isa_avx2
#elif defined(__AVX2__)
#define RECKON_ISA isa_avx2_without_fma
#elif defined(__AVX__)
#define RECKON_ISA isa_avx
#elif defined(__SSE4_2__)
#define RECKON_ISA isa_sse4_2
#elif defined(__aarch64__)
#define RECKON_ISA isa_neon64
#else
#define RECKON_ISA isa_base
#endif
#endif

namespace reckon::inline v0 {

using idx = std::size_t;

}  // namespace reckon::inline v0
