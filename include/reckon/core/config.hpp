// Compiler portability for the whole library: one macro for code that runs on both sides of a GPU,
// and the integer every extent is measured in. Includes nothing else of reckon.
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

namespace reckon::inline v0 {

using idx = std::size_t;

}  // namespace reckon::inline v0
