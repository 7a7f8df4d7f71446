// What every index over vectors answers: the k items whose vectors have the largest inner product
// with a query, best first. Exact and approximate indices share this interface, so that recall is a
// comparison and not another program.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/matrix.hpp>

#include <concepts>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Items that a query must not be answered with: one list a query, or none at all.
using exclusions = std::span<const std::vector<std::int32_t>>;

struct neighbours {
    matrix<std::int32_t> items;  // [queries, k]
    matrix<float> scores;        // [queries, k]
};

template <class I, class C>
concept vector_index = requires(const I index, C& ctx, view<const float> queries, idx k,
                                exclusions without) {
    { index.size() } -> std::convertible_to<idx>;
    { index.search(ctx, queries, k, without) } -> std::same_as<neighbours>;
};

}}}  // namespace reckon::v0::RECKON_ISA
