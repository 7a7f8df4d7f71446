// Exact nearest neighbours by inner product: every item is scored. The exact twin that approximate
// indices are measured against.
#pragma once

#include <reckon/retrieval/scan.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// `Vectors` is how they are stored: as they came, or in a backend's layout (`prepare`).
template <class Vectors> class flat_index {
  public:
    explicit flat_index(Vectors vectors) : vectors_(std::move(vectors)) {  // [items, width]
        if constexpr (std::same_as<Vectors, matrix<float>>)
            retrieval::expect_finite("exact_index", "vectors", vectors_.look());
    }

    idx size() const { return vectors_.rows(); }
    auto vectors() const { return vectors_.look(); }

    /// Equal scores keep the order of the items. Each query needs k items that are not excluded.
    template <any_context C>
    requires std::same_as<tensor_of<C>, view<float>> neighbours search(C& ctx,
                                                                       view<const float> queries,
                                                                       idx k,
                                                                       exclusions without = {})
    const {
        auto found = retrieval::scan(ctx, "exact_index", queries, vectors(), k, without);
        for (idx q = 0; q < queries.rows; ++q)
            expect_that(std::isfinite(found.scores.look()(q, k - 1)), "exact_index", "k",
                        "a number of items left to answer with", k);
        return found;
    }

  private:
    Vectors vectors_;
};

using exact_index = flat_index<matrix<float>>;

/// The same index in the layout that the context's backend scans fastest; where it has none, as it
/// came.
template <any_context C> auto prepare(C& ctx, const exact_index& index) {
    using to = retrieval::scanned_by<C, dense<float>, matrix<float>>;
    if constexpr (std::same_as<to, matrix<float>>)
        return index;
    else
        return flat_index<to>(retrieval::packed_as<to>(ctx, index.vectors()));
}

}}}  // namespace reckon::v0::RECKON_ISA
