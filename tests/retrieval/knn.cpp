#include "support/backends.hpp"

#include <reckon/core/error.hpp>
#include <reckon/core/random.hpp>
#include <reckon/retrieval/knn.hpp>

#include <algorithm>
#include <numeric>

using namespace reckon;

namespace {

matrix<float> random_vectors(idx rows, idx cols, std::uint64_t seed) {
    matrix<float> m(rows, cols);
    const philox noise{seed};
    for (idx i = 0; i < m.size(); ++i) m.data()[i] = noise.uniform(i, -1, 1);
    return m;
}

matrix<float> column(std::initializer_list<float> values) {
    matrix<float> m(values.size(), 1);
    std::copy(values.begin(), values.end(), m.data());
    return m;
}

static_assert(vector_index<exact_index, context<cpu_reference>>);

}  // namespace

TEMPLATE_TEST_CASE("the exact index finds what sorting all inner products finds", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("the exact index")) return;
    const idx items = 200, queries = 130, width = 24, k = 7;  // three batches of queries
    const exact_index index{random_vectors(items, width, 1)};
    const auto asked = random_vectors(queries, width, 2);
    std::vector<std::vector<std::int32_t>> without(queries);
    for (idx q = 0; q < queries; ++q)
        for (idx i = q % 5; i < items; i += 5) without[q].push_back(std::int32_t(i));
    context<typename TestType::tag> ctx;
    const auto found = index.search(ctx, asked.look(), k, without);

    for (idx q = 0; q < queries; ++q) {
        std::vector<double> score(items);
        for (idx i = 0; i < items; ++i)
            score[i] = std::inner_product(asked.look().row(q), asked.look().row(q) + width,
                                          index.vectors().row(i), 0.0);
        for (const auto i : without[q]) score[idx(i)] = -1e9;
        std::vector<std::int32_t> order(items);
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(),
                  [&](auto a, auto b) { return score[idx(a)] > score[idx(b)]; });
        for (idx i = 0; i < k; ++i) {
            CHECK(found.items.look()(q, i) == order[i]);
            CHECK(found.scores.look()(q, i) == Approx(score[idx(order[i])]).margin(1e-5));
        }
    }
}

TEST_CASE("items of equal score come in their order") {
    const exact_index index{column({1, 2, 2, 1, 2})};
    context<cpu_reference> ctx;
    const auto found = index.search(ctx, column({1}).look(), 5);
    const std::vector<std::int32_t> expected{1, 2, 4, 0, 3};
    CHECK(std::equal(expected.begin(), expected.end(), found.items.data()));
}

TEST_CASE("the exact index refuses what it cannot answer") {
    const exact_index index{column({1, 2, 3})};
    context<cpu_reference> ctx;
    const auto query = column({1});
    const std::vector<std::int32_t> two[] = {{0, 2}}, outside[] = {{3}}, negative[] = {{-1}};
    CHECK(index.search(ctx, query.look(), 1, two).items.look()(0, 0) == 1);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 2, two), error);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 1, outside), error);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 1, negative), error);
    CHECK_THROWS_AS(index.search(ctx, query.look(), 4), error);
    CHECK_THROWS_AS(index.search(ctx, matrix<float>(1, 2).look(), 1), error);
    CHECK_THROWS_AS(index.search(ctx, matrix<float>(2, 1).look(), 1, two), error);
}
