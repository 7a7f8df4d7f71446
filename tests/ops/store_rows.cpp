#include "golden.hpp"

#include <reckon/core/random.hpp>
#include <reckon/ops/store_rows.hpp>

#include <cmath>
#include <limits>

using namespace golden;

namespace {

constexpr std::int32_t three_rows[]{0, 3};

/// A cache of int8 rows that holds something already.
struct int8_cells {
    std::vector<std::int8_t> numbers;
    std::vector<float> scales;
    idx rows, heads, width;

    int8_cells(idx r, idx h, idx w)
        : numbers(r * h * w, 77), scales(r * h, 2), rows(r), heads(h), width(w) {}
    int8_heads_view<std::int8_t> look() {
        return {{numbers.data(), rows, heads * width}, {scales.data(), rows, heads}};
    }
};

}  // namespace

TEMPLATE_TEST_CASE("store_rows writes each sequence where it belongs and nothing else", "", float,
                   bf16) {
    context<cpu_reference> ctx;
    const std::int32_t offsets[]{0, 2, 2, 3}, at[]{4, 6, 0};
    auto x = ctx.make(3, 2);
    for (idx i = 0; i < x.size(); ++i) x.data[i] = 1 + float(i) / 3;
    std::vector<TestType> cells(6 * 3, TestType(-1.0f));  // two numbers a row, and one between rows
    ops::store_rows(ctx, x, ragged{offsets}, at, view<TestType>{cells.data(), 6, 2, 3});
    const idx from[]{2, 9, 9, 9, 0, 1};  // row of x
    for (idx r = 0; r < 6; ++r)
        for (idx c = 0; c < 3; ++c) {
            const bool stored = from[r] != 9 && c < 2;
            CHECK(float(cells[3 * r + c]) ==
                  float(stored ? TestType(x(from[r], c)) : TestType(-1.0f)));
        }
}

TEST_CASE("store_rows refuses rows that the cache has no room for") {
    context<cpu_reference> ctx;
    const std::int32_t offsets[]{0, 2, 3}, fits[]{3, 4}, behind[]{4, 0}, negative[]{-1, 0};
    const auto x = ctx.make(3, 2);
    matrix<float> cache(5, 2), wide(5, 3), low(1, 2);
    const auto ask = [&](per_sequence at, matrix<float>& to) {
        ops::store_rows(ctx, x, ragged{offsets}, at, to.look());
    };
    CHECK_NOTHROW(ask(fits, cache));
    CHECK_THROWS_WITH(ask(fits, wide), "store_rows: cache.cols: expected 2, got 3");
    CHECK_THROWS_WITH(ask(behind, cache), "store_rows: at + rows of a sequence: expected 5, got 6");
    CHECK_THROWS_WITH(ask(0, low), "store_rows: at + rows of a sequence: expected 1, got 2");
    CHECK_THROWS_AS(ask(negative, cache), error);
    CHECK_THROWS_WITH(ops::store_rows(ctx, x.slice(0, 2), ragged{offsets}, fits, cache.look()),
                      "store_rows: x.rows: expected 3, got 2");
}

TEST_CASE("int8 rows are off by half a step of their head at most, whatever the other heads are") {
    context<cpu_reference> ctx;
    constexpr idx heads = 4, width = 33;
    auto x = ctx.make(3, heads * width);
    for (idx r = 0; r < 3; ++r)
        for (idx c = 0; c < x.cols; ++c)
            x(r, c) = philox{5}.uniform(r * x.cols + c, -1, 1) *
                      std::pow(100.0f, float(r) - float(c / width));
    int8_cells cells(5, heads, width);
    ops::store_rows(ctx, x, ragged{three_rows}, idx{1}, cells.look());
    const auto kept = cells.look();
    for (idx r = 0; r < 3; ++r)
        for (idx h = 0; h < heads; ++h) {
            float top = 0;
            std::int32_t most = 0;
            double error = 0;
            for (idx c = h * width; c < (h + 1) * width; ++c) {
                top = std::max(top, std::fabs(x(r, c)));
                most = std::max(most, std::abs(std::int32_t{kept.values(1 + r, c)}));
                error = std::max(error, std::fabs(double(kept(1 + r, c)) - double(x(r, c))));
            }
            const float scale = kept.scales(1 + r, h);
            CHECK(scale == top / 127);
            CHECK(most == 127);
            CHECK(error <= 0.50001 * double(scale));
        }
    for (idx r : {idx{0}, idx{4}}) {
        CHECK(kept(r, 0) == 2 * 77);
        CHECK(kept(r, heads * width - 1) == 2 * 77);
    }
}

