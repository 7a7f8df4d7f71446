// embedding and embedding_add, over tables of floats and of int8 rows.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/simd/add.hpp>

#include <cstring>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/int8.hpp>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// y = onto + scale q, one row of a table of int8; a null `onto` adds nothing.
struct widen_row {
    const std::int8_t* q;
    float scale;
    const float* onto;
    view<float> y;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void embedding_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                      view<const float> table, view<float> y) {
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i)
            std::memcpy(y.row(i), table.row(idx(ids(0, i))), y.cols * sizeof(float));
    });
}

template <class Arch, class Next, class C>
void embedding_add_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                          view<const float> table, view<float> x) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i)
            simd::call(
                arch, simd::add_rows{x.slice(i, 1), table.slice(idx(ids(0, i)), 1), x.slice(i, 1)});
    });
}

template <class Arch, class Next, class C>
void embedding_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                      int8_view<host> table, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i) {
            const idx id = idx(ids(0, i));
            simd::call(arch, simd::widen_row{table.values.row(id), table.scales(0, id), nullptr,
                                             y.slice(i, 1)});
        }
    });
}

template <class Arch, class Next, class C>
void embedding_add_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                          int8_view<host> table, view<float> x) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i) {
            const idx id = idx(ids(0, i));
            simd::call(arch, simd::widen_row{table.values.row(id), table.scales(0, id), x.row(i),
                                             x.slice(i, 1)});
        }
    });
}

/// Rows add up in their order: a task owns columns.
template <class Arch, class Next, class C>
void embedding_backward(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                        view<const float> dy, gradient_view<float> dtable) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const view<float> table = simd::begun(dtable);
    const idx wide = ctx.threads() == 1 ? dy.cols : 4 * arch.lanes;
    simd::by_blocks(ctx, 1, 1, dy.cols, wide, [&](idx, idx, idx c, idx cols) {
        for (idx i = 0; i < ids.cols; ++i)
            simd::call(arch,
                       simd::add_backward_rows{
                           dy.slice(i, 1).columns(c, cols),
                           {table.slice(idx(ids(0, i)), 1).columns(c, cols), gradient_use::adds}});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

template <class Arch> void run(const widen_row& c) {
    steps<Arch>(c.y.cols, [&](idx i, auto size) {
        const vec<Arch> onto = c.onto == nullptr ? vec<Arch>(0) : load<Arch>(c.onto + i, size);
        const vec<Arch> number = widened<Arch>(c.q + i, size) * vec<Arch>(c.scale);
        store<Arch>(onto + number, c.y.data + i, size);
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
