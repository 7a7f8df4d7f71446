// error: this translation unit is not compiled for this instruction set; add its flags
#ifndef RECKON_FIXED
#undef RECKON_SIMD_COMPILED  // as without reckon::simd
#endif
#include <reckon/backend/context.hpp>
#include <reckon/kernels/simd.hpp>

void run() { reckon::context<reckon::cpu_simd<reckon::avx512>> ctx; }
