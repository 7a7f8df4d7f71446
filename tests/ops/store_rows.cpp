#include "golden.hpp"

#include <reckon/ops/store_rows.hpp>

using namespace golden;

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
