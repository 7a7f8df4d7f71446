#include "golden.hpp"
#include "support/backends.hpp"

#include <reckon/core/random.hpp>
#include <reckon/ops/attention.hpp>

#include <numeric>

using namespace golden;

namespace {

/// The inputs of the goldens and what they are asked with.
template <class C> struct inputs {
    using E = typename C::element;
    matrix<E> q = numbers<E>("attention/query"), k = numbers<E>("attention/key"),
              v = numbers<E>("attention/value");
    std::vector<std::int32_t> offsets = integers("attention/offsets"),
                              prefixes = integers("attention/prefix");
    ragged sequences{offsets};
    attention_options options{.heads = 3, .scale = 0.5f};  // 1 / sqrt(4)

    auto run(C& ctx, const auto& m) {
        return ops::attention(ctx, q.look(), sequences, key_values<E>{k.look(), v.look()}, m,
                              options);
    }
};

using reference = context<cpu_reference>;

/// Random numbers as a tensor of the context.
tensor_of<reference> random_rows(reference& ctx, std::uint64_t seed, idx rows, idx cols) {
    auto x = ctx.make(rows, cols);
    for (idx i = 0; i < x.size(); ++i) x.data[i] = philox{seed}.uniform(i, -1, 1);
    return x;
}

double difference(view<const float> a, view<const float> b) {
    REQUIRE(a.size() == b.size());
    double most = 0;
    for (idx r = 0; r < a.rows; ++r)
        for (idx c = 0; c < a.cols; ++c) most = std::max(most, std::abs(double(a(r, c) - b(r, c))));
    return most;
}

}  // namespace

TEMPLATE_TEST_CASE("attention gives the goldens under each mask", "", GOLDEN_CONTEXTS) {
    TestType ctx;
    inputs<TestType> in;
    CHECK(golden::difference(in.run(ctx, bidirectional{}), "attention/y_bidirectional") <
          tolerance::op);
    CHECK(golden::difference(in.run(ctx, causal{}), "attention/y_causal") < tolerance::op);
    CHECK(golden::difference(in.run(ctx, prefix_lm{in.prefixes.data()}), "attention/y_prefix") <
          tolerance::op);
}

TEMPLATE_TEST_CASE("attention reads rows that stand apart", "", GOLDEN_CONTEXTS) {
    using E = typename TestType::element;
    TestType ctx;
    inputs<TestType> in;
    const spread_rows<E> q{std::as_const(in.q).look()}, k{std::as_const(in.k).look(), 7},
        v{std::as_const(in.v).look(), 1};
    const auto y = ops::attention(ctx, q.look, in.sequences, key_values<E>{k.look, v.look},
                                  causal{}, in.options);
    CHECK(golden::difference(y, "attention/y_causal") < tolerance::op);
}

TEST_CASE("attention releases its scratch") {
    reference ctx;
    inputs<reference> in;
    const auto y = in.run(ctx, causal{});
    CHECK(ctx.workspace().used() == (y.size() * 4 + 63) / 64 * 64);
    CHECK(ctx.workspace().high_water() > ctx.workspace().used());
}

TEST_CASE("queries of one head group share a key head") {
    reference ctx;
    const std::int32_t offsets[]{0, 4};
    const ragged sequences{offsets};
    const auto q = random_rows(ctx, 1, 4, 4 * 3), k = random_rows(ctx, 2, 4, 2 * 3),
               v = random_rows(ctx, 3, 4, 2 * 5);
    const auto grouped = ops::attention(ctx, q, sequences, key_values<float>{k, v}, causal{},
                                        {.heads = 4, .key_heads = 2, .scale = 0.6f});
    CHECK(grouped.cols == 4 * 5);
    for (idx h = 0; h < 4; ++h) {  // each head alone, against the key head of its group
        const auto alone =
            ops::attention(ctx, q.columns(3 * h, 3), sequences,
                           key_values<float>{k.columns(h / 2 * 3, 3), v.columns(h / 2 * 5, 5)},
                           causal{}, {.scale = 0.6f});
        CHECK(difference(grouped.columns(5 * h, 5), alone) == 0);
    }
}

