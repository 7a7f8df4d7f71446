// A context and the CPU backends this build has: the reference, and one for each component that is
// linked. Linking defines RECKON_WITH_*, so what is here follows from the build and never from what
// happens to be installed.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/kernels/reference.hpp>

#ifdef RECKON_WITH_EIGEN
#include <reckon/kernels/eigen.hpp>
#endif
#if defined(RECKON_WITH_XSIMD) || defined(RECKON_SIMD_COMPILED)
#include <reckon/kernels/simd.hpp>
#endif
#ifdef RECKON_WITH_ONEDNN
#include <reckon/kernels/onednn.hpp>
#endif
