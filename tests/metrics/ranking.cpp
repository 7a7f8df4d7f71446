#include <reckon/metrics/ranking.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using scores = std::vector<float>;
using items = std::vector<std::int32_t>;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("the rank is one more than the number of strictly better candidates") {
    CHECK(rank_of(scores{3, 1, 2}, 0) == 1);
    CHECK(rank_of(scores{3, 1, 2}, 1) == 3);
    CHECK(rank_of(scores{3, 1, 2}, 2) == 2);
    CHECK(rank_of(scores{2, 2, 2}, 1) == 1);  // ties in favour of the target
    CHECK(rank_of(scores{2, 3, 2, 3}, 0) == 3);
    CHECK(rank_of(scores{5}, 0) == 1);
    CHECK(rank_of(scores{-infinity, infinity, 0}, 0) == 3);
}

TEST_CASE("what is excluded does not compete, each once, and the target always does") {
    const scores s{5, 4, 3, 2, 1};
    CHECK(rank_of(s, 3, items{0, 2}) == 2);
    CHECK(rank_of(s, 3, items{0, 0, 0, 1}) == 2);
    CHECK(rank_of(s, 3, items{4}) == 4);  // no better than the target anyway
    CHECK(rank_of(s, 3, items{0, 3}) == 3);
    CHECK(rank_of(s, 3, items{0, 1, 2, 3, 4}) == 1);
}

TEST_CASE("the rank is the one that sorting gives") {
    std::mt19937 random(2);
    for (int round = 0; round < 200; ++round) {
        scores s(1 + random() % 30);
        for (float& x : s) x = float(random() % 10);
        const idx target = random() % s.size();
        items excluded;
        idx better = 0;
        for (idx i = 0; i < s.size(); ++i) {
            const bool out = random() % 3 == 0;
            if (out) excluded.push_back(std::int32_t(i));
            better += !out && s[i] > s[target];
        }
        CHECK(rank_of(s, target, excluded) == better + 1);
    }
}

TEST_CASE("scores and indices that make no sense are refused") {
    CHECK_THROWS_WITH(rank_of(scores{1, not_a_number}, 0),
                      Contains("rank_of: scores") && Contains("NaN"));
    CHECK_THROWS_AS(rank_of(scores{not_a_number, 1}, 0), error);
    CHECK_THROWS_WITH(rank_of(scores{1, 2}, 2), Contains("rank_of: target"));
    CHECK_THROWS_AS(rank_of(scores{}, 0), error);
    CHECK_THROWS_WITH(rank_of(scores{1, 2}, 0, items{2}), Contains("excluded"));
    CHECK_THROWS_WITH(rank_of(scores{1, 2}, 0, items{-1}), Contains("excluded"));
    CHECK_THROWS_WITH(rank_of(scores{1, 2}, 0, items{1, 0}), Contains("ascending"));
}

TEST_CASE("hit rate and NDCG follow their definitions at the cut-off") {
    ranking_at at_5(5), at_10(10);
    for (const idx rank : {1u, 3u, 5u, 6u, 11u}) {
        at_5.add(rank);
        at_10.add(rank);
    }
    CHECK(at_5.targets() == 5);
    CHECK(at_5.hits() == 3);
    CHECK(at_5.hit_rate() == Approx(0.6));
    // 1 / log2(2), 1 / log2(4), 1 / log2(6) and, at 10, 1 / log2(7)
    CHECK(at_5.ndcg() == Approx((1 + 0.5 + 0.38685280723454163) / 5).epsilon(1e-12));
    CHECK(at_10.hits() == 4);
    CHECK(at_10.ndcg() ==
          Approx((1 + 0.5 + 0.38685280723454163 + 0.3562071871080222) / 5).epsilon(1e-12));
}

TEST_CASE("without targets the means are zero") {
    const ranking_at none(10);
    CHECK(none.k() == 10);
    CHECK(none.targets() == 0);
    CHECK(none.hit_rate() == 0);
    CHECK(none.ndcg() == 0);
}

TEST_CASE("cut-offs and ranks begin at one") {
    CHECK_THROWS_WITH(ranking_at(0), Contains("ranking_at: k"));
    CHECK_THROWS_WITH(ranking_at(5).add(0), Contains("ranking_at: rank"));
}
