#include "golden.hpp"

#include <reckon/ops/linear_transposed.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("linear_transposed is linear with the weight turned round", "",
                   GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto weight = numbers<E>("linear/weight");  // [out, in]
    matrix<E> turned(weight.cols(), weight.rows());
    for (idx r = 0; r < weight.rows(); ++r)
        for (idx c = 0; c < weight.cols(); ++c) turned.look()(c, r) = weight.look()(r, c);
    const auto x = given(ctx, "linear/x");
    CHECK(difference(ops::linear_transposed(ctx, x, turned.look()), "linear/y_without_bias") <
          tolerance::op);
    const spread_rows<E> apart{turned.look()};
    CHECK(difference(ops::linear_transposed(ctx, x, view<const E>{apart.look}),
                     "linear/y_without_bias") < tolerance::op);
}

TEST_CASE("linear_transposed refuses a weight of another height") {
    context<cpu_reference> ctx;
    const matrix<float> w(4, 3);
    CHECK_THROWS_WITH(ops::linear_transposed(ctx, ctx.make(2, 3), w.look()),
                      "linear_transposed: w.rows: expected 3, got 4");
}
