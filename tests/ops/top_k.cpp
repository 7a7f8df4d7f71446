#include "golden.hpp"

#include <limits>
#include <reckon/ops/top_k.hpp>

using namespace golden;

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

std::vector<std::int32_t> best_columns(std::vector<float> scores, idx k) {
    context<cpu_reference> ctx;
    const auto best = ops::top_k(ctx, view<float>{scores.data(), 1, scores.size()}, k);
    return {best.columns.data, best.columns.data + k};
}
using columns = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("top_k gives the largest, best first") {
    CHECK(best_columns({1, 5, 3, 4, 2}, 3) == columns{1, 3, 2});
    CHECK(best_columns({1, 5, 3, 4, 2}, 5) == columns{1, 3, 2, 4, 0});
    CHECK(best_columns({-1, -infinite, infinite}, 3) == columns{2, 0, 1});
}

TEST_CASE("equal scores keep the order of their columns") {
    CHECK(best_columns({2, 3, 2, 3, 2}, 4) == columns{1, 3, 0, 2});
    CHECK(best_columns({7, 7, 7, 7}, 2) == columns{0, 1});
    CHECK(best_columns({0.0f, -0.0f}, 2) == columns{0, 1});
}

TEST_CASE("NaN ranks below everything") {
    CHECK(best_columns({missing, 1, missing, -infinite}, 2) == columns{1, 3});
    CHECK(best_columns({missing, 1, missing}, 3) == columns{1, 0, 2});
    CHECK(best_columns({missing, missing}, 1) == columns{0});
}

TEST_CASE("every row has its own best, wherever the rows stand") {
    context<cpu_reference> ctx;
    auto x = ctx.make(2, 3);
    for (idx i = 0; i < 6; ++i) x.data[i] = float((i * 2) % 5);  // 0 2 4, 1 3 0
    const spread_rows<float> apart{view<const float>{x}};
    const auto best = ops::top_k(ctx, apart.look, 2);
    CHECK(best.columns(0, 0) == 2);
    CHECK(best.columns(1, 1) == 0);
    CHECK(best.values(1, 0) == 3);
    CHECK(best.values(1, 1) == 1);
}

TEST_CASE("k is between one and the number of candidates") {
    CHECK_THROWS_WITH(best_columns({1, 2}, 0),
                      "top_k: k: expected between 1 and scores.cols, got 0");
    CHECK_THROWS_WITH(best_columns({1, 2}, 3),
                      "top_k: k: expected between 1 and scores.cols, got 3");
}
