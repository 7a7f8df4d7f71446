// linear over bf16 weights, packed or as they lie: rows of x are rounded to bf16 once for all
// products that read them (bf16.hpp).
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/kernels/simd/panels.hpp>
#include <reckon/kernels/simd/round_rows.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/amx.hpp>
#include <reckon/kernels/simd/bf16.hpp>
#include <reckon/kernels/simd/math.hpp>
#include <reckon/kernels/simd/tile.hpp>

#include <cstring>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = f(x w^T + bias) over bf16 weights, for the columns of one panel
/// (kernels/simd/panels.hpp). Rows of x are bf16 too, filled up with zero to an even number.
struct linear_bf16_panel {
    view<const bf16> x;
    const bf16 *panel, *next;
    view<const float> bias;
    activation f;
    view<float> y;
};

/// The same over bf16 rows as they are, [out, in].
struct linear_bf16_rows {
    view<const bf16> x, w;
    view<const float> bias;
    activation f;
    view<float> y;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// x as bf16 in the workspace, filled up with zero to an even number of columns.
template <class Arch, class C> view<const bf16> as_bf16(Arch arch, C& ctx, view<const float> x) {
    const auto rounded = ctx.template make<bf16>(x.rows, round_up(x.cols, 2));
    by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        call(arch, round_rows{x.slice(r, rows), rounded.slice(r, rows).columns(0, x.cols)});
        for (idx i = r; i < r + rows && x.cols != rounded.cols; ++i) rounded(i, x.cols) = bf16{};
    });
    return rounded;
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class W>
requires std::same_as<W, view<const bf16>> || std::same_as<W, typename simd_bf16_panels<Arch>::view>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows, const W& w) {
    return rows * simd::round_up(w.cols, 2) * sizeof(bf16);
}

