// candidate_scores: dot products of a row with a few rows of a table, and the backward.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y(i, j) = h[i] . table[ids(i, j)]
struct candidate_rows {
    view<const float> h, table;
    view<const std::int32_t> ids;
    view<float> y;
};

/// dh[i] = sum_j dy(i, j) table[ids(i, j)]
struct candidate_row_gradients {
    view<const float> table;
    view<const std::int32_t> ids;
    view<const float> dy;
    gradient_view<float> dh;
};

/// dtable[ids(i, j)] += dy(i, j) h[i] in the order of (i, j), for some columns.
struct candidate_table_gradients {
    view<const float> h;
    view<const std::int32_t> ids;
    view<const float> dy;
    view<float> dtable;  // at most four vectors wide
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void candidate_scores_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> h,
                             view<const float> table, view<const std::int32_t> ids, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, y.rows, y.cols * h.cols / 8, [&](idx r, idx rows) {
        simd::call(arch, simd::candidate_rows{h.slice(r, rows), table, ids.slice(r, rows),
                                              y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void candidate_scores_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> h,
                               view<const float> table, view<const std::int32_t> ids,
                               view<const float> dy, gradient_view<float> dh,
                               gradient_view<float> dtable) {
    const auto arch = simd::arch_of<Arch>(ctx);
    if (dh.wanted())
        simd::by_rows(ctx, dy.rows, dy.cols * h.cols / 8, [&](idx r, idx rows) {
            simd::call(arch, simd::candidate_row_gradients{table, ids.slice(r, rows),
                                                           dy.slice(r, rows), dh.slice(r, rows)});
        });
    if (!dtable.wanted()) return;
    const view<float> to = simd::begun(dtable);
    simd::by_blocks(ctx, 1, 1, h.cols, 4 * arch.lanes, [&](idx, idx, idx c, idx cols) {
        simd::call(arch, simd::candidate_table_gradients{h.columns(c, cols), ids, dy,
                                                         to.columns(c, cols)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Four candidates at a time share what is read of h.
template <class Arch> void run(const candidate_rows& c) {
    for (idx r = 0; r < c.y.rows; ++r) {
        const std::int32_t* const ids = c.ids.row(r);
        for (idx j = 0; j < c.y.cols; j += 4) {
            const float* rows[4];
            vec<Arch> sums[4];
            for (idx k = 0; k < 4; ++k) {
                const idx other = j + k < c.y.cols ? j + k : j;
                rows[k] = c.table.row(idx(ids[other]));
                sums[k] = vec<Arch>(0);
            }
            if (j + 8 <= c.y.cols)
                for (idx k = 4; k < 8; ++k) __builtin_prefetch(c.table.row(idx(ids[j + k])));
            steps<Arch>(c.h.cols, [&](idx i, auto size) {
                const vec<Arch> h = load<Arch>(c.h.row(r) + i, size);
                unroll<4>([&](auto k) {
                    sums[k] = fused<Arch>(h, load<Arch>(rows[k] + i, size), sums[k]);
                });
            });
            for (idx k = 0; k < 4 && j + k < c.y.cols; ++k) c.y(r, j + k) = sum_of<Arch>(sums[k]);
        }
    }
}

/// Eight vectors of dh at a time stay in registers while all candidates pass.
template <class Arch> void run(const candidate_row_gradients& c) {
    constexpr idx wide = 8 * Arch::lanes;
    for (idx r = 0; r < c.dy.rows; ++r) {
        const std::int32_t* const ids = c.ids.row(r);
        float* const dh = c.dh.row(r);
        idx i = 0;
        for (; i + wide <= c.dh.cols; i += wide) {
            vec<Arch> sums[8];
            unroll<8>([&](auto k) {
                sums[k] = c.dh.adds() ? load<Arch>(dh + i + k * Arch::lanes) : vec<Arch>(0);
            });
            for (idx j = 0; j < c.dy.cols; ++j) {
                const float* const row = c.table.row(idx(ids[j])) + i;
                const vec<Arch> share(c.dy(r, j));
                unroll<8>([&](auto k) {
                    sums[k] = fused<Arch>(share, load<Arch>(row + k * Arch::lanes), sums[k]);
                });
            }
            unroll<8>([&](auto k) { store<Arch>(sums[k], dh + i + k * Arch::lanes); });
        }
        steps<Arch>(c.dh.cols - i, [&](idx k, auto size) {
            vec<Arch> sum = c.dh.adds() ? load<Arch>(dh + i + k, size) : vec<Arch>(0);
            for (idx j = 0; j < c.dy.cols; ++j)
                sum = fused<Arch>(vec<Arch>(c.dy(r, j)),
                                  load<Arch>(c.table.row(idx(ids[j])) + i + k, size), sum);
            store<Arch>(sum, dh + i + k, size);
        });
    }
}

template <class Arch> void run(const candidate_table_gradients& c) {
    for (idx r = 0; r < c.dy.rows; ++r)
        for (idx j = 0; j < c.dy.cols; ++j) {
            float* const to = c.dtable.row(idx(c.ids(r, j)));
            const vec<Arch> share(c.dy(r, j));
            steps<Arch>(c.dtable.cols, [&](idx i, auto size) {
                store<Arch>(
                    fused<Arch>(share, load<Arch>(c.h.row(r) + i, size), load<Arch>(to + i, size)),
                    to + i, size);
            });
        }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
