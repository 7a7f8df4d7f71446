// How the SIMD backend hands out work: by shape alone, to the context's workers, each share to the
// kernel of an instruction set, inlined or compiled (kernels/simd/compiled.hpp).
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/view.hpp>
#include <reckon/kernels/simd/arch.hpp>

#include <cstring>
#include <span>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

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

/// f(row, rows, column, columns, worker) likewise.
template <class C, class F>
void by_blocks_by_worker(C& ctx, idx rows, idx high, idx cols, idx wide, const F& f) {
    const idx down = (rows + high - 1) / high, across = (cols + wide - 1) / wide;
    ctx.parallel(down * across, [&](idx task, idx worker) {
        const idx row = task % down * high, col = task / down * wide;
        f(row, rows - row < high ? rows - row : high, col, cols - col < wide ? cols - col : wide,
          worker);
    });
}

/// A gradient as rows to be added to.
inline view<float> begun(gradient_view<float> d) {
    d.begin_at_zero();
    return d;
}

/// Products of the same rows.
template <class W> using group = std::span<const linear_operands<W, float>>;

/// f(one, row, rows, column, columns, next) likewise, over the results of several products of the
/// same rows, all tasks at once. `next` is the column, if need be beyond the last, where the worker
/// is likely to go on, or this one, as another block of rows comes first. Rows of x, of so many
/// bytes, are taken in bands of 4 MB, which a cache holds while all columns pass.
template <class C, class Group, class F>
void by_blocks_of(C& ctx, idx rows, idx row_bytes, const Group& group, idx wide, const F& f) {
    constexpr idx high = 144;
    const auto across = [&](const auto& one) { return (one.y.cols + wide - 1) / wide; };
    idx all = 0;
    for (const auto& one : group) all += across(one);
    const idx down = (rows + high - 1) / high, fit = (idx{4} << 20) / (high * row_bytes + 1) + 1;
    ctx.parallel(down * all, [&](idx task, idx) {
        const idx top = task / (fit * all) * fit, band = down - top < fit ? down - top : fit;
        const idx own = task - top * all, block = top + own % band, row = block * high;
        idx i = 0, column = own / band;
        for (; column >= across(group[i]); ++i) column -= across(group[i]);
        const idx col = column * wide, left = group[i].y.cols - col;
        const idx next = band == 1 ? ctx.threads() : own % band == band - 1 ? 1 : 0;
        f(group[i], row, rows - row < high ? rows - row : high, col, left < wide ? left : wide,
          col + next * wide);
    });
}

/// Whole rows, which may stand apart.
inline void copy_rows(view<const float> x, view<float> y) {
    for (idx i = 0; i < y.rows; ++i) std::memcpy(y.row(i), x.row(i), y.cols * sizeof(float));
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
