#include "golden.hpp"

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

TEST_CASE("MRR is the mean of one over the ranks up to the cut-off") {
    ranking_at at_5(5), all(1000);
    for (const int rank : {1, 4, 5, 6}) {
        at_5.add(rank);
        all.add(rank);
    }
    CHECK(at_5.mrr() == near((1 + 0.25 + 0.2) / 4));
    CHECK(all.mrr() == near((1 + 0.25 + 0.2 + 1.0 / 6) / 4));
}

TEST_CASE("a rank between two places is a hit at the later one") {
    ranking_at at_2(2), at_3(3);
    at_2.add(2.5);
    at_3.add(2.5);
    CHECK(at_2.hits() == 0);
    CHECK(at_2.mrr() == 0);
    CHECK(at_3.hits() == 1);
    CHECK(at_3.ndcg() == near(1 / std::log2(3.5)));
    CHECK(at_3.mrr() == near(0.4));
}

TEST_CASE("a standing is added as its rank, and its ties are counted") {
    ranking_at favour(3), half(3);
    for (const standing target : {standing{0, 4}, standing{2, 1}, standing{1, 0}, standing{9, 1}}) {
        favour.add(target, ties::in_favour);
        half.add(target, ties::half);
    }
    CHECK(favour.targets() == 4);
    CHECK(favour.tied() == 3);
    CHECK(half.tied() == 3);
    CHECK(favour.mrr() == near((1 + 1.0 / 3 + 0.5) / 4));
    CHECK(half.mrr() == near((1.0 / 3 + 0.5) / 4));  // 3, 3.5, 2, 10.5
    CHECK(half.hits() == 2);
}

TEST_CASE("a constant model is no better than chance when ties count half") {
    const scores constant(100, 0.5f);
    ranking_at favour(10), half(10);
    for (idx target = 0; target < 100; ++target) {
        favour.add(standing_of(constant, target), ties::in_favour);
        half.add(standing_of(constant, target), ties::half);
    }
    CHECK(favour.hit_rate() == 1);
    CHECK(half.hit_rate() == 0);
    CHECK(half.tied() == 100);
}

TEST_CASE("ranks of one target give scikit-learn's NDCG and MRR") {
    const golden_metrics golden;
    const auto all = golden.floats("one/scores");
    const auto targets = golden.integers("one/targets");
    const idx columns = all.size() / targets.size();
    for (const idx k : {1u, 3u, 10u, 40u}) {
        ranking_at sum(k);
        for (idx row = 0; row < targets.size(); ++row)
            sum.add(rank_of(std::span{all}.subspan(row * columns, columns), idx(targets[row])));
        CHECK(sum.ndcg() == near(golden.number("one/ndcg_" + std::to_string(k))));
        if (k > columns) CHECK(sum.mrr() == near(golden.number("one/mrr")));
    }
}

TEST_CASE("ranks with ties and what follows from them equal a loop's") {
    const golden_metrics golden;
    const auto all = golden.floats("one_tied/scores");
    const auto targets = golden.integers("one/targets");
    const idx columns = all.size() / targets.size();
    for (const ties how : {ties::in_favour, ties::half}) {
        const std::string name = how == ties::half ? "one_tied/half/" : "one_tied/in_favour/";
        const auto ranks = golden[name + "ranks"];
        for (const idx k : {1u, 3u, 10u, 40u}) {
            ranking_at sum(k);
            for (idx row = 0; row < targets.size(); ++row) {
                const auto own = std::span{all}.subspan(row * columns, columns);
                const auto found = standing_of(own, idx(targets[row]));
                CHECK(found.rank(how) == ranks[row]);
                CHECK(rank_of(own, idx(targets[row])) == found.better + 1);
                sum.add(found, how);
            }
            const auto expected = golden[name + "figures_" + std::to_string(k)];
            CHECK(sum.hit_rate() == near(expected.at(0)));
            CHECK(sum.ndcg() == near(expected.at(1)));
            CHECK(sum.mrr() == near(expected.at(2)));
        }
    }
}

TEST_CASE("without targets the means are zero") {
    const ranking_at none(10);
    CHECK(none.k() == 10);
    CHECK(none.targets() == 0);
    CHECK(none.hit_rate() == 0);
    CHECK(none.ndcg() == 0);
    CHECK(none.mrr() == 0);
    CHECK(none.tied() == 0);
}

TEST_CASE("cut-offs and ranks begin at one") {
    CHECK_THROWS_WITH(ranking_at(0), Contains("ranking_at: k"));
    CHECK_THROWS_WITH(ranking_at(5).add(0), Contains("ranking_at: rank"));
    CHECK_THROWS_WITH(ranking_at(5).add(-2), Contains("ranking_at: rank") && Contains("-2"));
    CHECK_THROWS_WITH(ranking_at(5).add(0.5), Contains("ranking_at: rank"));
    CHECK_THROWS_WITH(ranking_at(5).add(double(not_a_number)), Contains("ranking_at: rank"));
}
