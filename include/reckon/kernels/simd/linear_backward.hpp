// The backward of linear layers over f32: products with register tiles, whose panels are packed
// where they are read many times.
//     dx [rows, in] = dy w          panels of w's columns, of all outputs
//     dw [out, in] += dy^T x        panels of x's columns, of 256 rows at a time
//     dbias = the sum of dy's rows
// Each number is one chain of fused multiply-adds: over the outputs for dx, over the rows, from
// what dw holds on, for dw. So a step in parts gives the bits of a step at once.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/linear.hpp>
#include <reckon/kernels/simd/panels.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/tile.hpp>

#include <cstring>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// panel[k][0 .. width) = columns of x's row k, 0 beyond the last.
struct pack_columns {
    view<const float> x;  // [depth, at most width columns]
    float* panel;
    idx width;  // whole vectors
};

/// panel[k][o] = x(o, k): rows of x, 0 beyond the last.
struct pack_rows {
    view<const float> x;  // [at most width rows, depth]
    float* panel;
    idx width;
};

/// y = x panel, or y += x panel: some columns of a product, without bias and activation.
struct panel_product {
    view<const float> x;
    const float* panel;  // [x.cols][whole vectors]
    bool adds;
    view<float> y;  // at most panel_vectors * lanes columns
};

/// dw += dy^T x for some rows of dw, which are columns of dy, and some columns, which are those of
/// x.
struct weight_gradient_block {
    view<const float> dy, x;
    view<float> dw;  // at most weight_gradient_panels panels wide
    float* scratch;  // weight_gradient_floats(lanes)
};

/// y(0, c) += the sum of x's column c, row after row.
struct sum_rows {
    view<const float> x;
    view<float> y;
};

/// Rows and outputs whose share of dw is computed at a time, and panels of x that meet them: they
/// fit into the second cache. The packed rows of dy lie an odd number of cache lines apart.
inline constexpr idx weight_gradient_rows = 256, weight_gradient_outs = 192,
                     weight_gradient_stride = 208, weight_gradient_panels = 4;
/// Panels of x, rows of dy, and a tile's rows (16 at most).
constexpr idx weight_gradient_floats(idx lanes) {
    const idx width = panel_vectors * lanes;
    return weight_gradient_rows * (weight_gradient_panels * width + weight_gradient_stride) +
           16 * width;
}

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Packs all columns of w, as they lie in memory, panel after panel.
template <class C, class Arch>
void pack_all_columns(C& ctx, const Arch& arch, view<const float> w, float* panels) {
    const idx most = panel_vectors * arch.lanes;
    ctx.parallel((w.cols + most - 1) / most, [&](idx task, idx) {
        const idx first = task * most, left = w.cols - first, count = left < most ? left : most;
        call(arch, pack_columns{w.columns(first, count), panels + first * w.rows,
                                round_up(count, arch.lanes)});
    });
}
/// The layout that simd_panels gives w [out, in] as a weight.
template <class C, class Arch>
void pack_all_rows(C& ctx, const Arch& arch, view<const float> w, float* panels) {
    const idx most = panel_vectors * arch.lanes;
    ctx.parallel((w.rows + most - 1) / most, [&](idx task, idx) {
        const idx first = task * most, left = w.rows - first, count = left < most ? left : most;
        call(arch, pack_rows{w.slice(first, count), panels + first * w.cols,
                             round_up(count, arch.lanes)});
    });
}
/// Bytes of the panels of a weight of so many columns (or rows) and such depth.
constexpr idx packed_bytes(idx lanes, idx width, idx depth) {
    return round_up(width, lanes) * depth * sizeof(float);
}

/// y = x w or y += x w, with w's columns packed.
template <class C, class Arch>
void multiply_panels(C& ctx, const Arch& arch, view<const float> x, const float* panels, bool adds,
                     view<float> y) {
    by_blocks(ctx, y.rows, 144, y.cols, panel_vectors * arch.lanes,
              [&](idx r, idx rows, idx c, idx cols) {
                  call(arch, panel_product{x.slice(r, rows), panels + c * x.cols, adds,
                                           y.slice(r, rows).columns(c, cols)});
              });
}

/// dw += dy^T x. A task is some outputs and a few panels of columns.
template <class C, class Arch>
void add_weight_gradient(C& ctx, const Arch& arch, view<const float> dy, view<const float> x,
                         view<float> dw, float* scratch) {
    constexpr idx outs_at_once = 192;
    by_blocks_by_worker(
        ctx, dw.rows, outs_at_once, dw.cols, weight_gradient_panels * panel_vectors * arch.lanes,
        [&](idx o, idx outs, idx c, idx cols, idx worker) {
            call(arch,
                 weight_gradient_block{dy.columns(o, outs), x.columns(c, cols),
                                       dw.slice(o, outs).columns(c, cols),
                                       scratch + worker * weight_gradient_floats(arch.lanes)});
        });
}

