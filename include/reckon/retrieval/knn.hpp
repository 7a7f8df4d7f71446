// Exact nearest neighbours by inner product: every item is scored, by one product a batch of
// queries. The exact twin that approximate indices are measured against.
#pragma once

#include <reckon/ops/linear.hpp>
#include <reckon/ops/top_k.hpp>
#include <reckon/retrieval/index.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace reckon::inline v0::inline RECKON_ISA {

class exact_index {
  public:
    explicit exact_index(matrix<float> vectors) : vectors_(std::move(vectors)) {}  // [items, width]

    idx size() const { return vectors_.rows(); }
    view<const float> vectors() const { return vectors_.look(); }

    /// Equal scores keep the order of the items. Each query needs k items that are not excluded.
    template <any_context C>
    requires std::same_as<tensor_of<C>, view<float>> neighbours search(C& ctx,
                                                                       view<const float> queries,
                                                                       idx k,
                                                                       exclusions without = {})
    const {
        expect("exact_index", "queries.cols", vectors_.cols(), queries.cols);
        if (!without.empty())
            expect("exact_index", "lists of excluded items", queries.rows, without.size());
        neighbours found{matrix<std::int32_t>(queries.rows, k), matrix<float>(queries.rows, k)};
        for (idx first = 0; first < queries.rows; first += batch) {
            const idx count = std::min(batch, queries.rows - first);
            const auto scope = ctx.scope();
            const auto part = ctx.make(count, queries.cols);
            for (idx q = 0; q < count; ++q)
                std::copy_n(queries.row(first + q), queries.cols, part.row(q));
            const auto scores = ops::linear(ctx, part, vectors());
            if (!without.empty())
                for (idx q = 0; q < count; ++q) exclude(scores, q, without[first + q]);
            const auto best = ops::top_k(ctx, scores, k);
            for (idx q = 0; q < count; ++q) {
                expect_that(std::isfinite(best.values(q, k - 1)), "exact_index", "k",
                            "a number of items left to answer with", k);
                std::copy_n(best.columns.row(q), k, found.items.look().row(first + q));
                std::copy_n(best.values.row(q), k, found.scores.look().row(first + q));
            }
        }
        return found;
    }

  private:
    static constexpr idx batch = 64;  // queries at a time: it bounds the workspace

    void exclude(view<float> scores, idx query, const std::vector<std::int32_t>& items) const {
        for (const std::int32_t item : items) {
            if (item < 0 || idx(item) >= size())
                fail("exact_index", "excluded items", "items of the index", "others");
            scores(query, idx(item)) = -std::numeric_limits<float>::infinity();
        }
    }

    matrix<float> vectors_;
};

}  // namespace reckon::inline v0::inline RECKON_ISA
