// The register tile that linear and attention are made of: y = start + x panel, a few rows of
// broadcast numbers times panel_vectors vectors of columns. Each result is one chain of fused
// multiply-adds in the order of `depth`, so it does not depend on the tile it was computed in.
#pragma once

#include <reckon/kernels/simd/sizes.hpp>
#include <reckon/kernels/simd/vector.hpp>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

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

/// Memory that a tile asks for while it multiplies: in each step of depth so many lines of 64
/// bytes, `step` bytes behind those of the step before.
template <idx Lines> struct ahead {
    const char* at = nullptr;
    idx step = 0;

    /// (Inlined by force: g++ takes a function that only prefetches for one that does nothing.)
    [[gnu::always_inline]] void ask(idx k) const {
        if constexpr (Lines > 0) __builtin_prefetch(at + k * step, 0, 2);
        if constexpr (Lines > 1) __builtin_prefetch(at + k * step + 64, 0, 2);
        if constexpr (Lines > 2) __builtin_prefetch(at + k * step + 128, 0, 2);
        static_assert(Lines <= 3);
    }
};

template <class Arch, idx Rows, idx Vectors, idx Lines = 0>
void tile(const product& p, ahead<Lines> memory = {}) {
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
        memory.ask(k);
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
template <class Arch, idx Lines = 0>
void run_tile(const product& p, idx rows, idx vectors, ahead<Lines> memory = {}) {
    unroll<on<Arch>::tile_rows>([&](auto r) {
        unroll<panel_vectors>([&](auto c) {
            if (rows == r + 1 && vectors == c + 1) tile<Arch, r + 1, c + 1>(p, memory);
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

/// f(first, count, ahead) over rows that are multiplied by a panel, of which a step of depth reads
/// `step` bytes, at most Step. Left alone a core reads memory when it meets it, and waits: tiles
/// ask for what comes next while they multiply what is there. The last ones bring `next`, the panel
/// to come, into the second cache, each a share of it; a single one, which has no time for that,
/// asks for its own panel a little before it reads it. Where next is the panel itself nothing
/// comes.
template <idx Most, idx Step, class F>
void over_panel(const void* panel, const void* next, idx step, idx depth, idx rows, const F& f) {
    constexpr idx lines = (Step + 63) / 64, lead = 8192;
    const auto* const own = static_cast<const char*>(panel);
    const auto* const to_come = static_cast<const char*>(next);
    const idx tiles = (rows + Most - 1) / Most, shares = tiles < lines ? tiles : lines;
    idx left = tiles + 1;
    balanced<Most>(rows, [&](idx first, idx count) {
        if (tiles == 1) return f(first, count, ahead<lines>{own + lead, step});
        if (--left > shares || next == panel) return f(first, count, ahead<0>{});
        const char* const share = to_come + (shares - left) * (step * depth / shares);
        if (shares < lines)
            f(first, count, ahead<lines>{share, step / shares});
        else
            f(first, count, ahead<1>{share, step / shares});
    });
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

}}}}  // namespace reckon::v0::simd::RECKON_ISA
