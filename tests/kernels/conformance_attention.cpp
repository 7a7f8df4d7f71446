#include "conformance.hpp"

#include <reckon/ops/attention.hpp>

using namespace conformance;

namespace {

struct shape {
    std::vector<std::int32_t> lengths;
    idx heads = 2, key_heads = 2;
    idx key_width = 8, value_width = 8;
    idx gap = 0;       // between rows, as where queries, keys and values share a tensor
    float spread = 1;  // of the queries: large ones make one key win
};

/// Numbers as a cache keeps them.
template <class K> struct kept {
    std::vector<K> data;
    view<const K> look;

    explicit kept(numbers x, idx) : look(nullptr, x.rows, x.cols, x.stride) {
        for (float value : x.data) data.push_back(K(value));
        look.data = data.data() + (x.stride - x.cols);
    }
};
template <> struct kept<std::int8_t> {
    std::vector<std::int8_t> data;
    numbers scales;
    int8_heads_view<const std::int8_t> look;

    explicit kept(numbers x, idx heads)
        : scales(7, x.rows, heads, 0.001f, 0.02f, x.stride - x.cols) {
        for (float value : x.data) data.push_back(std::int8_t(std::lrint(value * 127)));
        look = {{data.data() + (x.stride - x.cols), x.rows, x.cols, x.stride}, scales.look()};
    }
};

template <class Backend, class K = float, class M> void check(const shape& s, const M& m) {
    CAPTURE(s.lengths, s.heads, s.key_heads, s.key_width, s.value_width, s.gap, s.spread);
    const auto offsets = offsets_of(s.lengths);
    const ragged sequences{offsets};
    numbers q(1, sequences.rows(), s.heads * s.key_width, -s.spread, s.spread, s.gap);
    const kept<K> k({2, sequences.rows(), s.key_heads * s.key_width, -1, 1, s.gap}, s.key_heads);
    const kept<K> v({3, sequences.rows(), s.key_heads * s.value_width, -1, 1, s.gap}, s.key_heads);
    agrees<Backend>([&](auto& ctx) {
        return ops::attention(ctx, q.look(), sequences, key_values<K>{k.look, v.look}, m,
                              {.heads = s.heads, .key_heads = s.key_heads, .scale = 0.7f});
    });
}

/// The last rows of sequences that began earlier, over keys that lie apart in a cache.
template <class Backend, class K> void check_cached(const shape& s) {
    CAPTURE(s.lengths, s.heads, s.key_heads, s.key_width, s.value_width, s.gap, sizeof(K));
    const auto offsets = offsets_of(s.lengths);
    const ragged sequences{offsets};
    std::vector<std::int32_t> first, count, position;
    idx end = 3;
    for (idx i = 0; i < s.lengths.size(); ++i) {
        const std::int32_t own = s.lengths[i];
        const std::int32_t before = own == 0 ? 0 : std::int32_t(i * 131 % 700);
        first.push_back(std::int32_t(end));
        count.push_back(before + own);
        position.push_back(before);
        end += idx(before + own) + i % 3;
    }
    numbers q(1, sequences.rows(), s.heads * s.key_width, -2, 2, s.gap);
    const kept<K> k({2, end, s.key_heads * s.key_width, -1, 1, s.gap}, s.key_heads);
    const kept<K> v({3, end, s.key_heads * s.value_width, -1, 1, s.gap}, s.key_heads);
    const auto over = [&](auto mask) {
        agrees<Backend>([&](auto& ctx) {
            const key_values<K> source{k.look, v.look, first.data(), count.data()};
            return ops::attention(ctx, q.look(), sequences, source, mask,
                                  {.heads = s.heads,
                                   .key_heads = s.key_heads,
                                   .scale = 0.5f,
                                   .first_position = position.data()});
        });
    };
    over(causal{});
    over(sliding_window{40});
}

/// Numbers of each sequence of `lengths`, each at most the sequence's length.
const std::vector<std::int32_t> lengths{5, 0, 1, 33, 70, 0, 300};
const std::vector<std::int32_t> sources{2, 0, 1, 20, 70, 0, 270};
const std::vector<std::int32_t> ends{2, 5, 1, 10, 11, 33, 70, 100, 290, 300};
const std::vector<std::int32_t> first_end{0, 2, 2, 3, 6, 7, 7, 10};
const std::vector<std::int32_t> widths{1, 1, 1, 4, 100, 1, 7};
const std::vector<std::int32_t> prompts{5, 0, 0, 2, 3, 0, 9};
const std::vector<std::int32_t> groups{1, 1, 1, 4, 3, 1, 5};

}  // namespace

TEMPLATE_TEST_CASE("conformance: attention of one row", "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of one row")) return;
    check<TestType>({{1}, 1, 1, 1, 1}, bidirectional{});
}

