// The register tile that linear and attention are made of: y = start + x panel, a few rows of
// broadcast numbers times panel_vectors vectors of columns. Each result is one chain of fused
// multiply-adds in the order of `depth`, so it does not depend on the tile it was computed in.
#pragma once

#include <reckon/kernels/simd/batch.hpp>
#include <reckon/kernels/simd/calls.hpp>

namespace reckon::inline v0::simd::RECKON_ISA {

/// y(r, c) = start(r, c) + sum over k of x[r * x_row + k * x_step] * panel[k * panel_step + c]
struct product {
    const float* x;
    idx x_row, x_step;
    const float* panel;
    idx panel_step, depth;
    const float* start;  // start_row 0: one row for all
    idx start_row;
    float* y;
    idx y_row;
};

template <class Arch, idx Rows, idx Vectors> void tile(const product& p) {
    vec<Arch> sums[Rows][Vectors];
    unroll<Rows>([&](auto r) {
        unroll<Vectors>(
            [&](auto c) { sums[r][c] = load<Arch>(p.start + r * p.start_row + c * Arch::lanes); });
    });
    const float* x = p.x;
    const float* panel = p.panel;
    for (idx k = 0; k < p.depth; ++k, x += p.x_step, panel += p.panel_step) {
        vec<Arch> columns[Vectors];
        unroll<Vectors>([&](auto c) { columns[c] = load<Arch>(panel + c * Arch::lanes); });
        unroll<Rows>([&](auto r) {
            const vec<Arch> row(x[r * p.x_row]);
            unroll<Vectors>([&](auto c) { sums[r][c] = fused<Arch>(row, columns[c], sums[r][c]); });
        });
    }
    unroll<Rows>([&](auto r) {
        unroll<Vectors>(
            [&](auto c) { store<Arch>(sums[r][c], p.y + r * p.y_row + c * Arch::lanes); });
    });
}

/// The tile of this many rows and vectors.
template <class Arch> void run_tile(const product& p, idx rows, idx vectors) {
    unroll<on<Arch>::tile_rows>([&](auto r) {
        unroll<panel_vectors>([&](auto c) {
            if (rows == r + 1 && vectors == c + 1) tile<Arch, r + 1, c + 1>(p);
        });
    });
}

/// f(first, count) over n rows in tiles of nearly equal height: ten are five and five.
template <idx Most, class F> void balanced(idx n, const F& f) {
    const idx tiles = (n + Most - 1) / Most;
    for (idx i = 0, first = 0; i < tiles; ++i) {
        const idx count = (n - first) / (tiles - i);
        f(first, count);
        first += count;
    }
}

/// Any number of rows.
template <class Arch> void run_product(const product& p, idx rows, idx vectors) {
    balanced<on<Arch>::tile_rows>(rows, [&](idx first, idx count) {
        product own = p;
        own.x += first * p.x_row;
        own.start += first * p.start_row;
        own.y += first * p.y_row;
        run_tile<Arch>(own, count, vectors);
    });
}

}  // namespace reckon::inline v0::simd::RECKON_ISA