TEMPLATE_TEST_CASE("keys that stand in front are keys of the sequence", "",
                   RECKON_BACKENDS_REFERENCE RECKON_BACKENDS_CPU) {
    context<typename TestType::tag> ctx;
    const auto random = [&](std::uint64_t seed, idx rows) {
        auto x = ctx.make(rows, 6);
        for (idx i = 0; i < x.size(); ++i) x.data[i] = philox{seed}.uniform(i, -3, 3);
        return x;
    };
    // Groups of two, one and one sequences; the second has nothing in front of it.
    const std::int32_t offsets[]{0, 3, 8, 9, 13}, groups[]{0, 8, 9, 13}, source[]{2, 1, 1, 3};
    const std::int32_t first[]{4, 0, 1}, count[]{5, 0, 2}, in_front[]{5, 5, 0, 2};
    const ragged sequences{offsets};
    const auto q = random(1, 13), k = random(2, 13), v = random(3, 13), front_keys = random(4, 9),
               front_values = random(5, 9);
    const attention_options options{.heads = 2, .scale = .6f};
    const key_values<float> own{k, v}, prefix{front_keys, front_values, first, count};
    const auto y =
        ops::attention(ctx, q, sequences, ops::behind_prefix{own, prefix, ragged{groups}},
                       prefix_lm{source}, options);

    // .. and all keys of a sequence in one place.
    std::vector<std::int32_t> begin, length;
    auto keys = ctx.make(13 + 12, 6), values = ctx.make(13 + 12, 6);
    idx end = 0;
    for (idx s = 0; s < 4; ++s) {
        const idx from = s < 2 ? 4 : 1;
        begin.push_back(std::int32_t(end));
        const auto take = [&](const auto& from_keys, const auto& from_values, idx row) {
            for (idx c = 0; c < 6; ++c) {
                keys(end, c) = from_keys(row, c);
                values(end, c) = from_values(row, c);
            }
            ++end;
        };
        for (idx i = 0; i < idx(in_front[s]); ++i) take(front_keys, front_values, from + i);
        for (idx i = 0; i < sequences.length(s); ++i) take(k, v, sequences.begin(s) + i);
        length.push_back(std::int32_t(end) - begin.back());
    }
    auto behind = options;
    behind.first_position = in_front;
    const auto expected = ops::attention(
        ctx, q, sequences, key_values<float>{keys, values, begin.data(), length.data()},
        prompted<prefix_lm>{in_front, {source}}, behind);
    CHECK(difference(y, expected) < 1e-6);
}

TEST_CASE("attention behind a prefix refuses what does not fit") {
    reference ctx;
    const std::int32_t offsets[]{0, 2, 4}, wrong[]{0, 3}, first[]{0, 2}, count[]{2, 3};
    const ragged sequences{offsets};
    const auto x = random_rows(ctx, 1, 4, 4);
    const key_values<float> own{x, x};
    const auto with = [&](const key_values<float>& prefix, std::span<const std::int32_t> groups) {
        ops::attention(ctx, x, sequences, ops::behind_prefix{own, prefix, ragged{groups}}, causal{},
                       {});
    };
    CHECK_THROWS_WITH(with({x, x, first, count}, offsets), Catch::Contains("source.count"));
    CHECK_THROWS_WITH(with({x, x, first, first}, wrong), Catch::Contains("query.rows"));
    CHECK_THROWS_WITH(with({x, x}, offsets), Catch::Contains("prefix.first"));
}

