// error: compiled for no instruction set that has SIMD kernels; link reckon::simd, or add flags
#ifndef RECKON_FIXED
#undef RECKON_SIMD_COMPILED  // as without reckon::simd
#endif
#include <reckon/backend/context.hpp>
#include <reckon/kernels/simd.hpp>

void run() { reckon::context<reckon::cpu> ctx; }
