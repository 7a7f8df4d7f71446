// Exact nearest neighbours by inner product, each an index of one kind on one backend.
#pragma once

#include "backends.hpp"

#include <functional>
#include <string>
#include <vector>

namespace bench {

inline constexpr reckon::idx neighbours_wanted = 10;

struct vectors {
    reckon::matrix<float> items, queries;  // [n, width]
};
/// 100,000 items and 1,000 queries of 128 numbers: unit vectors around 2,000 centres.
vectors random_vectors();
/// From the files `items` and `queries` of a folder: floats, 128 a vector.
vectors read_vectors(const std::string& folder);

struct searcher {
    std::string backend, weights;
    /// The best of the first queries; their numbers go to `items` [queries, 10], unless it is null.
    std::function<void(reckon::idx queries, std::int32_t* items)> search;
};

std::vector<searcher> searchers(const vectors& data, reckon::isa set,
                                const std::vector<std::string>& backends,
                                const std::vector<std::string>& weights, reckon::idx threads);

/// The share of the exact items that were found; ten a query.
double recall(const std::vector<std::int32_t>& found, const std::vector<std::int32_t>& exact);

}  // namespace bench
