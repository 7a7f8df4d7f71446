#include "golden.hpp"

#include <reckon/ops/log_softmax.hpp>

#include <cmath>
#include <limits>

using namespace golden;

TEMPLATE_TEST_CASE("log_softmax gives the goldens, whatever lies between its rows", "",
                   GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    const spread_rows<E> apart{given(ctx, "log_softmax/x")};
    CHECK(difference(ops::log_softmax(ctx, apart.look), "log_softmax/y") < tolerance::op);
}

TEST_CASE("what is minus infinity has no share, and the others share what there is") {
    context<cpu_reference> ctx;
    constexpr float least = -std::numeric_limits<float>::infinity();
    float x[]{least, 3, least, 3};
    const auto y = ops::log_softmax(ctx, view<float>{x, 1, 4});
    CHECK(y(0, 0) == least);
    CHECK(y(0, 1) == Approx(-std::log(2)));
    CHECK(y(0, 2) == least);
    CHECK(y(0, 3) == Approx(-std::log(2)));
}
