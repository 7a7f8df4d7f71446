#include "vectors.hpp"

#include <reckon/core/error.hpp>
#include <reckon/retrieval/exact_index.hpp>

#include <algorithm>
#include <numeric>

using namespace retrieval_test;

namespace {

static_assert(vector_index<exact_index, context<cpu_reference>>);

/// Items by falling inner product with a query, in double.
std::vector<std::int32_t> sorted_items(view<const float> items, const float* query,
                                       std::vector<double>& score) {
    for (idx i = 0; i < items.rows; ++i)
        if (score[i] == 0)
            score[i] = std::inner_product(query, query + items.cols, items.row(i), 0.0);
    std::vector<std::int32_t> order(items.rows);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return score[idx(a)] > score[idx(b)]; });
    return order;
}

template <class C>
void check_against_sorting(C& ctx, const auto& index, view<const float> items, idx queries, idx k) {
    const auto asked = random_vectors(queries, items.cols, 2);
    std::vector<std::vector<std::int32_t>> without(queries);
    for (idx q = 0; q < queries; ++q)
        for (idx i = q % 5; i < items.rows; i += 5)
            without[q].insert(without[q].begin(), std::int32_t(i));  // in no order
    const auto found = index.search(ctx, asked.look(), k, without);
    for (idx q = 0; q < queries; ++q) {
        std::vector<double> score(items.rows);
        for (const auto i : without[q]) score[idx(i)] = -1e9;
        const auto order = sorted_items(items, asked.look().row(q), score);
        for (idx i = 0; i < k; ++i) {
            CHECK(found.items.look()(q, i) == order[i]);
            CHECK(found.scores.look()(q, i) == Approx(score[idx(order[i])]).margin(1e-5));
        }
    }
}

}  // namespace

TEMPLATE_TEST_CASE("the exact index finds what sorting all inner products finds", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("the exact index")) return;
    context<typename TestType::tag> ctx;
    const exact_index index{random_vectors(200, 24, 1)};
    check_against_sorting(ctx, index, index.vectors(), 130, 7);  // three batches of queries
    check_against_sorting(ctx, prepare(ctx, index), index.vectors(), 130, 7);
}

TEMPLATE_TEST_CASE("the exact index finds the best of several blocks of items", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("the exact index of several blocks")) return;
    context<typename TestType::tag> ctx;
    const exact_index index{random_vectors(9001, 5, 1)};
    check_against_sorting(ctx, index, index.vectors(), 3, 20);
    check_against_sorting(ctx, prepare(ctx, index), index.vectors(), 3, 20);
}

TEST_CASE("items of equal score come in their order") {
    const exact_index index{column({1, 2, 2, 1, 2})};
    context<cpu_reference> ctx;
    const auto found = index.search(ctx, column({1}).look(), 5);
    const std::vector<std::int32_t> expected{1, 2, 4, 0, 3};
    CHECK(std::equal(expected.begin(), expected.end(), found.items.data()));
}

TEST_CASE("what is excluded stays out, in whichever block of items it lies") {
    const exact_index index{matrix<float>(9001, 1)};  // all score alike
    const std::vector<std::int32_t> left{3, 4031, 4100, 8064, 9000};
    std::vector<std::vector<std::int32_t>> without(1);
    for (std::int32_t i = 0; i < 9001; ++i)
        if (std::count(left.begin(), left.end(), i) == 0) without[0].push_back(i);
    context<cpu_reference> ctx;
    const auto found = index.search(ctx, column({1}).look(), 5, without);
    CHECK(std::equal(left.begin(), left.end(), found.items.data()));
}

TEST_CASE("the exact index refuses what it cannot answer") {
    const exact_index index{column({1, 2, 3})};
    refuses_what_it_cannot_answer(index);
    CHECK_THROWS_WITH(exact_index{column({1, missing})},
                      "exact_index: vectors: expected finite numbers, got others in row 1");
    context<cpu_reference> ctx;
    CHECK_THROWS_WITH(index.search(ctx, column({1}).look(), 4),
                      "exact_index: k: expected between 1 and the number of items, got 4");
}