TEMPLATE_TEST_CASE("conformance: attention of every shape", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of every shape")) return;
    check<TestType>({{}}, causal{});
    check<TestType>({{0, 0}}, causal{});
    for (std::int32_t n : {1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 31, 48, 49, 255, 256, 257, 600}) {
        check<TestType>({{n}}, bidirectional{});
        check<TestType>({{n}}, causal{});
    }
    for (idx width : sizes{1, 3, 4, 7, 8, 12, 16, 31, 32, 64, 72}) {
        check<TestType>({{9, 20}, 3, 3, width, width}, causal{});
        check<TestType>({{9, 20}, 3, 3, width, 8, 3}, causal{});
        check<TestType>({{9, 20}, 3, 3, 8, width, 5}, causal{});
    }
    check<TestType>({{9, 20, 300}, 6, 2, 8, 12}, causal{});
    check<TestType>({{9, 20, 300}, 4, 4, 32, 32, 0, 10}, bidirectional{});
}

TEMPLATE_TEST_CASE("conformance: attention of every number of rows up to 70", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of every number of rows")) return;
    std::vector<std::int32_t> every(71);
    for (idx n = 0; n < every.size(); ++n) every[n] = std::int32_t(n);
    check<TestType>({every, 2, 2, 7, 9, 1}, bidirectional{});
    check<TestType>({every, 2, 1, 16, 16}, causal{});
    for (idx width = 1; width <= 130; width += 2)
        check<TestType>({{0, 3, 11}, 1, 1, width, width}, causal{});
}

TEMPLATE_TEST_CASE("conformance: attention of every mask", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of every mask")) return;
    for (idx value_width : sizes{8, 13}) {
        const shape s{lengths, 2, 2, 8, value_width};
        check<TestType>(s, bidirectional{});
        check<TestType>(s, causal{});
        check<TestType>(s, prefix_lm{sources.data()});
        check<TestType>(s, sliding_window{widths.data()});
        check<TestType>(s, segment_local{ends.data(), first_end.data(), sources.data()});
        check<TestType>(s, history_and_group{sources.data(), groups.data()});
        check<TestType>(s, windowed<causal>{widths.data(), {}});
        check<TestType>(
            s, windowed<history_and_group>{widths.data(), {sources.data(), groups.data()}});
        check<TestType>(s, prompted<causal>{prompts.data(), {}});
        check<TestType>(s, prompted<sliding_window>{prompts.data(), {widths.data()}});
        check<TestType>(
            s, prompted<history_and_group>{prompts.data(), {per_sequence{idx{0}}, groups.data()}});
    }
}

TEMPLATE_TEST_CASE("conformance: attention of rows that see two places far apart", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of places far apart")) return;
    check<TestType>({{900}}, history_and_group{10, 5});
    check<TestType>({{900}}, prompted<sliding_window>{3, {7}});
    check<TestType>({{900}}, prompted<history_and_group>{3, {300, 2}});
}

TEMPLATE_TEST_CASE("conformance: attention of heads that share keys", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of heads that share keys")) return;
    for (idx heads : sizes{2, 3, 6, 7, 50})
        check<TestType>({{1, 9, 0, 70, 3}, heads, 1, 8, 13}, causal{});
    for (std::int32_t n : {1, 2, 3, 5, 6, 12, 13, 24, 25, 300}) {
        check<TestType>({{n}, 8, 2, 8, 8}, causal{});
        check<TestType>({{n}, 6, 1, 16, 16, 3, 10}, bidirectional{});
    }
    check<TestType>({lengths, 8, 2, 8, 13}, prefix_lm{sources.data()});
    check<TestType>({lengths, 8, 2, 8, 13}, history_and_group{sources.data(), groups.data()});
}

TEMPLATE_TEST_CASE("conformance: attention over a cache with gaps, of every element type", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention over a cache")) return;
    const auto all = [](const shape& s) {
        check_cached<TestType, float>(s);
        check_cached<TestType, bf16>(s);
        check_cached<TestType, std::int8_t>(s);
    };
    const std::vector<std::int32_t> few{0, 1, 1, 2, 3, 0, 4, 5, 1}, more{3, 0, 40, 0, 100};
    for (idx width : sizes{1, 3, 7, 8, 16, 20, 31, 64, 72}) {
        all({few, 2, 2, width, 8});
        all({few, 2, 2, 8, width, 3});
        all({more, 2, 2, width, width, 1});
    }
    for (const auto& lengths : {few, more}) {
        all({lengths, 8, 2, 8, 8});
        all({lengths, 6, 1, 20, 12, 2});
        all({lengths, 12, 12, 32, 32});
    }
}

TEMPLATE_TEST_CASE("conformance: attention of few rows with every mask", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of few rows")) return;
    for (std::int32_t n : {1, 2, 3, 4, 5, 8, 9}) {
        const shape s{{n, 1, n, 0, n}};
        const std::vector<std::int32_t> some{0, 1, n / 2, 0, n}, windows{2, 0, 1, 1, 3};
        check<TestType>(s, bidirectional{});
        check<TestType>(s, prefix_lm{some.data()});
        check<TestType>(s, sliding_window{windows.data()});
        check<TestType>(s, history_and_group{some.data(), 2});
        check<TestType, bf16>(s, causal{});
        check<TestType, std::int8_t>(s, causal{});
    }
}

