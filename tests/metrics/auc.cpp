#include "golden.hpp"

#include <reckon/metrics/auc.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using floats = std::vector<float>;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("the AUC is the share of pairs in the right order, equal ones counted half") {
    CHECK(auc(floats{1, 2}, floats{0, 1}) == 1);
    CHECK(auc(floats{2, 1}, floats{0, 1}) == 0);
    CHECK(auc(floats{7, 7}, floats{0, 1}) == 0.5);
    CHECK(auc(floats{1, 2, 3, 4}, floats{0, 1, 0, 1}) == 0.75);
    CHECK(auc(floats{1, 2, 2, 2, 3}, floats{0, 1, 0, 1, 1}) == 5.0 / 6);
    CHECK(auc(floats{0, -0.0f}, floats{0, 1}) == 0.5);
    CHECK(auc(floats{-infinity, infinity, infinity}, floats{0, 1, 0}) == 0.75);
}

TEST_CASE("the AUC is the one that comparing all pairs gives") {
    std::mt19937 random(4);
    for (int round = 0; round < 100; ++round) {
        floats scores(2 + random() % 60), labels(scores.size());
        for (float& x : scores) x = float(random() % (1 + unsigned(round)));
        for (float& y : labels) y = float(random() % 2);
        labels[0] = 0;
        labels[1] = 1;
        double won = 0, pairs = 0;
        for (idx i = 0; i < scores.size(); ++i)
            for (idx j = 0; j < scores.size(); ++j) {
                if (labels[i] <= labels[j]) continue;
                ++pairs;
                won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
        CHECK(auc(scores, labels) == won / pairs);
    }
}

TEST_CASE("pairs beyond 2^32 are counted") {
    constexpr idx n = 140'000;  // 70,000^2 pairs
    floats scores(n), labels(n);
    for (idx i = 0; i < n; ++i) {
        scores[i] = float(i);
        labels[i] = float(i % 2);
    }
    // The positive 2 j + 1 beats the negatives 0, 2 .. 2 j.
    CHECK(auc(scores, labels) == 70'001.0 / 140'000);
}

TEST_CASE("the AUC equals scikit-learn's") {
    const golden_metrics golden;
    for (const std::string name : {"distinct", "tied"}) {
        const auto scores = golden.floats(name + "/scores"),
                   labels = golden.floats(name + "/labels");
        CHECK(auc(scores, labels) == near(golden.number(name + "/auc")));
    }
}

TEST_CASE("an AUC that has no meaning is refused") {
    CHECK_THROWS_WITH(auc(floats{}, floats{}), Contains("auc: labels") && Contains("no examples"));
    CHECK_THROWS_WITH(auc(floats{1, 2}, floats{0, 0}), Contains("auc: labels") && Contains("0s"));
    CHECK_THROWS_WITH(auc(floats{1, 2}, floats{1, 1}), Contains("auc: labels") && Contains("1s"));
    CHECK_THROWS_WITH(auc(floats{1, 2}, floats{1}), Contains("auc: labels: expected 2, got 1"));
    CHECK_THROWS_WITH(auc(floats{1, 2, 3}, floats{1, 0, 2}),
                      Contains("auc: labels: expected 0 or 1, got 2 at 2"));
    CHECK_THROWS_WITH(auc(floats{1, 2}, floats{-1, 1}), Contains("got -1 at 0"));
    CHECK_THROWS_WITH(auc(floats{1, 2}, floats{1, not_a_number}), Contains("got nan at 1"));
    CHECK_THROWS_WITH(auc(floats{1, not_a_number}, floats{1, 0}),
                      Contains("auc: scores: expected numbers, got nan at 1"));
}
