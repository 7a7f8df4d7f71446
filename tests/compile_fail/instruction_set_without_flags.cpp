// error: cpu_simd: this translation unit is not compiled for this instruction set; add its flags
#undef RECKON_SIMD_COMPILED  // as where reckon::simd is not linked
#include <reckon/backend/context.hpp>
#include <reckon/kernels/simd.hpp>

#ifdef RECKON_FIXED
using tag = reckon::cpu_reference;
#elif defined(__aarch64__)
using tag = reckon::cpu_simd<reckon::avx2>;
#else
using tag = reckon::cpu_simd<reckon::avx512>;
#endif

void run() { reckon::context<tag> ctx; }