template <class Arch, class Next, class C>
void linears_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                    simd::group<typename simd_bf16_panels<Arch>::view> group) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto dots = simd::extended<avx512_amx, avx512_bf16>(arch);
    for (const auto& p : group) p.w.layout.expect(arch);
    const auto inside = ctx.scratch();
    const auto own = simd::as_bf16(arch, ctx, x);
    simd::by_blocks_of(
        ctx, x.rows, x.cols * sizeof(bf16), group, simd::panel_vectors * arch.lanes,
        [&](const auto& p, idx r, idx rows, idx o, idx outs, idx next) {
            simd::call(dots, simd::linear_bf16_panel{own.slice(r, rows), p.w.panel(o),
                                                     p.w.panel(next), p.e.bias.columns(o, outs),
                                                     p.e.f, p.y.slice(r, rows).columns(o, outs)});
        });
}

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const bf16> w,
                   epilogue<float> e, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto dots = simd::extended<avx512_amx, avx512_bf16>(arch);
    const auto inside = ctx.scratch();
    const auto own = simd::as_bf16(arch, ctx, x);
    simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
        simd::call(dots, simd::linear_bf16_rows{own.slice(r, rows), w.slice(o, outs),
                                                e.bias.columns(o, outs), e.f,
                                                y.slice(r, rows).columns(o, outs)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// y = start + x panel for `Rows` rows. Flattened, and with nothing behind the loop but stores:
/// sums that more code touches do not stay in registers.
template <class Arch, idx Rows, idx Vectors, idx Lines>
[[gnu::flatten]] void bf16_tile(const linear_bf16_panel& c, idx first, const float* start, float* y,
                                idx y_row, ahead<Lines> memory) {
    using P = bf16_of<Arch>;
    constexpr idx step = Vectors * Arch::lanes * 2;
    const bf16* x = c.x.row(first);
    const bf16* panel = c.panel;
    vec<Arch> sums[Rows][Vectors];
    unroll<Rows>([&](auto r) {
        unroll<Vectors>([&](auto v) { sums[r][v] = load<Arch>(start + v * Arch::lanes); });
    });
    for (idx k = 0; k < c.x.cols; k += 2, x += 2, panel += step) {
        memory.ask(k / 2);
        decltype(P::load(panel)) w[Vectors];
        unroll<Vectors>([&](auto v) { w[v] = P::load(panel + v * Arch::lanes * 2); });
        unroll<Rows>([&](auto r) {
            const auto row = P::broadcast(x + r * c.x.stride);
            unroll<Vectors>([&](auto v) { sums[r][v] = P::dot(sums[r][v], row, w[v]); });
        });
    }
    unroll<Rows>([&](auto r) {
        unroll<Vectors>([&](auto v) { store<Arch>(sums[r][v], y + r * y_row + v * Arch::lanes); });
    });
}

/// The same for any number of rows up to the arch's tile_rows. (AMX has its own.)
template <class Arch, idx Lines>
void bf16_tiles(const linear_bf16_panel& c, idx first, idx count, const float* start, float* y,
                idx y_row, ahead<Lines> memory) {
    const idx vectors = (c.y.cols + Arch::lanes - 1) / Arch::lanes;
    unroll<bf16_of<Arch>::tile_rows>([&](auto r) {
        unroll<panel_vectors>([&](auto v) {
            if (count == r + 1 && vectors == v + 1)
                bf16_tile<Arch, r + 1, v + 1>(c, first, start, y, y_row, memory);
        });
    });
}

#ifdef RECKON_AMX
template <std::same_as<avx512_amx> Arch, idx Lines>
void bf16_tiles(const linear_bf16_panel& c, idx first, idx count, const float* start, float* y,
                idx y_row, ahead<Lines>) {
    multiply_tiles<bf16>({c.x.row(first), c.x.stride * sizeof(bf16), count, c.panel,
                          c.x.cols * sizeof(bf16), start, y, y_row * sizeof(*y)},
                         c.y.cols);
}
#endif

template <class Arch> void run(const linear_bf16_panel& c) {
    constexpr idx width = panel_vectors * Arch::lanes, most = bf16_of<Arch>::tile_rows;
    alignas(64) float start[width] = {}, rest[most * width];
    if (c.bias.data != nullptr)
        for (idx o = 0; o < width && o < c.y.cols; ++o) start[o] = c.bias.data[o];

    const bool fits = c.y.cols % Arch::lanes == 0;  // else the last vector goes by way of `rest`
    const auto each = [&](idx first, idx count, auto memory) {
        float* const y = fits ? c.y.row(first) : rest;
        const idx y_row = fits ? c.y.stride : width;
        bf16_tiles<Arch>(c, first, count, start, y, y_row, memory);
        if (!fits || c.f != activation::none)
            activate<Arch>(c.f, {y, count, c.y.cols, y_row}, c.y.slice(first, count));
    };
    const idx vectors = (c.y.cols + Arch::lanes - 1) / Arch::lanes;
    over_panel<most, width * 2 * sizeof(bf16)>(
        c.panel, c.next, vectors * Arch::lanes * 2 * sizeof(bf16), c.x.cols / 2, c.x.rows, each);
}

/// Dot products along the rows of both: a table that is not packed, such as a tied head.
template <class Arch> void run(const linear_bf16_rows& c) {
    using P = bf16_of<Arch>;
    constexpr idx step = Arch::lanes * 2;
    const idx whole_steps = c.w.cols / step * step, left = c.w.cols - whole_steps;
    for (idx o = 0; o < c.w.rows; ++o) {
        const bf16* const w = c.w.row(o);
        alignas(64) bf16 w_rest[step] = {}, x_rest[step] = {};
        std::memcpy(w_rest, w + whole_steps, left * sizeof(bf16));
        for (idx r = 0; r < c.y.rows; ++r) {
            const bf16* const x = c.x.row(r);
            vec<Arch> sum(0);
            for (idx k = 0; k < whole_steps; k += step)
                sum = P::dot(sum, P::load(x + k), P::load(w + k));
            if (left != 0) {
                std::memcpy(x_rest, x + whole_steps, left * sizeof(bf16));
                sum = P::dot(sum, P::load(x_rest), P::load(w_rest));
            }
            const float bias = c.bias.data != nullptr ? c.bias.data[o] : 0;
            c.y(r, o) = sum_of<Arch>(sum) + bias;
        }
    }
    if (c.f != activation::none) activate<Arch>(c.f, c.y, c.y);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
