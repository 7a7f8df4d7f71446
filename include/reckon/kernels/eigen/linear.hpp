// Linear layers by Eigen's blocked product. The product is called below Eigen's expressions, with
// the two buffers it packs its blocks into: an expression would allocate them in every call. Their
// sizes follow from the weight's shape alone, so every slice of rows is computed alike.
#pragma once

#include <reckon/core/heap_array.hpp>
#include <reckon/kernels/eigen/rows.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace eigen {

/// Block sizes and buffers in the form that Eigen's products take them.
class blocks : public Eigen::internal::level3_blocking<float, float> {
  public:
    blocks(idx out, idx in) {
        m_mc = index(out);
        m_kc = index(in);
        m_nc = index(slice_rows);
        Eigen::internal::computeProductBlockingSizes<float, float>(m_kc, m_mc, m_nc);
    }
    idx weight_floats() const { return idx(m_mc * m_kc); }
    idx row_floats() const { return idx(m_kc * m_nc); }
    void use(float* weight, float* rows) {
        m_blockA = weight;
        m_blockB = rows;
    }
};

/// The buffers of a context's workers; they grow when a larger weight is met.
class block_buffers {
  public:
    void reserve(const blocks& sizes, idx workers) {
        if (workers_.size() == 0) workers_ = heap_array<buffers>(workers);
        for (buffers& b : workers_) {
            if (b.weight.size() < sizes.weight_floats()) b.weight = floats(sizes.weight_floats());
            if (b.rows.size() < sizes.row_floats()) b.rows = floats(sizes.row_floats());
        }
    }
    blocks on(blocks sizes, idx worker) {
        sizes.use(workers_[worker].weight.data(), workers_[worker].rows.data());
        return sizes;
    }

  private:
    using floats = heap_array<float>;
    struct buffers {
        floats weight, rows;
    };
    heap_array<buffers> workers_;
};

/// y += x w^T. Up to four rows are quicker one by one (K 768, N 3072, four rows: 28 GFLOP/s
/// against 11 with SSE2).
inline void add_product(blocks sizes, view<const float> x, view<const float> w, view<float> y) {
    using namespace Eigen;
    if (x.rows <= 4) {
        for (idx i = 0; i < x.rows; ++i)
            row(y, i).matrix().noalias() += map(w) * row(x, i).matrix();
        return;
    }
    // As Eigen's columns: y^T [out, rows] += w [out, in] x^T [in, rows]
    internal::general_matrix_matrix_product<Index, float, RowMajor, false, float, ColMajor, false,
                                            ColMajor, 1>::run(index(y.cols), index(y.rows),
                                                              index(x.cols), w.data,
                                                              index(w.stride), x.data,
                                                              index(x.stride), y.data, 1,
                                                              index(y.stride), 1.0f, sizes,
                                                              nullptr);
}

}  // namespace eigen

template <class N, class C>
void linear_kernel(cpu_eigen<N>, C& ctx, view<const float> x, view<const float> w,
                   epilogue<float> e, view<float> y) {
    eigen::block_buffers& buffers = ctx.state();
    const eigen::blocks sizes(w.rows, w.cols);
    buffers.reserve(sizes, ctx.threads());
    eigen::by_slices(ctx, x.rows, [&](idx first, idx rows, idx worker) {
        const auto part = y.slice(first, rows);
        if (e.bias.data != nullptr)
            for (idx i = 0; i < rows; ++i) eigen::row(part, i) = eigen::row(e.bias, 0);
        else
            eigen::map(part).setZero();
        eigen::add_product(buffers.on(sizes, worker), x.slice(first, rows), w, part);
        for (idx i = 0; i < rows && e.f != activation::none; ++i)
            eigen::activate(e.f, eigen::row(view<const float>(part), i), eigen::row(part, i));
    });
}

}}}  // namespace reckon::v0::RECKON_ISA
