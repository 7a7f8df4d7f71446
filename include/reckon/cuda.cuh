// The CUDA backend, for translation units that nvcc compiles. A CPU build never meets it.
#pragma once

#include <reckon/kernels/cuda.cuh>
#include <reckon/kernels/reference.hpp>
