#include "golden.hpp"

#include <reckon/ops/rope.hpp>

#include <cmath>

using namespace golden;

TEMPLATE_TEST_CASE("rope gives the goldens, with either layout of a head", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto positions = integers("rope/positions");
    const idx heads = idx(integers("rope/heads")[0]);
    std::vector<std::int32_t> offsets;  // every row a sequence of its own, at its own position
    for (std::int32_t s = 0; s <= std::int32_t(positions.size()); ++s) offsets.push_back(s);
    const auto x = given(ctx, "rope/x");
    const auto angles =
        ops::rope_angles(ctx, ragged{offsets}, positions.data(), x.cols / heads, {.base = 10000});
    for (const auto& [layout, y] : {std::pair{rope_layout::half_split, "rope/y_half_split"},
                                    std::pair{rope_layout::interleaved, "rope/y_interleaved"}}) {
        spread_rows<E> apart{x};
        ops::rope(ctx, apart.look, angles, layout);
        CHECK(difference(apart.look, y) < tolerance::op);
    }
}

TEST_CASE("angles count on from a sequence's first position") {
    context<cpu_reference> ctx;
    const std::int32_t offsets[]{0, 3, 3, 5}, first[]{4, 9, 0};
    const auto angles = ops::rope_angles(ctx, ragged{offsets}, first, 4, {.base = 100});
    const double positions[]{4, 5, 6, 0, 1};
    for (idx r = 0; r < 5; ++r)
        for (idx pair = 0; pair < 2; ++pair) {
            const double angle = positions[r] * (pair == 0 ? 1 : 0.1);
            CHECK(angles(r, pair) == Approx(std::cos(angle)));
            CHECK(angles(r, 2 + pair) == Approx(std::sin(angle)));
        }
}

TEST_CASE("scaling slows the long waves, leaves the short ones, and mixes between them") {
    const rope_options plain{.base = 10000};
    const rope_options scaled{.base = 10000, .scaling = {.factor = 8, .context = 1000}};
    idx kept = 0, slowed = 0, mixed = 0;
    for (idx i = 0; i < 32; ++i) {
        const double turn = plain.turn(i, 64), share = scaled.turn(i, 64) / turn;
        const double wave = 6.283185307179586 / turn;
        if (wave < 1000.0 / 4)
            kept += share == 1;
        else if (wave > 1000)
            slowed += share == 1.0 / 8;
        else
            mixed += share > 1.0 / 8 && share < 1;
    }
    CHECK(kept == 13);    // 10000^(2 i / 64) * 2 pi < 250: i < 12.8
    CHECK(slowed == 14);  // > 1000: i > 17.6
    CHECK(mixed == 5);
}

TEST_CASE("rope refuses odd heads, and angles of other rows or widths") {
    context<cpu_reference> ctx;
    const std::int32_t offsets[]{0, 2};
    auto x = ctx.make(2, 12);
    const auto ask = [&](idx rows, idx width) {
        ops::rope(ctx, x, ctx.make(rows, width), rope_layout::half_split);
    };
    CHECK_THROWS_WITH(ops::rope_angles(ctx, ragged{offsets}, 0, 3, {}),
                      "rope_angles: width: expected an even number, got 3");
    CHECK_THROWS_WITH(ask(3, 4), "rope: angles.rows: expected 2, got 3");
    CHECK_THROWS_WITH(ask(2, 8), "rope: angles.cols: expected a divisor of x.cols, got 8");
    CHECK_THROWS_WITH(ask(2, 0), "rope: angles.cols: expected a divisor of x.cols, got 0");
}
