// linear over bf16 weights, as they are and packed: every backend rounds x as well, so that what
// differs is the order of the sums.
#include "conformance.hpp"

#include <reckon/core/matrix.hpp>

#include <cmath>
#include <limits>
#include <utility>

using namespace conformance;

namespace {

matrix<bf16> random_weight(idx out, idx in) {
    matrix<bf16> w(out, in);
    const philox random{7};
    for (idx i = 0; i < w.size(); ++i) w.data()[i] = bf16(random.uniform(i, -1, 1));
    return w;
}

template <class Backend>
void check(const matrix<bf16>& w, view<float> x, view<const float> bias,
           activation f = activation::none) {
    CAPTURE(x.rows, x.cols, w.rows(), int(f));
    linear_agrees<Backend, dense<bf16>>(x, w.look(), {bias, f});
}

template <class Backend>
void check_shape(idx rows, idx in, idx out, activation f = activation::none, idx gap = 0) {
    numbers x(1, rows, in, -3, 3, gap), bias(3, 1, out);
    check<Backend>(random_weight(out, in), x.look(), bias.look(), f);
}

}  // namespace

TEMPLATE_TEST_CASE("conformance: linear over bf16 of one row", "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance bf16 of one row")) return;
    check_shape<TestType>(1, 1, 1);
}

TEMPLATE_TEST_CASE("conformance: linear over bf16", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance bf16")) return;
    for (idx rows : sizes{0, 1, 2, 4, 5, 9, 10, 19, 145})
        for (idx out : sizes{1, 4, 7, 8, 15, 16, 17, 32, 48, 49, 100})
            check_shape<TestType>(rows, 19, out);
    for (idx in : sizes{1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 130})
        check_shape<TestType>(5, in, 13);
    for (auto f : {activation::relu, activation::gelu, activation::gelu_tanh, activation::silu})
        check_shape<TestType>(11, 40, 37, f, 3);
    check_shape<TestType>(20, 768, 96);
}

// 1 + 2^-9 is 1 as a bf16: a backend that multiplied x as it is would give more.
TEMPLATE_TEST_CASE("bf16: rows of x are rounded before they are multiplied", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("bf16 rounded rows")) return;
    numbers x(1, 2, 33, 0, 0), bias(3, 1, 20, 0, 0);
    for (idx k = 0; k < 33; ++k) x.look()(0, k) = 1 + 0x1p-9f;
    x.look()(1, 32) = std::numeric_limits<float>::quiet_NaN();
    matrix<bf16> w(20, 33);
    for (idx i = 0; i < w.size(); ++i) w.data()[i] = bf16(1.f);
    check<TestType>(w, x.look().slice(0, 1), bias.look());

    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto y = ops::linear(ctx, x.look(), std::as_const(w).look());
    for (idx o = 0; o < 20; ++o) {
        CHECK(y(0, o) == 33);
        CHECK(std::isnan(y(1, o)));
    }
}
