// linear over int8 rows, as they are and packed: every backend computes the same integers, so all
// that differs is the last rounding.
#include "conformance.hpp"

#include <reckon/core/matrix.hpp>
#include <reckon/ops/embedding.hpp>

#include <cmath>
#include <limits>

using namespace conformance;

namespace {

int8_matrix<> random_weight(idx out, idx in) {
    int8_matrix<> w(out, in);
    const philox random{7};
    for (idx i = 0; i < w.size(); ++i)
        w.values.data()[i] = std::int8_t(std::int32_t(random.below(i, 255)) - 127);
    for (idx o = 0; o < out; ++o) w.scales.data()[o] = random.uniform(w.size() + o, 0.01f, 0.02f);
    return w;
}

template <class Backend>
void check(const int8_matrix<>& w, view<float> x, view<const float> bias,
           activation f = activation::none) {
    CAPTURE(x.rows, x.cols, w.rows(), int(f));
    linear_agrees<Backend, int8_rows<>>(x, w.look(), {bias, f});
}

template <class Backend>
void check_shape(idx rows, idx in, idx out, activation f = activation::none, idx gap = 0) {
    numbers x(1, rows, in, -3, 3, gap), bias(3, 1, out);
    check<Backend>(random_weight(out, in), x.look(), bias.look(), f);
}

}  // namespace

TEMPLATE_TEST_CASE("conformance: linear over int8 of one row", "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance int8 of one row")) return;
    check_shape<TestType>(1, 1, 1);
}

TEMPLATE_TEST_CASE("conformance: linear over int8", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance int8")) return;
    for (idx rows : sizes{0, 1, 2, 4, 5, 9, 10, 19, 145})
        for (idx out : sizes{1, 4, 7, 8, 15, 16, 17, 32, 48, 49, 100})
            check_shape<TestType>(rows, 19, out);
    for (idx in : sizes{1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 63, 64, 65, 127, 128, 130})
        check_shape<TestType>(5, in, 13);
    for (auto f : {activation::relu, activation::gelu, activation::gelu_tanh, activation::silu})
        check_shape<TestType>(11, 40, 37, f, 3);
    check_shape<TestType>(20, 768, 96);
}

TEMPLATE_TEST_CASE("conformance: int8 of every number of rows up to 70 and odd width up to 130", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance int8 of every size")) return;
    for (idx rows = 1; rows <= 70; ++rows)
        check_shape<TestType>(rows, 24, 50, activation::none, rows % 3);
    for (idx width = 1; width <= 130; width += 2) {
        check_shape<TestType>(7, width, 19, activation::none, 1);
        check_shape<TestType>(7, 19, width);
    }
}

TEMPLATE_TEST_CASE("conformance: rows of an int8 table, written and added", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance int8 embedding")) return;
    const std::int32_t ids[]{0, 6, 3, 3, 1};
    const auto look = row_view(ids, 5);
    for (idx width = 1; width <= 70; ++width) {
        CAPTURE(width);
        const auto table = random_weight(7, width);
        agrees<TestType>([&](auto& c) { return ops::embedding(c, look, table.look()); });
        agrees<TestType>([&](auto& c) {
            auto x = ops::embedding(c, look, table.look());
            ops::embedding_add_to(c, x, look, table.look());
            return x;
        });
    }
}

// On AVX2 the sum of two products has 16 bits: the largest, 127 * 127 * 2, must not be cut.
TEMPLATE_TEST_CASE("int8: the largest products of all are summed exactly", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("int8 largest products")) return;
    constexpr idx in = 768, out = 33;
    numbers x(1, 4, in), bias(3, 1, out, 0, 0);
    int8_matrix<> w(out, in);
    for (idx o = 0; o < out; ++o) {
        w.scales.data()[o] = 1;
        for (idx k = 0; k < in; ++k) w.values.look()(o, k) = o % 2 == 0 ? 127 : -127;
    }
    for (idx r = 0; r < 4; ++r)
        for (idx k = 0; k < in; ++k) x.look()(r, k) = r < 2 ? 127.f : (k % 2 == 0 ? -127.f : 127.f);
    check<TestType>(w, x.look(), bias.look());

    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto y = ops::linear(ctx, x.look(), w.look());
    CHECK(y(0, 0) == 127.f * 127.f * float(in));
    CHECK(y(1, 1) == -127.f * 127.f * float(in));
    CHECK(y(2, 0) == 0);
}

// The scale is that of the other numbers, wherever the largest stands.
TEMPLATE_TEST_CASE("int8: one large number does not coarsen the others of its row", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("int8 one large number")) return;
    constexpr idx in = 130, out = 50;
    const auto w = random_weight(out, in);
    numbers x(1, in, in, -1, 1), bias(3, 1, out);
    for (idx r = 0; r < in; ++r) x.look()(r, r) = r % 2 == 0 ? 1000.f : -1000.f;
    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto y = ops::linear(ctx, x.look(), w.look(), {bias.look(), activation::none});
    for (idx r = 0; r < in; ++r)
        for (idx o = 0; o < out; ++o) {
            double exact = double(bias.look()(0, o)), bound = 1e-3;
            for (idx k = 0; k < in; ++k) {
                exact += double(x.look()(r, k)) * double(w.look()(o, k));
                if (k != r) bound += 0.5 / 127 * std::abs(double(w.look()(o, k)));
            }
            CAPTURE(r, o, bound);
            CHECK(std::abs(double(y(r, o)) - exact) <= bound);
        }
    check<TestType>(w, x.look(), bias.look());
}

TEMPLATE_TEST_CASE("int8: equal numbers, single ones and others too small to divide", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("int8 rows at the edges")) return;
    const auto w = random_weight(20, 40);
    numbers x(1, 4, 40, 0, 0), bias(3, 1, 20);
    for (idx k = 0; k < 40; ++k) {
        x.look()(0, k) = k % 3 == 0 ? -2.f : 2.f;
        x.look()(2, k) = k == 39 ? 3.f : 1e-40f;
        x.look()(3, k) = 1e-40f;
    }
    x.look()(1, 17) = -0.25f;
    check<TestType>(w, x.look(), bias.look());
    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto y = ops::linear(ctx, x.look(), w.look());
    for (idx o = 0; o < 20; ++o) {  // a single number is not rounded at all
        CHECK(y(1, o) == -0.25f * float(w.values.look()(o, 17)) * w.scales.look()(0, o));
        CHECK(y(2, o) == 3.f * float(w.values.look()(o, 39)) * w.scales.look()(0, o));
    }
}

TEMPLATE_TEST_CASE("int8: a row of zeros gives the bias, one that is not finite gives NaN", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("int8 rows of zeros and of NaN")) return;
    numbers x(1, 4, 70, 0, 0), bias(3, 1, 20);
    x.look()(1, 3) = std::numeric_limits<float>::quiet_NaN();
    x.look()(2, 69) = -std::numeric_limits<float>::infinity();
    x.look()(3, 0) = 2;
    const auto w = random_weight(20, 70);
    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto y = ops::linear(ctx, x.look(), w.look(), {bias.look(), activation::none});
    for (idx o = 0; o < 20; ++o) {
        CHECK(y(0, o) == bias.look()(0, o));
        CHECK(std::isnan(y(1, o)));
        CHECK(std::isnan(y(2, o)));
        CHECK(std::isfinite(y(3, o)));
    }
}
