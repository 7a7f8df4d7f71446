#include "golden.hpp"

#include <reckon/ops/activate.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("activations give the goldens", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const auto check = [&](const std::string& name, auto f) {
        INFO(name);
        const auto x = given(ctx, name + "/x");
        CHECK(difference(f(ctx, x), name + "/y") < tolerance::op);
        CHECK(difference(x, name + "/x") == 0);
        const spread_rows<E> apart{view<const E>{x.data, x.cols, 1}};
        const auto y = f(ctx, apart.look);
        CHECK(difference(view<E>{y.data, 1, y.rows}, name + "/y") < tolerance::op);
    };
    check("gelu_erf", [](auto& c, auto x) { return ops::gelu(c, x); });
    check("gelu_tanh", [](auto& c, auto x) { return ops::gelu_tanh(c, x); });
    check("silu", [](auto& c, auto x) { return ops::silu(c, x); });
}

TEST_CASE("relu cuts at zero, and no activation changes nothing") {
    context<cpu_reference> ctx;
    auto x = ctx.make(1, 3);
    x(0, 0) = -2, x(0, 1) = 0, x(0, 2) = 3;
    const auto cut = ops::activate(ctx, x, activation::relu);
    CHECK(cut(0, 0) == 0);
    CHECK(cut(0, 2) == 3);
    CHECK(ops::activate(ctx, x, activation::none)(0, 0) == -2);
}
