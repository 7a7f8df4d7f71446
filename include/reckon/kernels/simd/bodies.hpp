// All kernel bodies: included where the translation unit's flags make some arch native, and by the
// objects of reckon::simd.
#pragma once

// g++ 12 sees uninitialised variables in its own avx512fintrin.h, which its authors meant so.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <reckon/kernels/simd/amx.hpp>
#include <reckon/kernels/simd/attention.hpp>
#include <reckon/kernels/simd/linear.hpp>
#include <reckon/kernels/simd/linear_bf16.hpp>
#include <reckon/kernels/simd/linear_int8.hpp>
#include <reckon/kernels/simd/rope.hpp>
#include <reckon/kernels/simd/rows.hpp>
#include <reckon/kernels/simd/top_k.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