TEST_CASE("keys may lie in a cache with spare room, queries anywhere behind them") {
    reference ctx;
    // Two sequences of five and three rows, computed whole ..
    const std::int32_t offsets[]{0, 5, 8};
    const ragged sequences{offsets};
    const auto q = random_rows(ctx, 1, 8, 4), k = random_rows(ctx, 2, 8, 4),
               v = random_rows(ctx, 3, 8, 4);
    const attention_options options{.heads = 2, .scale = 0.7f};
    const auto whole =
        ops::attention(ctx, q, sequences, key_values<float>{k, v}, causal{}, options);

    // .. and again for their last two and one rows alone, with the keys in a larger cache.
    auto keys = random_rows(ctx, 4, 30, 4), values = random_rows(ctx, 5, 30, 4);
    const std::int32_t first[]{20, 3}, count[]{5, 3}, tails[]{0, 2, 3}, position[]{3, 2};
    const auto store = [&](idx from, idx to, idx n) {
        for (idx i = 0; i < n; ++i)
            for (idx c = 0; c < 4; ++c) {
                keys(to + i, c) = k(from + i, c);
                values(to + i, c) = v(from + i, c);
            }
    };
    store(0, 20, 5), store(5, 3, 3);
    auto tail = ctx.make(3, 4);
    const idx taken[]{3, 4, 7};
    for (idx i = 0; i < 3; ++i)
        for (idx c = 0; c < 4; ++c) tail(i, c) = q(taken[i], c);
    auto behind = options;
    behind.first_position = position;
    const auto y = ops::attention(ctx, tail, ragged{tails},
                                  key_values<float>{keys, values, first, count}, causal{}, behind);
    for (idx i = 0; i < 3; ++i) CHECK(difference(y.slice(i, 1), whole.slice(taken[i], 1)) == 0);
}

TEST_CASE("keys and values may be stored narrower than the queries") {
    reference ctx;
    const std::int32_t offsets[]{0, 3};
    const auto q = random_rows(ctx, 1, 3, 4);
    matrix<bf16> k(3, 4), v(3, 4);
    matrix<float> wide_k(3, 4), wide_v(3, 4);
    for (idx i = 0; i < 12; ++i) {
        k.data()[i] = bf16(philox{2}.uniform(i, -1, 1));
        v.data()[i] = bf16(philox{3}.uniform(i, -1, 1));
        wide_k.data()[i] = k.data()[i], wide_v.data()[i] = v.data()[i];
    }
    const auto narrow = ops::attention(ctx, q, ragged{offsets},
                                       key_values<bf16>{k.look(), v.look()}, bidirectional{}, {});
    const auto wide =
        ops::attention(ctx, q, ragged{offsets}, key_values<float>{wide_k.look(), wide_v.look()},
                       bidirectional{}, {});
    CHECK(difference(narrow, wide) == 0);
}

namespace {

/// Keys or values in int8, a scale for each row and head, and the floats they stand for.
struct int8_rows {
    matrix<std::int8_t> numbers;
    matrix<float> scales, wide;

    int8_rows(std::uint64_t seed, idx rows, idx heads, idx width)
        : numbers(rows, heads * width), scales(rows, heads), wide(rows, heads * width) {
        for (idx i = 0; i < scales.size(); ++i)
            scales.data()[i] = philox{seed}.uniform(i, 0.001f, 0.02f);
        for (idx i = 0; i < numbers.size(); ++i) {
            const auto q = std::int8_t(std::lrint(philox{seed + 1}.uniform(i, -127, 127)));
            numbers.data()[i] = q;
            wide.data()[i] = float(q) * scales.data()[i / width];
        }
    }
    int8_heads_view<const std::int8_t> look() const { return {numbers.look(), scales.look()}; }
};

}  // namespace

