// How the SIMD backend hands out work: by shape alone, to the context's workers, each share to the
// kernel of an instruction set, inlined or compiled (kernels/simd/compiled.hpp).
#pragma once

#include <reckon/kernels/simd/calls.hpp>
#include <reckon/kernels/simd/compiled.hpp>

#if defined(__SSE4_2__) || defined(__aarch64__)
#include <reckon/kernels/simd/bodies.hpp>
#endif

namespace reckon::inline v0 {

namespace simd {
/// f(first, count) over rows in tasks of about 8192 numbers.
template <class C, class F> void by_rows(C& ctx, idx rows, idx cols, const F& f) {
    const idx each = cols < 8192 ? 8192 / (cols + 1) + 1 : 1;
    ctx.parallel((rows + each - 1) / each, [&](idx task, idx) {
        const idx first = task * each;
        f(first, rows - first < each ? rows - first : each);
    });
}

/// f(row, rows, column, columns) over tasks of at most `high` rows and `wide` columns.
template <class C, class F>
void by_blocks(C& ctx, idx rows, idx high, idx cols, idx wide, const F& f) {
    const idx down = (rows + high - 1) / high, across = (cols + wide - 1) / wide;
    ctx.parallel(down * across, [&](idx task, idx) {
        const idx row = task % down * high, col = task / down * wide;
        f(row, rows - row < high ? rows - row : high, col, cols - col < wide ? cols - col : wide);
    });
}

/// f(part, row, rows, column, columns) likewise, over the results of several products of the same
/// rows, all tasks at once.
template <class C, class Parts, class F>
void by_blocks_of(C& ctx, idx rows, idx high, const Parts& parts, idx wide, const F& f) {
    const auto across = [&](const auto& part) { return (part.y.cols + wide - 1) / wide; };
    idx all = 0;
    for (const auto& part : parts) all += across(part);
    const idx down = (rows + high - 1) / high;
    ctx.parallel(down * all, [&](idx task, idx) {
        idx i = 0, column = task / down;
        for (; column >= across(parts[i]); ++i) column -= across(parts[i]);
        const idx row = task % down * high, col = column * wide, left = parts[i].y.cols - col;
        f(parts[i], row, rows - row < high ? rows - row : high, col, left < wide ? left : wide);
    });
}

namespace RECKON_ISA {
template <class Arch, class Call> void call(const Call& c) {
    if constexpr (native<Arch>)
        run<Arch>(c);
    else if constexpr (usable<Arch>)
        compiled<Arch>::run(c);
    // else the tag's static_assert has said what is missing
}
}  // namespace RECKON_ISA
}  // namespace simd

}  // namespace reckon::inline v0