TEST_CASE("int8 rows round to nearest, ties to even, and never reach -128") {
    context<cpu_reference> ctx;
    const std::vector<float> numbers{127,   0.5f,  1.5f, 2.5f,  -0.5f,
                                     -1.5f, -2.5f, -127, 0.49f, 126.6f};
    const std::vector<std::int8_t> expected{127, 0, 2, 2, 0, -2, -2, -127, 0, 127};
    auto x = ctx.make(1, numbers.size());
    std::copy(numbers.begin(), numbers.end(), x.data);
    const std::int32_t offsets[]{0, 1};
    int8_cells cells(1, 1, x.cols);
    ops::store_rows(ctx, x, ragged{offsets}, idx{0}, cells.look());
    CHECK(cells.numbers == expected);
    CHECK(cells.scales[0] == 1);
}

TEST_CASE("a head of int8 that is not finite is NaN alone; one of next to nothing is zero") {
    context<cpu_reference> ctx;
    using limits = std::numeric_limits<float>;
    auto x = ctx.make(3, 4);
    const float row[]{limits::quiet_NaN(),  1,       3, 4,    limits::infinity(), 0, 0, 0,
                      limits::denorm_min(), -5e-37f, 1, 3e38f};
    std::copy(std::begin(row), std::end(row), x.data);
    int8_cells cells(3, 2, 2);
    ops::store_rows(ctx, x, ragged{three_rows}, idx{0}, cells.look());
    const auto kept = cells.look();
    for (idx r : {idx{0}, idx{1}})
        for (idx c : {idx{0}, idx{1}}) CHECK(std::isnan(kept(r, c)));
    CHECK(kept(0, 3) == 4);
    CHECK(kept(1, 2) == 0);
    CHECK(kept(1, 3) == 0);
    CHECK(kept(2, 0) == 0);
    CHECK(kept(2, 1) == 0);
    CHECK(kept(2, 3) == Approx(3e38f));
}

TEST_CASE("store_rows refuses int8 caches whose scales do not fit") {
    context<cpu_reference> ctx;
    const auto x = ctx.make(3, 6);
    int8_cells cells(5, 2, 3);
    const auto ask = [&](idx scale_rows, idx scale_cols) {
        ops::store_rows(ctx, x, ragged{three_rows}, idx{0},
                        int8_heads_view<std::int8_t>{
                            cells.look().values, {cells.scales.data(), scale_rows, scale_cols}});
    };
    CHECK_NOTHROW(ask(5, 2));
    CHECK_THROWS_WITH(ask(4, 2), "store_rows: cache.scales.rows: expected 5, got 4");
    CHECK_THROWS_WITH(ask(5, 4),
                      "store_rows: cache.cols: expected a multiple of cache.scales.cols, got 6");
    CHECK_THROWS_WITH(ask(5, 0), "store_rows: cache.scales.cols: expected at least 1, got 0");
    CHECK_THROWS_WITH(ops::store_rows(ctx, x, ragged{three_rows}, idx{3}, cells.look()),
                      "store_rows: at + rows of a sequence: expected 5, got 6");
    CHECK_THROWS_WITH(
        ops::store_rows(ctx, x.columns(0, 4), ragged{three_rows}, idx{0}, cells.look()),
        "store_rows: cache.cols: expected 4, got 6");
}