template <class C, class Arch>
void add_row_sums(C& ctx, const Arch& arch, view<const float> x, const gradient_view<float>& y) {
    if (y.use == gradient_use::first)
        for (idx c = 0; c < y.cols; ++c) y(0, c) = 0;
    by_blocks(ctx, 1, 1, x.cols, 4 * arch.lanes, [&](idx, idx, idx c, idx cols) {
        call(arch, sum_rows{x.columns(c, cols), y.columns(c, cols)});
    });
}

/// What a backward takes for the panels of a weight [depth, width], then for each worker.
template <class Arch>
constexpr idx backward_bytes(idx threads, bool dx, idx width, idx depth, bool dw) {
    return (dx ? round_up(packed_bytes(Arch::lanes, width, depth), 64) : 0) +
           (dw ? threads * weight_gradient_floats(Arch::lanes) * sizeof(float) : 0);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next>
constexpr idx linear_backward_scratch(cpu_simd<Arch, Next>, idx threads, view<const float>,
                                      view<const float> w, view<const float>,
                                      const gradient_view<float>& dx,
                                      const gradient_view<float>& dw, const gradient_view<float>&) {
    return simd::backward_bytes<Arch>(threads, dx.wanted(), w.cols, w.rows, dw.wanted());
}

template <class Arch, class Next, class C>
void linear_backward(cpu_simd<Arch, Next> tag, C& ctx, view<const float> x, view<const float> w,
                     view<const float> dy, gradient_view<float> dx, gradient_view<float> dw,
                     gradient_view<float> dbias) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto inside = ctx.scratch();
    auto* const room = reinterpret_cast<float*>(
        ctx.template make<std::byte>(
               1, linear_backward_scratch(tag, ctx.threads(), x, w, dy, dx, dw, dbias))
            .data);
    float* after = room;
    if (dx.wanted()) {
        simd::pack_all_columns(ctx, arch, w, room);
        simd::multiply_panels(ctx, arch, dy, room, dx.adds(), dx);
        after +=
            simd::round_up(simd::packed_bytes(Arch::lanes, w.cols, w.rows), 64) / sizeof(float);
    }
    if (dw.wanted()) simd::add_weight_gradient(ctx, arch, dy, x, simd::begun(dw), after);
    if (dbias.wanted()) simd::add_row_sums(ctx, arch, dy, dbias);
}

template <class Arch, class Next>
constexpr idx linear_transposed_backward_scratch(cpu_simd<Arch, Next>, idx threads,
                                                 view<const float>, view<const float> w,
                                                 view<const float>, const gradient_view<float>& dx,
                                                 const gradient_view<float>& dw) {
    return simd::backward_bytes<Arch>(threads, dx.wanted(), w.rows, w.cols, dw.wanted());
}

/// Of y = x w, x [rows, out]: dx = dy w^T, dw += x^T dy.
template <class Arch, class Next, class C>
void linear_transposed_backward(cpu_simd<Arch, Next> tag, C& ctx, view<const float> x,
                                view<const float> w, view<const float> dy, gradient_view<float> dx,
                                gradient_view<float> dw) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto inside = ctx.scratch();
    auto* const room = reinterpret_cast<float*>(
        ctx.template make<std::byte>(
               1, linear_transposed_backward_scratch(tag, ctx.threads(), x, w, dy, dx, dw))
            .data);
    float* after = room;
    if (dx.wanted()) {
        simd::pack_all_rows(ctx, arch, w, room);
        simd::multiply_panels(ctx, arch, dy, room, dx.adds(), dx);
        after +=
            simd::round_up(simd::packed_bytes(Arch::lanes, w.rows, w.cols), 64) / sizeof(float);
    }
    if (dw.wanted()) simd::add_weight_gradient(ctx, arch, x, dy, simd::begun(dw), after);
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const pack_columns& c) {
    for (idx k = 0; k < c.x.rows; ++k) {
        float* const row = c.panel + k * c.width;
        std::memcpy(row, c.x.row(k), c.x.cols * sizeof(float));
        for (idx i = c.x.cols; i < c.width; ++i) row[i] = 0;
    }
}

