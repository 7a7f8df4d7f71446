// Nearest neighbours through int8: every item is scored by its vector as int8 (a scale each, as
// quantise makes them), the best are scored again by the vectors themselves. It reads a quarter of
// the bytes that exact_index reads. An item is missed when more than `rescored` others look better;
// the scores of what is found are exact.
#pragma once

#include <reckon/convert/quantise.hpp>
#include <reckon/retrieval/scan.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// `Bytes` is how the scanned vectors are stored: int8 rows, or a backend's layout (`prepare`).
template <class Bytes> class rescored_index {
  public:
    explicit rescored_index(matrix<float> vectors,
                            idx rescored = 100) requires std::same_as<Bytes, int8_matrix<>>
        : vectors_(std::move(vectors)),
          bytes_(vectors_.rows(), vectors_.cols()),
          rescored_(rescored) {
        retrieval::expect_finite("int8_index", "vectors", vectors_.look());
        quantise_parameter{}({}, vectors_, bytes_);
    }

    idx size() const { return vectors_.rows(); }
    view<const float> vectors() const { return vectors_.look(); }

    /// Equal scores keep the order of the items. Each query needs k items that are not excluded.
    template <any_context C>
    requires std::same_as<tensor_of<C>, view<float>> neighbours search(C& ctx,
                                                                       view<const float> queries,
                                                                       idx k,
                                                                       exclusions without = {})
    const {
        const idx candidates = std::max(k, std::min(rescored_, size()));
        auto scanned =
            retrieval::scan(ctx, "int8_index", queries, bytes_.look(), candidates, without);
        neighbours found{matrix<std::int32_t>(queries.rows, k), matrix<float>(queries.rows, k)};
        for (idx q = 0; q < queries.rows; ++q) {
            std::int32_t* const items = scanned.items.look().row(q);
            const float* const scores = scanned.scores.look().row(q);
            idx left = candidates;  // without those that are excluded
            while (left != 0 && !std::isfinite(scores[left - 1])) --left;
            expect_that(k <= left, "int8_index", "k", "a number of items left to answer with", k);
            std::sort(items, items + left);

            const auto scope = ctx.scope();
            const auto query = ctx.make(1, queries.cols), rows = ctx.make(left, queries.cols);
            std::copy_n(queries.row(q), queries.cols, query.data);
            for (idx i = 0; i < left; ++i)
                std::copy_n(vectors().row(idx(items[i])), queries.cols, rows.row(i));
            const auto best = ops::top_k(ctx, ops::linear(ctx, query, view<const float>{rows}), k);
            for (idx i = 0; i < k; ++i) {
                found.items.look()(q, i) = items[best.columns(0, i)];
                found.scores.look()(q, i) = best.values(0, i);
            }
        }
        return found;
    }

    /// The same index in the layout that the context's backend scans fastest; where it has none, as
    /// it came.
    template <any_context C> auto prepared(C& ctx) && requires std::same_as<Bytes, int8_matrix<>> {
        using to = retrieval::scanned_by<C, int8_rows<>, Bytes>;
        if constexpr (std::same_as<to, Bytes>)
            return std::move(*this);
        else
            return rescored_index<to>(std::move(vectors_),
                                      retrieval::packed_as<to>(ctx, std::as_const(bytes_).look()),
                                      rescored_);
    }

  private:
    template <class> friend class rescored_index;
    rescored_index(matrix<float> vectors, Bytes bytes, idx rescored)
        : vectors_(std::move(vectors)), bytes_(std::move(bytes)), rescored_(rescored) {}

    matrix<float> vectors_;  // [items, width]
    Bytes bytes_;
    idx rescored_;
};

using int8_index = rescored_index<int8_matrix<>>;

template <any_context C> auto prepare(C& ctx, int8_index index) {
    return std::move(index).prepared(ctx);
}

}}}  // namespace reckon::v0::RECKON_ISA
