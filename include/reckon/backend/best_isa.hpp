// The best instruction set that SIMD kernels may use on this CPU, for programs that choose their
// backend when they start. A program may cap it by a text of its own, such as an environment
// variable; the library itself reads no environment.
#pragma once

#include <reckon/backend/isa.hpp>
#include <reckon/core/error.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Not above `cap`: empty (no cap), sse4_2, avx2 or avx512; any other word is an error.
inline isa best_isa(std::string_view cap = {}) {
    constexpr isa x86[] = {isa::sse4_2, isa::avx2, isa::avx512};
    const bool here[] = {sse4_2::here(), avx2::here(), avx512::here()};
    bool known = cap.empty();
    for (isa set : x86) known = known || cap == name_of(set);
    expect_that(known, "best_isa", "cap", "sse4_2, avx2 or avx512", cap);

    isa best = neon64::here() ? isa::neon64 : isa::none;
    for (idx i = 0; i < 3 && here[i]; ++i) {
        best = x86[i];
        if (cap == name_of(best)) break;
    }
    return best;
}

}}}  // namespace reckon::v0::RECKON_ISA
