#include "golden.hpp"

#include <reckon/ops/gated.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("gated gives the goldens, in the place of what the gate lets through", "",
                   GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto gate = given(ctx, "gated/a");
    for (const auto& [f, y] : {std::pair{activation::gelu, "gated/y_gelu_erf"},
                               std::pair{activation::gelu_tanh, "gated/y_gelu_tanh"},
                               std::pair{activation::silu, "gated/y_silu"}}) {
        spread_rows<E> apart{given(ctx, "gated/b")};
        const auto result = ops::gated(ctx, gate, apart.look, f);
        CHECK(difference(result, y) < tolerance::op);
        CHECK(result.data == apart.look.data);
    }
    CHECK(difference(gate, "gated/a") == 0);
}

TEST_CASE("gated refuses a gate of another shape") {
    context<cpu_reference> ctx;
    const auto x = ctx.make(2, 3);
    const auto ask = [&](idx rows, idx cols) {
        ops::gated(ctx, x, ctx.make(rows, cols), activation::silu);
    };
    CHECK_THROWS_WITH(ask(1, 3), "gated: x.rows: expected 2, got 1");
    CHECK_THROWS_WITH(ask(2, 4), "gated: x.cols: expected 3, got 4");
}
