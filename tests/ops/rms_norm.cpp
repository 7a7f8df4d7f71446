#include "golden.hpp"

#include <reckon/ops/rms_norm.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("rms_norm gives the goldens, into a fresh tensor and in place", "",
                   GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto gain = numbers<E>("rms_norm/gain");
    auto x = given(ctx, "rms_norm/x");
    CHECK(difference(ops::rms_norm(ctx, x, gain.look(), 1e-5f), "rms_norm/y") < tolerance::op);
    CHECK(difference(x, "rms_norm/x") == 0);

    spread_rows<E> apart{x};
    ops::rms_norm_in_place(ctx, apart.look, gain.look(), 1e-5f);
    CHECK(difference(apart.look, "rms_norm/y") < tolerance::op);
}

TEST_CASE("rms_norm refuses a gain of another width") {
    context<cpu_reference> ctx;
    auto x = ctx.make(2, 3);
    const matrix<float> wide(1, 4);
    const char* sentence = "rms_norm: gain.cols: expected 3, got 4";
    CHECK_THROWS_WITH(ops::rms_norm(ctx, x, wide.look(), 0), sentence);
    CHECK_THROWS_WITH(ops::rms_norm_in_place(ctx, x, wide.look(), 0), sentence);
}

TEST_CASE("add_rms_norm refuses what does not fit") {
    context<cpu_reference> ctx;
    auto x = ctx.make(2, 3);
    const auto low = ctx.make(1, 3);
    const matrix<float> fits(1, 3), wide(1, 4);
    const char* rows = "add_rms_norm: f.rows: expected 2, got 1";
    const char* gain = "add_rms_norm: gain.cols: expected 3, got 4";
    CHECK_THROWS_WITH(ops::add_rms_norm(ctx, x, low, fits.look(), 0), rows);
    CHECK_THROWS_WITH(ops::add_rms_norm_in_place(ctx, x, low, fits.look(), 0), rows);
    CHECK_THROWS_WITH(ops::add_rms_norm(ctx, x, x, wide.look(), 0), gain);
    CHECK_THROWS_WITH(ops::add_rms_norm_in_place(ctx, x, x, wide.look(), 0), gain);
}
