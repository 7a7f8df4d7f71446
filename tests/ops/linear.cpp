#include "golden.hpp"

#include <reckon/ops/linear.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("linear gives the goldens", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto x = given(ctx, "linear/x");
    const auto w = numbers<E>("linear/weight"), bias = numbers<E>("linear/bias");
    struct row {
        activation f;
        const char* y;
    };
    for (const row& r :
         {row{activation::none, "linear/y"}, row{activation::gelu, "linear/y_gelu_erf"},
          row{activation::gelu_tanh, "linear/y_gelu_tanh"},
          row{activation::silu, "linear/y_silu"}}) {
        INFO(r.y);
        CHECK(difference(ops::linear(ctx, x, w.look(), {bias.look(), r.f}), r.y) < tolerance::op);
    }
    CHECK(difference(ops::linear(ctx, x, w.look()), "linear/y_without_bias") < tolerance::op);
}

TEMPLATE_TEST_CASE("linear reads rows that stand apart", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const spread_rows<E> x{given(ctx, "linear/x")}, w{numbers<E>("linear/weight").look()};
    const auto bias = numbers<E>("linear/bias");
    const view<const E> weight = w.look;
    CHECK(difference(ops::linear(ctx, x.look, weight, {bias.look()}), "linear/y") < tolerance::op);
}

TEST_CASE("linear computes from every storage of a weight") {
    context<cpu_reference> ctx;
    auto x = ctx.make(1, 2);
    x(0, 0) = 3, x(0, 1) = -1;

    matrix<bf16> half(1, 2);
    half.data()[0] = bf16(0.5f), half.data()[1] = bf16(2.0f);
    CHECK(ops::linear(ctx, x, std::as_const(half).look())(0, 0) == -0.5f);

    int8_matrix<> small(1, 2);
    small.values.data()[0] = 100, small.values.data()[1] = -7;
    small.scales.data()[0] = 0.25f;
    CHECK(ops::linear(ctx, x, std::as_const(small).look())(0, 0) ==
          0.25f * (3 * 100 + 7));  // x is int8 too, but its largest: 3, and -127 / 127

    pruned_matrix<int8_matrix<>> pruned(1, 2);
    pruned.inner = small;
    pruned.kept.data()[1] = 0;
    CHECK(ops::linear(ctx, x, std::as_const(pruned).look())(0, 0) == 75);
}

TEST_CASE("a context that sums in float has no double in its sum") {
    // 2^24 + 1 + 1 - 2^24 is 0 in float, whose ones are lost, and 2 in double.
    const float cells[]{0x1p24f, 1, 1, -0x1p24f}, ones[]{1, 1, 1, 1};
    const view<const float> w{ones, 1, 4};
    float x[4];
    for (int i = 0; i < 4; ++i) x[i] = cells[i];
    context<cpu_reference, float, float> single;
    context<cpu_reference> wide;
    CHECK(ops::linear(single, {x, 1, 4}, w)(0, 0) == 0);
    CHECK(ops::linear(wide, {x, 1, 4}, w)(0, 0) == 2);
}

TEST_CASE("linear refuses extents that do not fit") {
    context<cpu_reference> ctx;
    const auto x = ctx.make(2, 3);
    const matrix<float> w(4, 5), fits(4, 3), bias(1, 3);
    CHECK_THROWS_WITH(ops::linear(ctx, x, w.look()), "linear: w.cols: expected 3, got 5");
    CHECK_THROWS_WITH(ops::linear(ctx, x, fits.look(), {bias.look()}),
                      "linear: bias.cols: expected 4, got 3");
}
