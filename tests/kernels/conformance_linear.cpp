#include "conformance.hpp"

#include <reckon/ops/linear_transposed.hpp>

#include <cmath>
#include <limits>

using namespace conformance;

namespace {

struct shape {
    idx rows, in, out;
    idx gap = 0;  // between the rows of x
    activation f = activation::none;
};

/// The dense weight and, where the backend has a layout of its own, the packed one.
template <class Backend> void check(const shape& s) {
    CAPTURE(s.rows, s.in, s.out, s.gap, int(s.f));
    numbers x(1, s.rows, s.in, -1, 1, s.gap), w(2, s.out, s.in), bias(3, 1, s.out);
    const view<const float> weight = w.look();
    linear_agrees<Backend, dense<float>>(x.look(), weight, {bias.look(), s.f});
    agrees<Backend>([&](auto& ctx) { return ops::linear(ctx, x.look(), weight, {{}, s.f}); });
}

template <class Backend> void check_transposed(idx rows, idx depth, idx cols, idx gap) {
    CAPTURE(rows, depth, cols, gap);
    numbers x(4, rows, depth, -1, 1, gap), w(5, depth, cols, -1, 1, 2 * gap);
    agrees<Backend>([&](auto& ctx) {
        return ops::linear_transposed(ctx, x.look(), view<const float>{w.look()});
    });
}

}  // namespace

TEMPLATE_TEST_CASE("conformance: linear of one row", "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance linear of one row")) return;
    check<TestType>({1, 1, 1});
}

TEMPLATE_TEST_CASE("conformance: linear", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance linear")) return;
    for (idx rows : sizes{0, 1, 2, 4, 5, 9, 10, 13, 19, 145})
        for (idx out : sizes{1, 3, 4, 7, 8, 12, 16, 17, 24, 48, 49, 100})
            check<TestType>({rows, 19, out});
    for (idx in : sizes{1, 2, 3, 4, 8, 15, 16, 17, 33, 64, 100}) check<TestType>({5, in, 13});
    for (auto f : {activation::relu, activation::gelu, activation::gelu_tanh, activation::silu})
        check<TestType>({11, 40, 37, 0, f});
    check<TestType>({7, 20, 30, 5});
    check<TestType>({130, 768, 200, 3, activation::gelu});
}

TEMPLATE_TEST_CASE("conformance: linear of every number of rows up to 70 and odd width up to 130",
                   "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance linear of every size")) return;
    for (idx rows = 1; rows <= 70; ++rows) {
        check<TestType>({rows, 24, 50, rows % 3, activation::gelu});
        check_transposed<TestType>(rows, 24, 50, rows % 3);
    }
    for (idx width = 1; width <= 130; width += 2) {
        check<TestType>({7, width, 19, 1});
        check<TestType>({7, 19, width});
        check_transposed<TestType>(7, width, 19, 1);
        check_transposed<TestType>(7, 19, width, 0);
    }
}

// With weights above zero no infinities of either sign meet, so that every sum is defined.
TEMPLATE_TEST_CASE("linear: NaN, infinities and denormals stay in their rows", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("linear of numbers that are not finite")) return;
    constexpr float infinite = std::numeric_limits<float>::infinity();
    constexpr float least = std::numeric_limits<float>::denorm_min();
    context<typename TestType::tag> ctx;
    for (idx rows : sizes{5, 23}) {
        numbers x(1, rows, 37, -1, 1, 1), w(2, 21, 37, 0.5, 1), bias(3, 1, 21);
        const auto scope = ctx.scope();
        const auto run = [&] {
            return ops::linear(ctx, x.look(), view<const float>{w.look()}, {bias.look()});
        };
        const auto before = run();
        x.look()(1, 36) = std::numeric_limits<float>::quiet_NaN();
        x.look()(2, 0) = infinite;
        x.look()(3, 17) = -infinite;
        for (idx c = 0; c < x.cols; ++c) x.look()(4, c) = least * float(c);
        const auto y = run();
        idx wrong = 0;
        for (idx o = 0; o < w.rows; ++o) {
            wrong += !std::isnan(y(1, o)) + (y(2, o) != infinite) + (y(3, o) != -infinite) +
                     (y(4, o) != bias.look()(0, o));
            for (idx r = 0; r < rows; ++r) wrong += (r < 1 || r > 4) && y(r, o) != before(r, o);
        }
        CHECK(wrong == 0);
    }
}

TEMPLATE_TEST_CASE("conformance: linear_transposed of one number", "[smallest]",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance linear_transposed of one number")) return;
    check_transposed<TestType>(1, 1, 1, 0);
}

TEMPLATE_TEST_CASE("conformance: linear_transposed", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance linear_transposed")) return;
    for (idx rows : sizes{0, 1, 2, 5, 10, 145})
        for (idx cols : sizes{1, 3, 4, 7, 8, 13, 16, 17, 31, 48, 49, 100})
            check_transposed<TestType>(rows, 19, cols, cols % 3);
    for (idx depth : sizes{1, 2, 16, 33}) check_transposed<TestType>(5, depth, 37, 1);
    check_transposed<TestType>(7, 768, 128, 0);
}