TEST_CASE("keys and values in int8 are read with the scale of their row and head") {
    reference ctx;
    const std::int32_t offsets[]{0, 2, 4}, first[]{3, 0}, count[]{4, 3};
    const auto q = random_rows(ctx, 1, 4, 4 * 3);
    const int8_rows k(2, 9, 2, 3), v(4, 9, 2, 5);
    const attention_options options{.heads = 4, .key_heads = 2, .scale = 0.6f, .first_position = 1};
    const auto narrow = ops::attention(ctx, q, ragged{offsets},
                                       key_values<std::int8_t>{k.look(), v.look(), first, count},
                                       causal{}, options);
    const auto wide = ops::attention(
        ctx, q, ragged{offsets},
        key_values<float>{std::as_const(k.wide).look(), std::as_const(v.wide).look(), first, count},
        causal{}, options);
    CHECK(difference(narrow, wide) == 0);
}

TEST_CASE("attention refuses scales that are not a row's and key head's") {
    reference ctx;
    const std::int32_t offsets[]{0, 4};
    const auto q = random_rows(ctx, 1, 4, 12);
    const int8_rows k(2, 4, 2, 3), v(4, 4, 2, 5);
    const auto ask = [&](auto change) {
        auto keys = k.look(), values = v.look();
        change(keys, values);
        ops::attention(ctx, q, ragged{offsets}, key_values<std::int8_t>{keys, values}, causal{},
                       {.heads = 4, .key_heads = 2});
    };
    CHECK_NOTHROW(ask([](auto&, auto&) {}));
    CHECK_THROWS_WITH(ask([](auto& x, auto&) { x.scales = x.scales.columns(0, 1); }),
                      "attention: keys.scales.cols: expected 2, got 1");
    CHECK_THROWS_WITH(ask([](auto& x, auto&) { x.scales = x.scales.slice(0, 3); }),
                      "attention: keys.scales.rows: expected 4, got 3");
    CHECK_THROWS_WITH(ask([](auto&, auto& x) { x.scales = x.scales.columns(0, 1); }),
                      "attention: values.scales.cols: expected 2, got 1");
    CHECK_THROWS_WITH(ask([](auto&, auto& x) { x.scales = x.scales.slice(0, 3); }),
                      "attention: values.scales.rows: expected 4, got 3");
}

TEST_CASE("a row that sees no key gives zeros, and an empty sequence nothing") {
    reference ctx;
    const std::int32_t offsets[]{0, 0, 2}, first[]{0, 0}, count[]{0, 0};
    const auto q = random_rows(ctx, 1, 2, 4), none = ctx.make(0, 4);
    const auto y = ops::attention(ctx, q, ragged{offsets},
                                  key_values<float>{none, none, first, count}, bidirectional{}, {});
    for (idx i = 0; i < y.size(); ++i) CHECK(y.data[i] == 0);
}

TEST_CASE("large scores do not overflow") {
    reference ctx;
    const std::int32_t offsets[]{0, 2};
    auto q = ctx.make(2, 1), v = ctx.make(2, 1);
    q(0, 0) = 3e18f, q(1, 0) = -3e18f;
    v(0, 0) = 1, v(1, 0) = 2;
    const auto y =
        ops::attention(ctx, q, ragged{offsets}, key_values<float>{q, v}, bidirectional{}, {});
    CHECK(y(0, 0) == 1);
    CHECK(y(1, 0) == 2);
}

