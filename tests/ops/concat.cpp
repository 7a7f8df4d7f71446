#include "golden.hpp"

#include <reckon/ops/concat.hpp>

using namespace golden;

namespace {

using reference = context<cpu_reference>;

/// Row r is 10 r, 10 r + 1 ..
tensor_of<reference> counted(reference& ctx, idx rows, idx cols, float start) {
    auto x = ctx.make(rows, cols);
    for (idx r = 0; r < rows; ++r)
        for (idx c = 0; c < cols; ++c) x(r, c) = start + float(10 * r + c);
    return x;
}

}  // namespace

TEST_CASE("concat puts rows in front of each sequence that has room for some") {
    reference ctx;
    const std::int32_t own[]{0, 2, 2, 3}, all[]{0, 3, 5, 6}, first[]{3, 1, 4};
    const auto front = counted(ctx, 4, 2, 100), x = counted(ctx, 3, 2, 0);
    const auto y = ops::concat(ctx, front, first, x, ragged{own}, ragged{all});
    const float expected[]{130, 0, 10, 110, 120, 20};
    REQUIRE(y.rows == 6);
    for (idx r = 0; r < 6; ++r)
        for (idx c = 0; c < 2; ++c) CHECK(y(r, c) == expected[r] + float(c));
}

TEST_CASE("concat refuses rows that do not fit, and a front that has not so many") {
    reference ctx;
    const std::int32_t own[]{0, 2, 3}, all[]{0, 3, 5}, one[]{0, 3}, less[]{0, 1, 4};
    const auto front = counted(ctx, 4, 2, 100), x = counted(ctx, 3, 2, 0);
    const auto ask = [&](auto in_front, per_sequence first, auto rows, const auto& before,
                         const auto& after) {
        ops::concat(ctx, in_front, first, rows, ragged{before}, ragged{after});
    };
    CHECK_NOTHROW(ask(front, 3, x, own, all));
    CHECK_THROWS_WITH(ask(front.columns(0, 1), 0, x, own, all),
                      "concat: prefix.cols: expected 2, got 1");
    CHECK_THROWS_WITH(ask(front, 0, x.slice(0, 2), own, all), "concat: x.rows: expected 3, got 2");
    CHECK_THROWS_WITH(ask(front, 0, x, own, one), "concat: all.sequences: expected 2, got 1");
    CHECK_THROWS_WITH(ask(front, 0, x, own, less),
                      "concat: all: expected at least the rows of each sequence, got 1");
    CHECK_THROWS_WITH(ask(front, 4, x, own, all),
                      "concat: first + rows in front: expected 4, got 5");
    CHECK_THROWS_WITH(ask(front.slice(0, 0), 0, x, own, all),
                      "concat: first + rows in front: expected 0, got 1");
    const std::int32_t negative[]{-1, 0};
    CHECK_THROWS_AS(ask(front, negative, x, own, all), error);
}
