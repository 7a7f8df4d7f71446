// linear over f32 weights: packed panels (the register tile) and a dense weight [out, in] (dot
// products, a few outputs of several rows at a time). Packed weights that read the same rows
// (query, key, value) are one parallel region. The order of a sum depends on its length alone.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/kernels/simd/panels.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/math.hpp>
#include <reckon/kernels/simd/tile.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = f(x w^T + bias); a null bias adds nothing.
struct linear_dense {
    view<const float> x, w, bias;
    activation f;
    view<float> y;
};

/// The same for the columns of one panel (kernels/simd/panels.hpp); bias and y are those columns.
/// `next` is the panel to read ahead meanwhile, wherever it points; none where it is the panel.
struct linear_panel {
    view<const float> x;
    const float *panel, *next;
    view<const float> bias;
    activation f;
    view<float> y;  // at most panel_vectors * lanes columns
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void linears_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                    simd::group<typename simd_panels<Arch>::view> group) {
    const auto arch = simd::arch_of<Arch>(ctx);
    for (const auto& p : group) p.w.layout.expect(arch);
    simd::by_blocks_of(
        ctx, x.rows, x.cols * sizeof(float), group, simd::panel_vectors * arch.lanes,
        [&](const auto& p, idx r, idx rows, idx o, idx outs, idx next) {
            simd::call(arch, simd::linear_panel{x.slice(r, rows), p.w.panel(o), p.w.panel(next),
                                                p.e.bias.columns(o, outs), p.e.f,
                                                p.y.slice(r, rows).columns(o, outs)});
        });
}

/// Over a packed weight, which is one of one.
template <class Arch, class Next, class C, class W>
requires requires(C& ctx, view<const float> x, simd::group<W> group) {
    linears_kernel(cpu_simd<Arch, Next>{}, ctx, x, group);
}
void linear_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> x, W w, epilogue<float> e,
                   view<float> y) {
    const linear_operands<W, float> one[]{{w, e, y}};
    linears_kernel(tag, ctx, x, simd::group<W>(one));
}

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> w,
                   epilogue<float> e, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
        simd::call(arch,
                   simd::linear_dense{x.slice(r, rows), w.slice(o, outs), e.bias.columns(o, outs),
                                      e.f, y.slice(r, rows).columns(o, outs)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
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

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