TEST_CASE("attention refuses extents and heads that do not fit") {
    reference ctx;
    inputs<reference> in;
    const auto ask = [&](auto change) {
        auto changed = in.options;
        key_values<float> source{std::as_const(in.k).look(), std::as_const(in.v).look()};
        ragged sequences = in.sequences;
        change(changed, source, sequences);
        ops::attention(ctx, in.q.look(), sequences, source, causal{}, changed);
    };
    const std::int32_t few[]{0, 3}, first[]{0, 5, 6, 15}, far[]{0, 5, 6, 16}, count[]{5, 1, 9, 4};
    CHECK_NOTHROW(ask([&](auto&, auto& s, auto&) { s.first = first, s.count = count; }));

    CHECK_THROWS_WITH(ask([](auto& o, auto&, auto&) { o.heads = 0; }),
                      "attention: heads: expected at least 1, got 0");
    CHECK_THROWS_WITH(ask([](auto& o, auto&, auto&) { o.heads = 5; }),
                      "attention: heads: expected a divisor of query.cols, got 5");
    CHECK_THROWS_WITH(ask([](auto& o, auto&, auto&) { o.key_heads = 2; }),
                      "attention: key_heads: expected a divisor of heads, got 2");
    CHECK_THROWS_WITH(ask([](auto& o, auto&, auto&) { o.key_heads = 1; }),
                      "attention: keys.cols: expected 4, got 12");
    CHECK_THROWS_WITH(ask([&](auto&, auto&, auto& r) { r = ragged{few}; }),
                      "attention: query.rows: expected 3, got 19");
    CHECK_THROWS_WITH(ask([](auto&, auto& s, auto&) { s.values = s.values.slice(0, 4); }),
                      "attention: values.rows: expected 19, got 4");
    CHECK_THROWS_WITH(ask([](auto&, auto& s, auto&) { s.values = s.values.columns(0, 11); }),
                      "attention: values.cols: expected a multiple of key_heads, got 11");
    CHECK_THROWS_WITH(ask([&](auto&, auto& s, auto&) { s.first = first; }),
                      "attention: source: expected first and count together, got one of them");
    CHECK_THROWS_WITH(ask([](auto&, auto& s, auto&) {
                          s.keys = s.keys.slice(0, 18), s.values = s.values.slice(0, 18);
                      }),
                      "attention: keys.rows: expected 19, got 18");
    CHECK_THROWS_WITH(ask([&](auto&, auto& s, auto&) { s.first = far, s.count = count; }),
                      "attention: source.count: expected 3, got 4");
}

TEST_CASE("attention refuses places that are negative") {
    reference ctx;
    const auto q = random_rows(ctx, 1, 2, 4);
    const std::int32_t offsets[]{0, 2}, two[]{2}, one[]{1}, negative[]{-1};
    for (const auto& [first, count] : {std::pair{negative, two}, std::pair{one, negative}})
        CHECK_THROWS_AS(ops::attention(ctx, q, ragged{offsets},
                                       key_values<float>{q, q, first, count}, bidirectional{}, {}),
                        error);
    CHECK_THROWS_AS(ops::attention(ctx, q, ragged{offsets}, key_values<float>{q, q}, causal{},
                                   {.first_position = negative}),
                    error);
}

TEST_CASE("a mask that shows keys that are not there is refused") {
    reference ctx;
    inputs<reference> in;
    const std::int32_t beyond[]{2, 0, 3, 5};  // the last sequence has four rows
    CHECK_THROWS_WITH(in.run(ctx, prefix_lm{beyond}),
                      "attention: mask, keys shown to a row: expected 4, got 5");
    CHECK_THROWS_WITH(in.run(ctx, prompted<causal>{2, {}}),
                      "attention: mask, keys shown to a row: expected 1, got 2");
    in.options.first_position = 1;
    CHECK_THROWS_WITH(in.run(ctx, causal{}),
                      "attention: mask, keys shown to a row: expected 5, got 6");
}

TEST_CASE("what no kernel serves yet is refused by name") {
    reference ctx;
    inputs<reference> in;
    in.options.normalise = weighting::silu;
    CHECK_THROWS_WITH(in.run(ctx, causal{}), "attention: normalise: expected softmax, got silu");
    in.options.normalise = weighting::softmax;
    const float slopes[]{1, 2, 3};
    const key_values<float> source{std::as_const(in.k).look(), std::as_const(in.v).look()};
    const attention_bias<float> bias{.positions = {slopes, 1, 3}, .centre = 1};
    CHECK_THROWS_WITH(
        ops::attention(ctx, in.q.look(), in.sequences, source, causal{}, in.options, bias),
        "attention: bias: expected none, got a bias");
}
