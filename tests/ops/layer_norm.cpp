#include "golden.hpp"

#include <reckon/backend/tape.hpp>
#include <reckon/ops/layer_norm.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("layer_norm gives the goldens, into a fresh tensor and in place", "",
                   GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto gain = numbers<E>("layer_norm/gain"), bias = numbers<E>("layer_norm/bias");
    struct row {
        float epsilon;
        const char* y;
    };
    for (const row& r : {row{1e-12f, "layer_norm/y"}, row{1e-5f, "layer_norm/y_epsilon_1e-5"}}) {
        auto x = given(ctx, "layer_norm/x");
        const auto y = ops::layer_norm(ctx, x, gain.look(), bias.look(), r.epsilon);
        CHECK(difference(y, r.y) < tolerance::op);
        CHECK(difference(x, "layer_norm/x") == 0);

        spread_rows<E> apart{x};
        ops::layer_norm_in_place(ctx, apart.look, gain.look(), bias.look(), r.epsilon);
        CHECK(difference(apart.look, r.y) < tolerance::op);
    }
}

TEST_CASE("layer_norm refuses gains and biases of another width") {
    context<cpu_reference> ctx;
    auto x = ctx.make(2, 3);
    const matrix<float> fits(1, 3), wide(1, 4);
    CHECK_THROWS_WITH(ops::layer_norm(ctx, x, wide.look(), fits.look(), 0),
                      "layer_norm: gain.cols: expected 3, got 4");
    CHECK_THROWS_WITH(ops::layer_norm(ctx, x, fits.look(), wide.look(), 0),
                      "layer_norm: bias.cols: expected 3, got 4");
    CHECK_THROWS_AS(ops::layer_norm_in_place(ctx, x, wide.look(), fits.look(), 0), error);
    CHECK_THROWS_AS(ops::layer_norm_in_place(ctx, x, fits.look(), wide.look(), 0), error);
}

TEST_CASE("add_layer_norm refuses what does not fit") {
    context<cpu_reference> ctx;
    auto x = ctx.make(2, 3);
    const auto low = ctx.make(1, 3), thin = ctx.make(2, 2);
    const matrix<float> fits(1, 3), wide(1, 4);
    const auto check = [&](const auto& f, const auto& gain, const auto& bias, const char* what) {
        CHECK_THROWS_WITH(ops::add_layer_norm(ctx, x, f, gain.look(), bias.look(), 0), what);
        CHECK_THROWS_WITH(ops::add_layer_norm_in_place(ctx, x, f, gain.look(), bias.look(), 0),
                          what);
    };
    check(low, fits, fits, "add_layer_norm: f.rows: expected 2, got 1");
    check(thin, fits, fits, "add_layer_norm: f.cols: expected 3, got 2");
    check(x, wide, fits, "add_layer_norm: gain.cols: expected 3, got 4");
    check(x, fits, wide, "add_layer_norm: bias.cols: expected 3, got 4");
}

TEST_CASE("add_layer_norm is recorded as add_to and layer_norm") {
    const matrix<float> gain(1, 3), bias(1, 3);
    float slopes[3];
    const std::vector<gradient_range<float>> learning{{bias.data(), bias.data() + 3, slopes}};
    recording_context<cpu_reference> ctx{learning};
    auto x = ctx.make(2, 3);
    const auto f = ctx.make(2, 3);
    ctx.track(x);
    const float* const first = x.data;
    const auto y = ops::add_layer_norm(ctx, x, f, gain.look(), bias.look(), 1);
    CHECK(ctx.recorded() == 2);
    CHECK(x.data != first);
    CHECK(y.grad != nullptr);
    ops::add_layer_norm_in_place(ctx, x, f, gain.look(), bias.look(), 1);
    CHECK(ctx.recorded() == 4);
}

TEST_CASE("layer_norm_in_place is fresh once something is on the tape, or learns") {
    const matrix<float> gain(1, 3), bias(1, 3);
    float slopes[3];
    const std::vector<gradient_range<float>> learning{{bias.data(), bias.data() + 3, slopes}};
    recording_context<cpu_reference> frozen{{}}, ctx{learning};
    auto x = frozen.make(2, 3), y = ctx.make(2, 3);
    const float *first = x.data, *second = y.data;

    ops::layer_norm_in_place(frozen, x, gain.look(), bias.look(), 1);
    CHECK(x.data == first);
    frozen.record([](auto&) {});
    ops::layer_norm_in_place(frozen, x, gain.look(), bias.look(), 1);
    CHECK(x.data != first);

    ops::layer_norm_in_place(ctx, y, gain.look(), bias.look(), 1);
    CHECK(y.data != second);
    CHECK(ctx.recorded() == 1);
}
