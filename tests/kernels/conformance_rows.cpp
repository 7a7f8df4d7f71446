// The ops that work row by row: norms, rope, activations, sums, embedding, pool, log_softmax.
#include "conformance.hpp"

#include <reckon/ops/activate.hpp>
#include <reckon/ops/add.hpp>
#include <reckon/ops/add_row.hpp>
#include <reckon/ops/embedding.hpp>
#include <reckon/ops/gated.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/ops/rms_norm.hpp>
#include <reckon/ops/rope.hpp>

#include <cmath>
#include <cstring>

using namespace conformance;

namespace {

constexpr activation every_function[] = {activation::none, activation::relu, activation::gelu,
                                         activation::gelu_tanh, activation::silu};

/// check(rows, columns, gap between rows)
template <class F> void each_shape(const F& check) {
    for (idx cols : sizes{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 768})
        for (idx rows : sizes{0, 1, 2, 19}) check(rows, cols, idx{cols % 3});
    for (idx rows = 1; rows <= 70; ++rows) check(rows, 21, idx{rows % 3});
    for (idx cols = 1; cols <= 130; cols += 2) check(2, cols, idx{1});
    check(300, 384, 0);  // more than one task
}

template <class Backend> void check_layer_norm(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers x(1, rows, cols, -2, 3, gap), gain(2, 1, cols, 0.5, 1.5), bias(3, 1, cols);
    for (idx c = 0; rows > 1 && c < cols; ++c) x.look()(1, c) += 100;  // a mean far from zero
    for (float epsilon : {1e-12f, 1e-5f}) {
        // of one or two columns the variance can all but vanish, and with it every digit
        if (cols < 3 && epsilon < 1e-6f) continue;
        agrees<Backend>([&](auto& ctx) {
            return ops::layer_norm(ctx, x.look(), gain.look(), bias.look(), epsilon);
        });
        agrees<Backend>([&](auto& ctx) {
            auto y = copy(ctx, x.look());
            ops::layer_norm_in_place(ctx, y, gain.look(), bias.look(), epsilon);
            return y;
        });
    }
}

template <class Backend> void check_rms_norm(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers x(15, rows, cols, -2, 3, gap), gain(16, 1, cols, 0.5, 1.5);
    for (idx c = 0; rows > 1 && c < cols; ++c) x.look()(1, c) *= 1e-3f;  // epsilon matters
    for (float epsilon : {1e-12f, 1e-5f}) {
        agrees<Backend>(
            [&](auto& ctx) { return ops::rms_norm(ctx, x.look(), gain.look(), epsilon); });
        agrees<Backend>([&](auto& ctx) {
            auto y = copy(ctx, x.look());
            ops::rms_norm_in_place(ctx, y, gain.look(), epsilon);
            return y;
        });
    }
}

/// `fused(ctx, x, f)` against the reference and against x += f with `norm(ctx, x)` behind it, whose
/// bits it promises where anything does; it leaves x + f in x, or its norm.
template <class Backend, class Fused, class Norm>
void check_fused_norm(idx rows, idx cols, idx gap, const Fused& fused, const Norm& norm) {
    CAPTURE(rows, cols, gap);
    numbers first(21, rows, cols, -2, 3, gap), f(22, rows, cols, -1, 1, 2 * gap);
    agrees<Backend>([&](auto& ctx) {
        auto x = copy(ctx, first.look()), sum = copy(ctx, first.look());
        const auto y = fused(ctx, x, f.look());
        ops::add_to(ctx, sum, f.look());
        const auto own = values_of(y), left = values_of(x), sums = values_of(sum);
        CHECK(left == (x.data == y.data ? own : sums));
        if (Backend::exact) CHECK(own == values_of(norm(ctx, sum)));
        return y;
    });
}

template <class Backend> void check_add_layer_norm(idx rows, idx cols, idx gap) {
    numbers gain(2, 1, cols, 0.5, 1.5), bias(3, 1, cols);
    const auto norm = [&](auto& ctx, auto& x) {
        return ops::layer_norm(ctx, x, gain.look(), bias.look(), 1e-5f);
    };
    check_fused_norm<Backend>(
        rows, cols, gap,
        [&](auto& ctx, auto& x, view<float> f) {
            return ops::add_layer_norm(ctx, x, f, gain.look(), bias.look(), 1e-5f);
        },
        norm);
    check_fused_norm<Backend>(
        rows, cols, gap,
        [&](auto& ctx, auto& x, view<float> f) {
            ops::add_layer_norm_in_place(ctx, x, f, gain.look(), bias.look(), 1e-5f);
            return x;
        },
        norm);
}

template <class Backend> void check_add_rms_norm(idx rows, idx cols, idx gap) {
    numbers gain(16, 1, cols, 0.5, 1.5);
    const auto norm = [&](auto& ctx, auto& x) { return ops::rms_norm(ctx, x, gain.look(), 1e-5f); };
    check_fused_norm<Backend>(
        rows, cols, gap,
        [&](auto& ctx, auto& x, view<float> f) {
            return ops::add_rms_norm(ctx, x, f, gain.look(), 1e-5f);
        },
        norm);
    check_fused_norm<Backend>(
        rows, cols, gap,
        [&](auto& ctx, auto& x, view<float> f) {
            ops::add_rms_norm_in_place(ctx, x, f, gain.look(), 1e-5f);
            return x;
        },
        norm);
}

template <class Backend> void check_rope(idx rows, idx pairs, idx gap) {
    const idx width = 2 * pairs, heads = 1 + gap;
    CAPTURE(rows, width, heads, gap);
    numbers x(17, rows, heads * width, -2, 2, gap), angles(18, rows, width, -1, 1, gap);
    for (rope_layout layout : {rope_layout::half_split, rope_layout::interleaved})
        agrees<Backend>([&](auto& ctx) {
            view<float> y = x.look();  // in place where the rows stand apart, and back again
            const auto before = copy(ctx, y);
            ops::rope(ctx, y, angles.look(), layout);
            const auto turned = copy(ctx, y);
            for (idx r = 0; r < rows; ++r) std::copy_n(before.row(r), y.cols, y.row(r));
            return turned;
        });
}

template <class Backend> void check_activate(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers x(4, rows, cols, -4, 4, gap);  // far below, 1 + erf(x) has no digits left in a double
    for (activation f : every_function)
        agrees<Backend>([&](auto& ctx) { return ops::activate(ctx, x.look(), f); });
}

template <class Backend> void check_gated(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers gate(19, rows, cols, -4, 4, gap), x(20, rows, cols, -2, 2, 2 * gap);
    for (activation f : every_function)
        agrees<Backend>(
            [&](auto& ctx) { return ops::gated(ctx, gate.look(), copy(ctx, x.look()), f); });
}

template <class Backend> void check_add(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers a(5, rows, cols, -1, 1, gap), b(6, rows, cols, -1, 1, 2 * gap);
    agrees<Backend>([&](auto& ctx) { return ops::add(ctx, a.look(), b.look()); });
    agrees<Backend>([&](auto& ctx) {
        auto x = copy(ctx, a.look());
        ops::add_to(ctx, x, b.look());
        return x;
    });
}

template <class Backend> void check_add_row(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers x(7, rows, cols, -1, 1, gap), row(8, 1, cols);
    agrees<Backend>([&](auto& ctx) {
        auto y = copy(ctx, x.look());
        ops::add_row_to(ctx, y, row.look());
        return y;
    });
}

template <class Backend> void check_embedding(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    constexpr idx table_rows = 11;
    numbers table(9, table_rows, cols, -1, 1, gap), x(10, rows, cols);
    std::vector<std::int32_t> ids(rows + 1);
    for (idx i = 0; i < rows; ++i) ids[i] = std::int32_t(philox{11}.below(i, table_rows));
    const view<const std::int32_t> own{ids.data(), 1, rows};
    const view<const float> look = table.look();
    agrees<Backend>([&](auto& ctx) { return ops::embedding(ctx, own, look); });
    agrees<Backend>([&](auto& ctx) {
        auto y = copy(ctx, x.look());
        ops::embedding_add_to(ctx, y, own, look);
        return y;
    });
}

template <class Backend> void check_pool(idx count, idx cols, idx gap) {
    CAPTURE(count, cols, gap);
    std::vector<std::int32_t> offsets{0};
    for (idx s = 0; s < count; ++s)
        offsets.push_back(offsets.back() + 1 + std::int32_t(philox{12}.below(s, 40)));
    const ragged sequences{offsets};
    numbers x(13, sequences.rows(), cols, -1, 1, gap);
    for (pooling how : {pooling::mean, pooling::first, pooling::last})
        agrees<Backend>([&](auto& ctx) { return ops::pool(ctx, x.look(), sequences, how); });
}

template <class Backend> void check_l2_normalize(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers x(14, rows, cols, -3, 3, gap);
    for (idx c = 0; rows > 1 && c < cols; ++c) x.look()(1, c) = 0;  // zeros stay zeros
    agrees<Backend>([&](auto& ctx) { return ops::l2_normalize(ctx, x.look()); });
}

template <class Backend> void check_log_softmax(idx rows, idx cols, idx gap) {
    CAPTURE(rows, cols, gap);
    numbers x(21, rows, cols, -4, 4, gap);
    for (idx c = 0; rows > 1 && c < cols; ++c) x.look()(1, c) = x.look()(1, c) * 20 - 500;
    agrees<Backend>([&](auto& ctx) { return ops::log_softmax(ctx, x.look()); });

    const auto least = -std::numeric_limits<float>::infinity();  // what must not be chosen
    for (idx r = 0; r < rows; ++r)
        for (idx c = r % 2; c + 1 < cols; c += 2) x.look()(r, c) = least;
    agrees<Backend>([&](auto& ctx) {
        auto y = ops::log_softmax(ctx, x.look());
        for (idx i = 0; i < y.size(); ++i) y.data[i] = y.data[i] == least ? 100 : y.data[i];
        return y;
    });
}

}  // namespace

