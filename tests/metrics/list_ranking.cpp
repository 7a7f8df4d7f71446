#include "golden.hpp"

#include <reckon/metrics/list_ranking.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using standings = std::vector<standing>;

double gain(double rank) { return 1 / std::log2(rank + 1); }

}  // namespace

TEST_CASE("hits, recall and NDCG of several targets follow their definitions") {
    list_ranking_at at_3(3);
    at_3.add(standings{{4, 0}, {0, 0}, {2, 0}, {9, 0}}, ties::in_favour);  // ranks 5, 1, 3, 10
    CHECK(at_3.hit_rate() == 1);
    CHECK(at_3.recall() == 0.5);
    CHECK(at_3.ndcg() == near((1 + 0.5) / (1 + gain(2) + 0.5)));
    at_3.add(standings{{3, 0}}, ties::in_favour);
    at_3.add(standings{{1, 0}, {7, 0}}, ties::in_favour);
    CHECK(at_3.k() == 3);
    CHECK(at_3.lists() == 3);
    CHECK(at_3.targets() == 7);
    CHECK(at_3.hits() == 2);
    CHECK(at_3.hit_rate() == near(2.0 / 3));
    CHECK(at_3.recall() == near((0.5 + 0 + 0.5) / 3));
    CHECK(at_3.ndcg() == near((1.5 / (1.5 + gain(2)) + 0 + gain(2) / (1 + gain(2))) / 3));
}

TEST_CASE("the best order has an NDCG of one, with fewer targets than k and with more") {
    for (const idx k : {1u, 2u, 4u, 9u}) {
        list_ranking_at sum(k);
        sum.add(standings{{3, 0}, {0, 0}, {1, 0}, {2, 0}}, ties::half);
        CHECK(sum.ndcg() == near(1));
        CHECK(sum.recall() == double(std::min<idx>(k, 4)) / 4);
    }
}

TEST_CASE("ties cost a list what they cost each rank, and are counted") {
    const standings targets{{0, 3}, {4, 0}};
    list_ranking_at favour(2), half(2), wide(5);
    favour.add(targets, ties::in_favour);
    half.add(targets, ties::half);
    wide.add(targets, ties::half);
    CHECK(favour.recall() == 0.5);
    CHECK(favour.tied() == 1);
    CHECK(half.hits() == 0);
    CHECK(half.ndcg() == 0);
    CHECK(half.tied() == 1);
    CHECK(wide.ndcg() == near((gain(2.5) + gain(5)) / (1 + gain(2))));
}

TEST_CASE("targets of one score and a constant model stay within one") {
    const std::vector<float> constant(50, 1);
    const std::vector<std::int32_t> targets{3, 20, 21, 49};
    standings found(4);
    standings_of(constant, targets, {}, found);
    list_ranking_at favour(10), half(10);
    favour.add(found, ties::in_favour);
    half.add(found, ties::half);
    CHECK(favour.ndcg() == near(1));  // which is why ties that count half exist
    CHECK(half.recall() == 0);
    CHECK(half.tied() == 4);
}

TEST_CASE("figures of lists equal scikit-learn's NDCG and a loop's recall and hits") {
    const golden_metrics golden;
    const auto scores = golden.floats("lists/scores");
    for (const idx k : {1u, 3u, 10u, 40u}) {
        list_ranking_at sum(k);
        for (idx row = 0; row < 24; ++row) {
            const auto number = std::to_string(row);
            const auto targets = golden.integers("lists/targets_" + number);
            const auto excluded = golden.integers("lists/excluded_" + number);
            standings found(targets.size());
            standings_of(std::span{scores}.subspan(row * 30, 30), targets, excluded, found);
            sum.add(found, ties::half);
        }
        const auto expected = golden["lists/figures_" + std::to_string(k)];
        CHECK(sum.hit_rate() == near(expected.at(0)));
        CHECK(sum.recall() == near(expected.at(1)));
        CHECK(sum.ndcg() == near(expected.at(2)));
        CHECK(sum.tied() == 0);
    }
}

TEST_CASE("without lists the means are zero") {
    const list_ranking_at none(10);
    CHECK(none.lists() == 0);
    CHECK(none.hit_rate() == 0);
    CHECK(none.recall() == 0);
    CHECK(none.ndcg() == 0);
}

TEST_CASE("lists without targets, shared places and a cut-off of zero are refused") {
    list_ranking_at sum(5);
    CHECK_THROWS_WITH(list_ranking_at(0), Contains("list_ranking_at: k"));
    CHECK_THROWS_WITH(sum.add({}, ties::half), Contains("list_ranking_at: targets"));
    CHECK_THROWS_WITH(sum.add(standings{{0, 0}, {0, 0}}, ties::half),
                      Contains("list_ranking_at: targets") && Contains("a place for each"));
    CHECK(sum.lists() == 0);
    CHECK(sum.targets() == 0);
}
