// All kernel bodies: included where the translation unit's flags make some arch native, and by the
// objects of reckon::simd.
#pragma once

#include <reckon/kernels/simd/attention.hpp>
#include <reckon/kernels/simd/linear.hpp>
#include <reckon/kernels/simd/rows.hpp>