#define RECKON_CONFORMANCE(op)                                                                     \
    TEMPLATE_TEST_CASE("conformance: " #op " of one number", "[smallest]", RECKON_TEST_BACKENDS) { \
        if (test_support::runs<TestType>("conformance " #op " of one number"))                     \
            check_##op<TestType>(1, 1, 0);                                                         \
    }                                                                                              \
    TEMPLATE_TEST_CASE("conformance: " #op " of every shape", "", RECKON_TEST_BACKENDS) {          \
        if (test_support::runs<TestType>("conformance " #op " of every shape"))                    \
            each_shape(check_##op<TestType>);                                                      \
    }

RECKON_CONFORMANCE(layer_norm)
RECKON_CONFORMANCE(activate)
RECKON_CONFORMANCE(add)
RECKON_CONFORMANCE(add_row)
RECKON_CONFORMANCE(embedding)
RECKON_CONFORMANCE(pool)
RECKON_CONFORMANCE(l2_normalize)
RECKON_CONFORMANCE(rms_norm)
RECKON_CONFORMANCE(add_layer_norm)
RECKON_CONFORMANCE(add_rms_norm)
RECKON_CONFORMANCE(rope)
RECKON_CONFORMANCE(gated)
RECKON_CONFORMANCE(log_softmax)

// Where the formula gives a number or an infinity, so does every backend; NaN stays NaN.
TEMPLATE_TEST_CASE("activations of NaN, infinities, denormals and the largest floats", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("activations of numbers that are not finite")) return;
    constexpr float infinite = std::numeric_limits<float>::infinity();
    constexpr float most = std::numeric_limits<float>::max();
    constexpr float least = std::numeric_limits<float>::denorm_min();
    float edges[] = {std::numeric_limits<float>::quiet_NaN(),
                     infinite,
                     most,
                     -most,
                     least,
                     1000 * least,
                     -1000 * least,
                     0,
                     -0.f};
    constexpr idx count = std::size(edges);
    const auto x = row_view(edges, count);
    context<typename TestType::tag> ctx;
    for (activation f : every_function) {
        CAPTURE(int(f));
        const auto scope = ctx.scope();
        const view<const float> y = ops::activate(ctx, x, f);
        const bool same = f == activation::none, bends = !same && f != activation::relu;
        CHECK(std::isnan(y(0, 0)));
        CHECK(y(0, 1) == infinite);
        CHECK(y(0, 2) == most);
        CHECK(std::abs(y(0, 3) - (same ? -most : 0)) < 1e-30f);
        for (idx i = 4; i < count; ++i) {
            const float right = bends ? edges[i] / 2 : same ? edges[i] : std::max(edges[i], 0.f);
            CHECK(std::abs(y(0, i) - right) <= least);
        }
    }
}

// What reads its own row or number alone leaves the others as they were.
TEMPLATE_TEST_CASE("NaN and infinities stay in their rows", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("NaN and infinities stay in their rows")) return;
    constexpr float infinite = std::numeric_limits<float>::infinity();
    context<typename TestType::tag> ctx;
    numbers gain(2, 1, 21, 0.5, 1.5), bias(3, 1, 21);
    const auto check = [&](const char* name, const auto& op, bool whole_row) {
        CAPTURE(name);
        const auto scope = ctx.scope();
        numbers x(1, 9, 21, -2, 3, 1);
        const view<const float> before = op(x.look());
        x.look()(2, 20) = std::numeric_limits<float>::quiet_NaN();
        x.look()(5, 3) = infinite;
        const view<const float> y = op(x.look());
        idx wrong = 0;
        for (idx r = 0; r < x.rows; ++r)
            for (idx c = 0; c < x.cols; ++c)
                if (r == 2 && (whole_row || c == 20))
                    wrong += !std::isnan(y(r, c));
                else if (r != 2 && r != 5)
                    wrong += y(r, c) != before(r, c);
        CHECK(wrong == 0);
        CHECK(!std::isfinite(y(5, 3)));
    };
    check(
        "add", [&](auto x) { return ops::add(ctx, x, x); }, false);
    check(
        "gated", [&](auto x) { return ops::gated(ctx, x, copy(ctx, x), activation::silu); }, false);
    check(
        "layer_norm",
        [&](auto x) { return ops::layer_norm(ctx, x, gain.look(), bias.look(), 1e-5f); }, true);
    check(
        "rms_norm", [&](auto x) { return ops::rms_norm(ctx, x, gain.look(), 1e-5f); }, true);
    check(
        "l2_normalize", [&](auto x) { return ops::l2_normalize(ctx, x); }, false);
    check(
        "log_softmax", [&](auto x) { return ops::log_softmax(ctx, x); }, true);
}

// With a cosine of 1 and a sine of 0 a pair stays what it is, unless one of the two is not finite.
TEMPLATE_TEST_CASE("rope tells NaN to its pair alone and keeps denormals", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("rope of NaN and denormals")) return;
    constexpr idx width = 20, half = width / 2;
    numbers x(1, 6, 2 * width, -2, 2, 1), angles(2, 6, width);
    for (idx r = 0; r < x.rows; ++r)
        for (idx c = 0; c < width; ++c) angles.look()(r, c) = c < half ? 1.f : 0.f;
    x.look()(2, width + 3) = std::numeric_limits<float>::quiet_NaN();
    for (idx c = 0; c < x.cols; ++c)
        x.look()(4, c) = float(c) * std::numeric_limits<float>::denorm_min();
    context<typename TestType::tag> ctx;
    for (rope_layout layout : {rope_layout::half_split, rope_layout::interleaved}) {
        const auto scope = ctx.scope();
        const idx beside = layout == rope_layout::half_split ? 3 + half : 2;
        auto y = copy(ctx, x.look());
        ops::rope(ctx, y, angles.look(), layout);
        idx wrong = 0;
        for (idx r = 0; r < y.rows; ++r)
            for (idx c = 0; c < y.cols; ++c)
                wrong += r == 2 && (c == width + 3 || c == width + beside)
                             ? !std::isnan(y(r, c))
                             : y(r, c) != x.look()(r, c);
        CHECK(wrong == 0);
    }
}

TEMPLATE_TEST_CASE("embedding and pool pass on NaN, infinities, denormals and negative zero", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("embedding and pool of numbers that are not finite")) return;
    constexpr float infinite = std::numeric_limits<float>::infinity();
    constexpr float small = 1000 * std::numeric_limits<float>::denorm_min();
    const float odd[] = {std::numeric_limits<float>::quiet_NaN(), infinite, -infinite, small, -0.f};
    numbers x(1, 4, 23, -1, 1, 1);
    for (idx i = 0; i < std::size(odd); ++i) x.look()(1, i) = x.look()(3, i + 18) = odd[i];
    x.look()(0, 3) = small;
    const std::int32_t ids[] = {3, 1, 0, 1}, offsets[] = {0, 2, 4};
    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto same = [&](const float* a, const float* b) {
        return std::memcmp(a, b, x.cols * sizeof(float)) == 0;
    };

    const view<const float> rows =
        ops::embedding(ctx, row_view(ids, 4), view<const float>{x.look()});
    for (idx i = 0; i < 4; ++i) CHECK(same(rows.row(i), x.look().row(idx(ids[i]))));

    const ragged pairs{offsets};
    const view<const float> first = ops::pool(ctx, x.look(), pairs, pooling::first);
    const view<const float> last = ops::pool(ctx, x.look(), pairs, pooling::last);
    const view<const float> mean = ops::pool(ctx, x.look(), pairs, pooling::mean);
    for (idx s = 0; s < 2; ++s) {
        CHECK(same(first.row(s), x.look().row(2 * s)));
        CHECK(same(last.row(s), x.look().row(2 * s + 1)));
    }
    CHECK(std::isnan(mean(0, 0)));
    CHECK(mean(0, 1) == infinite);
    CHECK(mean(0, 2) == -infinite);
    CHECK(mean(0, 3) == small);
    for (idx c = 4; c < x.cols; ++c) CHECK(std::isfinite(mean(0, c)));
    for (idx c = 0; c < 18; ++c) CHECK(std::isfinite(mean(1, c)));
}

TEMPLATE_TEST_CASE("conformance: log_softmax of a vocabulary", "", RECKON_TEST_BACKENDS) {
    if (test_support::runs<TestType>("conformance log_softmax of a vocabulary"))
        check_log_softmax<TestType>(2, 32003, 0);
}
