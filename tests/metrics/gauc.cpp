#include "golden.hpp"

#include <reckon/metrics/gauc.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using floats = std::vector<float>;
using ids = std::vector<std::int32_t>;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("groups weigh as their examples do, and do not compete") {
    // Group 9 has AUC 1 of 2 examples, group -4 has 0.5 of 3; across them most pairs are wrong.
    const auto result =
        gauc(ids{9, -4, 9, -4, -4}, floats{1, 40, 2, 30, 20}, floats{0, 0, 1, 1, 0});
    CHECK(result.value == near((2 * 1 + 3 * 0.5) / 5));
    CHECK(result.groups == 2);
    CHECK(result.examples == 5);
    CHECK(result.groups_left_out == 0);
    CHECK(result.examples_left_out == 0);
}

TEST_CASE("groups of one class are left out and counted") {
    const auto result = gauc(ids{1, 1, 2, 2, 2, 3, 4, 4}, floats{1, 2, 3, 4, 5, 6, 8, 7},  //
                             floats{0, 1, 1, 1, 1, 0, 0, 1});
    CHECK(result.value == 0.5);
    CHECK(result.groups == 2);
    CHECK(result.examples == 4);
    CHECK(result.groups_left_out == 2);
    CHECK(result.examples_left_out == 4);
}

TEST_CASE("a single group has the AUC, and order does not matter") {
    std::mt19937 random(6);
    const idx n = 200;
    floats scores(n), labels(n);
    ids one(n, 5), many(n);
    for (idx i = 0; i < n; ++i) {
        scores[i] = float(random() % 50);
        labels[i] = float(random() % 2);
        many[i] = std::int32_t(random() % 20) - 10;
    }
    CHECK(gauc(one, scores, labels).value == auc(scores, labels));
    const double before = gauc(many, scores, labels).value;
    std::reverse(scores.begin(), scores.end());
    std::reverse(labels.begin(), labels.end());
    std::reverse(many.begin(), many.end());
    CHECK(gauc(many, scores, labels).value == before);
}

TEST_CASE("the grouped AUC equals a loop over scikit-learn's") {
    const golden_metrics golden;
    for (const std::string name : {"distinct", "tied"}) {
        const auto result = gauc(golden.integers(name + "/groups"), golden.floats(name + "/scores"),
                                 golden.floats(name + "/labels"));
        const auto expected = golden[name + "/gauc"];
        CHECK(result.value == near(expected.at(0)));
        CHECK(double(result.examples) == expected.at(1));
        CHECK(double(result.groups_left_out) == expected.at(2));
        CHECK(result.examples + result.examples_left_out == golden[name + "/scores"].size());
    }
}

TEST_CASE("a grouped AUC that has no meaning is refused") {
    CHECK_THROWS_WITH(gauc(ids{}, floats{}, floats{}),
                      Contains("gauc: labels") && Contains("no examples"));
    CHECK_THROWS_WITH(gauc(ids{1, 2}, floats{1, 2}, floats{0, 1}),
                      Contains("gauc: labels: expected a group with 0s and 1s, got none"));
    CHECK_THROWS_WITH(gauc(ids{1, 2}, floats{1}, floats{0, 1}), Contains("gauc: scores"));
    CHECK_THROWS_WITH(gauc(ids{1, 2}, floats{1, 2}, floats{0}), Contains("gauc: labels"));
    CHECK_THROWS_WITH(gauc(ids{2, 1, 1}, floats{1, 2, 3}, floats{0.5f, 0, 1}),
                      Contains("gauc: labels: expected 0 or 1, got 0.5 at 0"));
    CHECK_THROWS_WITH(gauc(ids{1, 1}, floats{1, not_a_number}, floats{0, 1}),
                      Contains("gauc: scores: expected numbers, got nan at 1"));
}
