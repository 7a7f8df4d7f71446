#include <catch2/catch.hpp>
#include <limits>
#include <reckon/backend/tape.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/ops/activate.hpp>

using namespace reckon;

TEST_CASE("numbers that are none are found where they are written") {
    recording_context<cpu_reference> ctx{{}};
    auto x = ctx.make(1, 2);
    x(0, 0) = 1;
    x(0, 1) = std::numeric_limits<float>::infinity();
    ops::activate(ctx, x, activation::none);
    ctx.check_numbers(true);
    CHECK_THROWS_WITH(ops::activate(ctx, x, activation::none),
                      "activate: result: expected finite numbers, got an infinite one");
    ops::silu(ctx, x.columns(0, 1));
    x(0, 0) = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(ops::silu(ctx, x.columns(0, 1)),
                      "activate: result: expected finite numbers, got one that is none (NaN)");

    // What is only read is not its op's fault, and a backward is an op.
    x(0, 0) = 2;
    auto y = x.columns(0, 1);
    ctx.track(y);
    ctx.check_numbers(false);
    const auto z = ops::silu(ctx, y);
    ctx.gradient(z)(0, 0) = std::numeric_limits<float>::infinity();
    ctx.check_numbers(true);
    CHECK_THROWS_WITH(ctx.replay(), Catch::StartsWith("activate, backward: result"));
    ctx.forget();
}
