// Views as Eigen maps: row-major, with the distance between rows that the view has.
#pragma once

#include <reckon/backend/isa.hpp>
#include <reckon/core/view.hpp>

#include <Eigen/Core>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace eigen {

using rows_of_floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic,
                                     Eigen::RowMajor>;  // never made, only mapped
using matrix_map = Eigen::Map<rows_of_floats, Eigen::Unaligned, Eigen::OuterStride<>>;
using const_matrix_map = Eigen::Map<const rows_of_floats, Eigen::Unaligned, Eigen::OuterStride<>>;
using vector_map = Eigen::Map<Eigen::VectorXf>;
using const_vector_map = Eigen::Map<const Eigen::VectorXf>;
using array_map = Eigen::Map<Eigen::ArrayXf>;
using const_array_map = Eigen::Map<const Eigen::ArrayXf>;

inline Eigen::Index index(idx n) { return Eigen::Index(n); }

inline matrix_map map(view<float> x) {
    return {x.data, index(x.rows), index(x.cols), Eigen::OuterStride<>(index(x.stride))};
}
inline const_matrix_map map(view<const float> x) {
    return {x.data, index(x.rows), index(x.cols), Eigen::OuterStride<>(index(x.stride))};
}
inline array_map row(view<float> x, idx i) { return {x.row(i), index(x.cols)}; }
inline const_array_map row(view<const float> x, idx i) { return {x.row(i), index(x.cols)}; }

/// f(rows) over slices of 64 rows, on the context's workers.
inline constexpr idx slice_rows = 64;
template <class C, class F> void by_slices(C& ctx, idx rows, const F& f) {
    ctx.parallel((rows + slice_rows - 1) / slice_rows, [&](idx task, idx worker) {
        const idx first = task * slice_rows, left = rows - first;
        f(first, left < slice_rows ? left : slice_rows, worker);
    });
}
/// f(row), likewise.
template <class C, class F> void by_rows(C& ctx, idx rows, const F& f) {
    by_slices(ctx, rows, [&](idx first, idx count, idx) {
        for (idx i = first; i < first + count; ++i) f(i);
    });
}

}}}}  // namespace reckon::v0::RECKON_ISA::eigen