TEMPLATE_TEST_CASE("conformance: a query that sees no key gets zeros", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance a query that sees no key")) return;
    check<TestType>({{6, 20}}, sliding_window{idx{0}});
    const std::vector<std::int32_t> some{0, 3};
    check<TestType>({{6, 20}}, sliding_window{some.data()});
}

TEMPLATE_TEST_CASE("conformance: a NaN in an int8 cache is told to the heads that see it alone", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance NaN in an int8 cache")) return;
    const auto offsets = offsets_of({3, 20});
    const ragged sequences{offsets};
    numbers q(1, sequences.rows(), 16);
    kept<std::int8_t> k({2, sequences.rows(), 16}, 2), v({3, sequences.rows(), 16}, 2);
    k.scales.look()(3 + 7, 1) = std::numeric_limits<float>::quiet_NaN();
    v.scales.look()(1, 0) = std::numeric_limits<float>::quiet_NaN();
    context<typename TestType::tag> ctx;
    const auto y = ops::attention(ctx, q.look(), sequences, key_values<std::int8_t>{k.look, v.look},
                                  bidirectional{}, {.heads = 2});
    idx wrong = 0;
    for (idx r = 0; r < y.rows; ++r)
        for (idx c = 0; c < y.cols; ++c) wrong += std::isnan(y(r, c)) != ((r < 3) == (c < 8));
    CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("attention: NaN in a query or key and an infinite value reach what sees them",
                   "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("attention of numbers that are not finite")) return;
    constexpr float missing = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinite = std::numeric_limits<float>::infinity();
    context<typename TestType::tag> ctx;
    for (std::int32_t length : {6, 40}) {  // few queries, and many
        CAPTURE(length);
        const auto offsets = offsets_of({3, length});
        const ragged sequences{offsets};
        numbers q(1, sequences.rows(), 16), k(2, sequences.rows(), 16), v(3, sequences.rows(), 16);
        const auto run = [&](auto mask) {
            const key_values<float> source{k.look(), v.look()};
            return ops::attention(ctx, q.look(), sequences, source, mask, {.heads = 2});
        };
        const auto scope = ctx.scope();
        const view<const float> before = run(causal{});
        // NaN where `told`, and the same bits elsewhere.
        const auto tells = [&](view<const float> y, const auto& told) {
            idx wrong = 0;
            for (idx r = 0; r < y.rows; ++r)
                for (idx c = 0; c < y.cols; ++c)
                    wrong += told(r, c) ? !std::isnan(y(r, c)) : y(r, c) != before(r, c);
            return wrong == 0;
        };
        const float query = q.look()(5, 9);
        q.look()(5, 9) = missing;
        CHECK(tells(run(causal{}), [](idx r, idx c) { return r == 5 && c >= 8; }));
        q.look()(5, 9) = query;

        const float key = k.look()(4, 2);
        k.look()(4, 2) = missing;  // the second row of the second sequence
        CHECK(tells(run(causal{}), [](idx r, idx c) { return r >= 4 && c < 8; }));
        k.look()(4, 2) = key;

        v.look()(1, 5) = infinite;
        const view<const float> y = run(bidirectional{});
        idx wrong = 0;
        for (idx r = 0; r < y.rows; ++r)
            for (idx c = 0; c < y.cols; ++c) wrong += (y(r, c) == infinite) != (r < 3 && c == 5);
        CHECK(wrong == 0);
    }
}

TEMPLATE_TEST_CASE("conformance: attention of denormals", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance attention of denormals")) return;
    constexpr float least = std::numeric_limits<float>::denorm_min();
    const auto offsets = offsets_of({5, 40});
    const ragged sequences{offsets};
    numbers q(1, sequences.rows(), 16), k(2, sequences.rows(), 16), v(3, sequences.rows(), 16);
    for (idx i = 0; i < q.data.size(); ++i) q.data[i] *= 1e-40f, k.data[i] *= 1e-40f;
    agrees<TestType>([&](auto& ctx) {  // every key counts as much
        return ops::attention(ctx, q.look(), sequences, key_values<float>{k.look(), v.look()},
                              bidirectional{}, {.heads = 2});
    });
    numbers p(4, sequences.rows(), 16, -3, 3), w(5, sequences.rows(), 16, -3, 3);
    for (float& number : v.data) number = 1000 * least;
    context<typename TestType::tag> ctx;
    const auto y = ops::attention(ctx, p.look(), sequences, key_values<float>{w.look(), v.look()},
                                  bidirectional{}, {.heads = 2});
    for (idx r = 0; r < y.rows; ++r)
        for (idx c = 0; c < y.cols; ++c) CHECK(std::abs(y(r, c) - 1000 * least) <= 40 * least);
}
