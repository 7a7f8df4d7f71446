#include "golden.hpp"

#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/pool.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("pooling gives the goldens", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto offsets = integers("pooling/offsets");
    const ragged sequences{offsets};
    const auto x = given(ctx, "pooling/x");
    const spread_rows<E> apart{view<const E>{x}};
    for (const auto& input : {x, apart.look}) {
        CHECK(difference(ops::pool(ctx, input, sequences, pooling::mean), "pooling/y_mean") <
              tolerance::op);
        CHECK(difference(ops::pool(ctx, input, sequences, pooling::first), "pooling/y_first") == 0);
        CHECK(difference(ops::pool(ctx, input, sequences, pooling::last), "pooling/y_last") == 0);
    }
}

TEST_CASE("pooling refuses an empty sequence and rows that do not fit") {
    context<cpu_reference> ctx;
    const auto x = ctx.make(3, 2);
    const std::int32_t gap[]{0, 2, 2, 3}, short_of_one[]{0, 2}, none[]{0};
    CHECK_THROWS_WITH(ops::pool(ctx, x, ragged{gap}, pooling::mean),
                      "pool: rows of a sequence: expected at least 1, got 0");
    CHECK_THROWS_WITH(ops::pool(ctx, x, ragged{short_of_one}, pooling::last),
                      "pool: x.rows: expected 2, got 3");
    CHECK(ops::pool(ctx, ctx.make(0, 2), ragged{none}, pooling::mean).rows == 0);
}

TEMPLATE_TEST_CASE("l2_normalize gives the goldens", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto x = given(ctx, "l2_normalize/x");
    CHECK(difference(ops::l2_normalize(ctx, x), "l2_normalize/y") < tolerance::op);
    const spread_rows<E> apart{view<const E>{x}};
    CHECK(difference(ops::l2_normalize(ctx, apart.look), "l2_normalize/y") < tolerance::op);
}

TEST_CASE("a row of zeros stays zero") {
    context<cpu_reference> ctx;
    auto x = ctx.make(1, 3);
    for (int c = 0; c < 3; ++c) x(0, idx(c)) = 0;
    CHECK(ops::l2_normalize(ctx, x)(0, 1) == 0);
}