/// Eight rows and eight columns at a time stay in registers or the first cache.
template <class Arch> void run(const pack_rows& c) {
    for (idx k = 0; k < c.x.cols; k += 8) {
        const idx deep = c.x.cols - k < 8 ? c.x.cols - k : 8;
        for (idx o = 0; o < c.width; o += 8) {
            const idx wide = c.width - o < 8 ? c.width - o : 8;
            for (idx i = 0; i < wide; ++i) {
                const bool there = o + i < c.x.rows;
                const float* const from = c.x.row(there ? o + i : 0) + k;
                float* const to = c.panel + k * c.width + o + i;
                for (idx j = 0; j < deep; ++j) to[j * c.width] = there ? from[j] : 0;
            }
        }
    }
}

/// A long panel is read piece by piece, so that it comes once for all rows; what y holds in between
/// goes on as the chain it is.
template <class Arch> void run(const panel_product& c) {
    constexpr idx width = panel_vectors * Arch::lanes, piece = 1024;
    alignas(64) static constexpr float zeros[width] = {};
    const idx vectors = (c.y.cols + Arch::lanes - 1) / Arch::lanes, wide = vectors * Arch::lanes;
    const bool fits = c.y.cols == wide;
    alignas(64) float rows[on<Arch>::tile_rows * width] = {};
    for (idx k = 0; k == 0 || k < c.x.cols; k += piece) {
        const idx left = c.x.cols - k, depth = left < piece ? left : piece;
        const bool adds = c.adds || k != 0;
        const float* const panel = c.panel + k * wide;
        if (fits) {
            run_product<Arch>(
                {c.x.data + k, c.x.stride, 1, panel, wide, depth, adds ? c.y.data : zeros,
                 adds ? c.y.stride : 0, c.y.data, c.y.stride},
                c.x.rows, vectors);
            continue;
        }
        balanced<on<Arch>::tile_rows>(c.x.rows, [&](idx first, idx count) {
            for (idx r = 0; r < count; ++r)
                for (idx i = 0; i < c.y.cols; ++i)
                    rows[r * width + i] = adds ? c.y(first + r, i) : 0;
            run_tile<Arch>(
                {c.x.row(first) + k, c.x.stride, 1, panel, wide, depth, rows, width, rows, width},
                count, vectors);
            for (idx r = 0; r < count; ++r)
                std::memcpy(c.y.row(first + r), rows + r * width, c.y.cols * sizeof(float));
        });
    }
}

/// (Rows of dy may lie whole pages apart, so what a block reads of them is packed as well.)
template <class Arch> void run(const weight_gradient_block& c) {
    constexpr idx width = panel_vectors * Arch::lanes, rows = weight_gradient_rows;
    const idx panels = (c.dw.cols + width - 1) / width;
    float* const slopes = c.scratch + rows * weight_gradient_panels * width;
    float* const rest = slopes + rows * weight_gradient_stride;
    const auto columns_of = [&](idx panel) {
        const idx left = c.dw.cols - panel * width;
        return left < width ? left : width;
    };
    for (idx first = 0; first < c.x.rows; first += rows) {
        const idx left = c.x.rows - first, depth = left < rows ? left : rows;
        for (idx p = 0; p < panels; ++p)
            run<Arch>(pack_columns{c.x.slice(first, depth).columns(p * width, columns_of(p)),
                                   c.scratch + p * rows * width,
                                   round_up(columns_of(p), Arch::lanes)});
        for (idx k = 0; k < depth; ++k)
            std::memcpy(slopes + k * weight_gradient_stride, c.dy.row(first + k),
                        c.dw.rows * sizeof(float));
        balanced<on<Arch>::tile_rows>(c.dw.rows, [&](idx o, idx count) {
            for (idx p = 0; p < panels; ++p) {
                const idx cols = columns_of(p), wide = round_up(cols, Arch::lanes);
                const bool fits = cols == wide;
                const view<float> to = c.dw.slice(o, count).columns(p * width, cols);
                for (idx r = 0; r < count && !fits; ++r) {
                    std::memcpy(rest + r * wide, to.row(r), cols * sizeof(float));
                    for (idx i = cols; i < wide; ++i) rest[r * wide + i] = 0;
                }
                float* const y = fits ? to.data : rest;
                const idx y_row = fits ? to.stride : wide;
                run_tile<Arch>({slopes + o, 1, weight_gradient_stride, c.scratch + p * rows * width,
                                wide, depth, y, y_row, y, y_row},
                               count, wide / Arch::lanes);
                for (idx r = 0; r < count && !fits; ++r)
                    std::memcpy(to.row(r), rest + r * wide, cols * sizeof(float));
            }
        });
    }
}

template <class Arch> void run(const sum_rows& c) {
    steps<Arch>(c.x.cols, [&](idx i, auto size) {
        vec<Arch> sum = load<Arch>(c.y.data + i, size);
        for (idx r = 0; r < c.x.rows; ++r) sum += load<Arch>(c.x.row(r) + i, size);
        store<Arch>(sum, c.y.data + i, size);
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
