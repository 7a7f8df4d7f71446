#include <reckon/metrics/standing.hpp>

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

std::vector<standing> standings(const scores& s, const items& targets, const items& excluded = {}) {
    std::vector<standing> result(targets.size());
    standings_of(s, targets, excluded, result);
    return result;
}

bool among(const items& list, idx item) {
    return std::find(list.begin(), list.end(), std::int32_t(item)) != list.end();
}

}  // namespace

TEST_CASE("a standing counts better and equal candidates, the target not among them") {
    CHECK(standing_of(scores{3, 1, 2}, 1) == standing{2, 0});
    CHECK(standing_of(scores{2, 3, 2, 3, 1, 2}, 0) == standing{2, 2});
    CHECK(standing_of(scores{5}, 0) == standing{0, 0});
    CHECK(standing_of(scores{infinity, infinity, -infinity}, 0) == standing{0, 1});
}

TEST_CASE("ties cost nothing or half of the equal candidates") {
    CHECK(standing{3, 0}.rank(ties::in_favour) == 4);
    CHECK(standing{3, 0}.rank(ties::half) == 4);
    CHECK(standing{3, 5}.rank(ties::in_favour) == 4);
    CHECK(standing{3, 5}.rank(ties::half) == 6.5);
}

TEST_CASE("a constant model ranks a target in the middle when ties count half") {
    const scores constant(101, 0.25f);
    CHECK(standing_of(constant, 7).rank(ties::half) == 51);
    CHECK(standing_of(constant, 7).rank(ties::in_favour) == 1);
    CHECK(standing_of(constant, 7, items{0, 1, 2, 3}).rank(ties::half) == 49);
}

TEST_CASE("excluded items are neither better nor equal, each once, and targets always compete") {
    const scores s{5, 4, 4, 4, 1};
    CHECK(standing_of(s, 2, items{0, 0, 3, 3}) == standing{0, 1});
    CHECK(standing_of(s, 2, items{1, 2, 4}) == standing{1, 1});
    CHECK(standings(s, {0, 2, 4}, {0, 0, 2, 3}) ==
          std::vector{standing{0, 0}, standing{1, 1}, standing{3, 0}});
}

TEST_CASE("equal targets of one list stand one behind another") {
    CHECK(standings({2, 2, 2}, {0, 1, 2}) ==
          std::vector{standing{0, 0}, standing{1, 0}, standing{2, 0}});
    CHECK(standings({2, 2, 2, 2, 3}, {0, 2}) == std::vector{standing{1, 2}, standing{2, 2}});
}

TEST_CASE("the standings are those that comparing all items gives") {
    std::mt19937 random(8);
    for (int round = 0; round < 200; ++round) {
        scores s(1 + random() % 30);
        for (float& x : s) x = float(random() % 6);
        items targets, excluded;
        for (idx i = 0; i < s.size(); ++i) {
            if (random() % 4 == 0) targets.push_back(std::int32_t(i));
            for (auto times = random() % 3; times > 1; --times) excluded.push_back(std::int32_t(i));
        }
        std::vector<standing> expected;
        for (const auto target : targets) {
            standing at;
            for (idx i = 0; i < s.size(); ++i) {
                const bool is_target = among(targets, i);
                if (!is_target && among(excluded, i)) continue;
                const float difference = s[i] - s[idx(target)];
                at.better += difference > 0;
                if (difference == 0 && is_target) at.better += std::int32_t(i) < target;
                if (difference == 0 && !is_target) ++at.equal;
            }
            expected.push_back(at);
        }
        CHECK(standings(s, targets, excluded) == expected);
        for (idx n = 0; n < targets.size() && targets.size() == 1; ++n)
            CHECK(standing_of(s, idx(targets[0]), excluded) == expected[0]);
    }
}

TEST_CASE("lists that make no sense are refused") {
    CHECK_THROWS_WITH(standing_of(scores{1, not_a_number}, 0), Contains("standing_of: scores"));
    CHECK_THROWS_WITH(standing_of(scores{1}, 1), Contains("standing_of: target: "));
    CHECK_THROWS_WITH(standing_of(scores{1, 2}, 0, items{-1}), Contains("standing_of: excluded"));
    CHECK_THROWS_WITH(standings({1, not_a_number}, {0}), Contains("standings_of: scores"));
    CHECK_THROWS_WITH(standings({1, 2}, {2}),
                      Contains("standings_of: targets: expected an index of scores, got 2"));
    CHECK_THROWS_WITH(standings({1, 2}, {-1}), Contains("standings_of: targets"));
    CHECK_THROWS_WITH(standings({1, 2}, {1, 0}), Contains("ascending indices without repeats"));
    CHECK_THROWS_WITH(standings({1, 2}, {1, 1}), Contains("ascending indices without repeats"));
    CHECK_THROWS_WITH(standings({1, 2}, {0}, {1, 0}), Contains("excluded: expected ascending"));
    CHECK_THROWS_WITH(standings({1, 2}, {0}, {2}), Contains("excluded: expected indices"));
    std::vector<standing> one(1);
    CHECK_THROWS_WITH(standings_of(scores{1, 2}, items{0, 1}, {}, one),
                      Contains("standings_of: standings: expected 2, got 1"));
}
