// linear over packed panels (the register tile) and over a dense weight [out, in] (dot products,
// a few outputs of several rows at a time); linear_transposed, whose weight is a panel as it lies.
// The order of a sum depends on its length alone.
#pragma once

#include <reckon/kernels/simd/math.hpp>
#include <reckon/kernels/simd/tile.hpp>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const linear_panel& c) {
    constexpr idx width = panel_vectors * Arch::lanes;
    const idx vectors = (c.y.cols + Arch::lanes - 1) / Arch::lanes;
    alignas(64) float start[width] = {}, rest[on<Arch>::tile_rows * width];
    if (c.bias.data != nullptr)
        for (idx o = 0; o < width && o < c.y.cols; ++o) start[o] = c.bias.data[o];

    const bool fits = c.y.cols % Arch::lanes == 0;  // else the last vector goes by way of `rest`
    const auto each = [&](idx first, idx count, auto memory) {
        float* y = fits ? c.y.row(first) : rest;
        const idx y_row = fits ? c.y.stride : width;
        run_tile<Arch>({c.x.row(first), c.x.stride, 1, c.panel, vectors * Arch::lanes, c.x.cols,
                        start, 0, y, y_row},
                       count, vectors, memory);
        if (!fits || c.f != activation::none)
            activate<Arch>(c.f, {y, count, c.y.cols, y_row}, c.y.slice(first, count));
    };
    over_panel<on<Arch>::tile_rows, width * sizeof(float)>(
        c.panel, c.next, vectors * Arch::lanes * sizeof(float), c.x.cols, c.x.rows, each);
}

/// Dot products of Rows rows with at most Outs rows of the weight. Flattened: an array of sums that
/// a call may touch does not stay in registers.
template <class Arch, idx Rows, idx Outs, idx Lines>
[[gnu::flatten]] void dot_tile(const linear_dense& c, idx row, idx out, ahead<Lines> memory) {
    const float *x[Rows], *w[Outs];
    const idx outs = Outs < c.w.rows - out ? Outs : c.w.rows - out;
    unroll<Rows>([&](auto r) { x[r] = c.x.row(row + r); });
    unroll<Outs>([&](auto o) { w[o] = c.w.row(out + (o < outs ? idx(o) : outs - 1)); });

    vec<Arch> sums[Rows][Outs];
    unroll<Rows>([&](auto r) { unroll<Outs>([&](auto o) { sums[r][o] = vec<Arch>(0); }); });
    steps<Arch>(c.x.cols, [&](idx k, auto size) {
        memory.ask(k / Arch::lanes);
        vec<Arch> weights[Outs];
        unroll<Outs>([&](auto o) { weights[o] = load<Arch>(w[o] + k, size); });
        unroll<Rows>([&](auto r) {
            const vec<Arch> numbers = load<Arch>(x[r] + k, size);
            unroll<Outs>(
                [&](auto o) { sums[r][o] = fused<Arch>(numbers, weights[o], sums[r][o]); });
        });
    });
    unroll<Rows>([&](auto r) {
        unroll<Outs>([&](auto o) {
            if (o >= outs) return;
            const float bias = c.bias.data != nullptr ? c.bias.data[out + o] : 0;
            c.y(row + r, out + o) = sum_of<Arch>(sums[r][o]) + bias;
        });
    });
}

/// All outputs, in tiles of at most Rows x Outs. Rows of the weight that follow one another are
/// read ahead as a panel is.
template <class Arch, idx Rows, idx Outs> void dot_tiles(const linear_dense& c) {
    constexpr idx step = Outs * Arch::lanes * sizeof(float);
    const idx depth = (c.w.cols + Arch::lanes - 1) / Arch::lanes;
    for (idx out = 0; out < c.w.rows; out += Outs) {
        const auto each = [&](idx row, idx count, auto memory) {
            unroll<Rows>([&](auto r) {
                if (count == r + 1) dot_tile<Arch, r + 1, Outs>(c, row, out, memory);
            });
        };
        if (c.w.packed())
            over_panel<Rows, step>(c.w.row(out), c.w.row(out + Outs), step, depth, c.x.rows, each);
        else
            balanced<Rows>(c.x.rows, [&](idx row, idx count) { each(row, count, ahead<0>{}); });
    }
}

template <class Arch> void run(const linear_dense& c) {
    // While x stays in the first cache, one row of the weight at a time is a single stream, which a
    // core reads from memory twice as fast as three; else 12 sums, as the tile of 16 registers.
    constexpr idx first_cache = 6 * 1024;
    if (c.x.rows <= 8 && c.x.rows * c.x.cols <= first_cache)
        dot_tiles<Arch, 8, 1>(c);
    else
        dot_tiles<Arch, 4, 3>(c);
    if (c.f != activation::none) activate<Arch>(c.f, c.y, c.y);
}

template <class Arch> void run(const linear_transposed& c) {
    alignas(64) const float zeros[panel_vectors * Arch::lanes] = {};
    const idx vectors = c.y.cols / Arch::lanes, done = vectors * Arch::lanes;
    run_product<Arch>(
        {c.x.data, c.x.stride, 1, c.w.data, c.w.stride, c.w.rows, zeros, 0, c.y.data, c.y.stride},
        c.y.rows, vectors);
    if (done == c.y.cols) return;
    const first_lanes rest{c.y.cols - done};
    for (idx r = 0; r < c.y.rows; ++r) {
        vec<Arch> sum(0);
        for (idx k = 0; k < c.w.rows; ++k)
            sum = fused<Arch>(vec<Arch>(c.x(r, k)), load<Arch>(c.w.row(k) + done, rest), sum);
        store<Arch>(sum, c.y.row(r) + done, rest);
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
