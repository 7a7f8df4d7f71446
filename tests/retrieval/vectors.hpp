// Vectors for the tests of indices, and what every index refuses.
#pragma once

#include "support/backends.hpp"

#include <reckon/backend/context.hpp>
#include <reckon/core/random.hpp>
#include <reckon/retrieval/index.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

namespace retrieval_test {

using namespace reckon;

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

inline matrix<float> random_vectors(idx rows, idx cols, std::uint64_t seed) {
    matrix<float> m(rows, cols);
    const philox noise{seed};
    for (idx i = 0; i < m.size(); ++i) m.data()[i] = noise.uniform(i, -1, 1);
    return m;
}

inline matrix<float> column(std::initializer_list<float> values) {
    matrix<float> m(values.size(), 1);
    std::copy(values.begin(), values.end(), m.data());
    return m;
}

/// Of an index over the numbers 1, 2, 3.
template <class Index> void refuses_what_it_cannot_answer(const Index& index) {
    context<cpu_reference> ctx;
    const auto query = column({1});
    const std::vector<std::int32_t> two[] = {{0, 2}}, outside[] = {{3}}, negative[] = {{-1}};
    CHECK(index.search(ctx, query.look(), 1, two).items.look()(0, 0) == 1);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 2, two), error);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 1, outside), error);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 1, negative), error);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 4), error);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 0), error);
    CHECK_THROWS_AS(index.search(ctx, matrix<float>(1, 2).look(), 1), error);
    CHECK_THROWS_AS(index.search(ctx, matrix<float>(2, 1).look(), 1, two), error);
    CHECK_THROWS_AS(index.search(ctx, column({missing}).look(), 1), error);
}

}  // namespace retrieval_test
