// Rows of a table by id, written or added, and the position ids of a ragged batch. An id that the
// table lacks reads as zeros, and is raised at the next copy.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/position_order.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/sequences.cuh>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

template <class W> struct rows_by_id {
    view<const std::int32_t, device> ids;
    W table;
    index_check known;

    __device__ float operator()(idx i, idx col) const {
        const std::int32_t id = ids(0, i);
        if (id >= 0 && idx(id) < table.rows) return float(table(idx(id), col));
        known.refuse(table.rows, id, i);
        return 0;
    }
};

template <class W> struct embedded_rows {
    rows_by_id<W> rows;
    view<float, device> y;

    __device__ void operator()(idx i, idx col) const { y(i, col) = rows(i, col); }
};

template <class W> struct embedded_rows_added {
    rows_by_id<W> rows;
    view<float, device> x;

    __device__ void operator()(idx i, idx col) const { x(i, col) += rows(i, col); }
};

struct position_ids {
    device_sequences sequences;
    position_order order;
    per_sequence first;
    idx table_rows;
    view<std::int32_t, device> ids;

    __device__ void operator()(idx, idx row) const {
        const idx s = sequences.sequence_of(row);
        const idx begin =
            order == position_order::from_first ? first[s] : table_rows - sequences.length(s);
        ids(0, row) = std::int32_t(begin + (row - sequences.begin(s)));
    }
};

}  // namespace cuda

template <class N, class C, readable_weight W>
void embedding_kernel(gpu_cuda<N>, C& ctx, view<const std::int32_t, device> ids, W table,
                      view<float, device> y) {
    cuda_handles& gpu = ctx.state();
    const auto known = gpu.check_of("embedding", "ids", "ids below ");
    cuda::for_elements(gpu, "embedding", y.rows, y.cols,
                       cuda::embedded_rows<W>{{ids, table, known}, y});
}

template <class N, class C, readable_weight W>
void embedding_add_kernel(gpu_cuda<N>, C& ctx, view<const std::int32_t, device> ids, W table,
                          view<float, device> x) {
    cuda_handles& gpu = ctx.state();
    const auto known = gpu.check_of("embedding_add_to", "ids", "ids below ");
    cuda::for_elements(gpu, "embedding_add", x.rows, x.cols,
                       cuda::embedded_rows_added<W>{{ids, table, known}, x});
}

template <class N, class C>
void positions_kernel(gpu_cuda<N>, C& ctx, ragged sequences, position_order order,
                      per_sequence first, idx table_rows, view<std::int32_t, device> ids) {
    const auto there = cuda::on_device("positions", sequences);
    cuda::for_elements(ctx.state(), "positions", 1, ids.cols,
                       cuda::position_ids{there, order, first, table_rows, ids});
}

}}}  // namespace reckon::v0::RECKON_ISA
