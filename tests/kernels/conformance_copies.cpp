// The ops that only move rows: concat, and store_rows into caches of every element type.
#include "conformance.hpp"

#include <reckon/ops/concat.hpp>
#include <reckon/ops/store_rows.hpp>

#include <cmath>
#include <cstring>
#include <limits>

using namespace conformance;

namespace {

const std::vector<std::int32_t> lengths{5, 0, 1, 33, 0, 2};

template <class Backend> void check_concat(idx cols, idx gap) {
    CAPTURE(cols, gap);
    const auto own = offsets_of(lengths), all = offsets_of({7, 3, 1, 34, 0, 6});
    const std::vector<std::int32_t> first{2, 0, 9, 8, 0, 3};
    numbers front(1, 9, cols, -1, 1, gap), x(2, idx(own.back()), cols, -1, 1, 2 * gap);
    agrees<Backend>([&](auto& ctx) {
        return ops::concat(ctx, front.look(), first.data(), x.look(), ragged{own}, ragged{all});
    });
}

/// The whole cache afterwards, so that what stands between the stored rows counts too.
template <class K, class Backend> void check_store_rows(idx cols, idx gap) {
    CAPTURE(cols, gap, sizeof(K));
    const auto offsets = offsets_of(lengths);
    const std::vector<std::int32_t> at{80, 0, 3, 10, 85, 7};
    numbers x(3, idx(offsets.back()), cols, -1, 1, gap);
    agrees<Backend>([&](auto& ctx) {
        std::vector<K> cells(85 * (cols + gap), K(0.5f));
        ops::store_rows(ctx, x.look(), ragged{offsets}, at.data(),
                        view<K>{cells.data(), 85, cols, cols + gap});
        auto y = ctx.make(1, cells.size());
        std::copy(cells.begin(), cells.end(), y.data);
        return y;
    });
}

/// The same for int8, of `heads` heads: what its bytes and scales say, a head of NaN aside.
template <class Backend> void check_store_int8(idx heads, idx width, idx gap) {
    CAPTURE(heads, width, gap);
    const auto offsets = offsets_of(lengths);
    const std::vector<std::int32_t> at{80, 0, 3, 10, 85, 7};
    const idx cols = heads * width, row = cols + gap;
    numbers x(3, idx(offsets.back()), cols, -1, 1, gap);
    for (idx h = 0; h < heads; ++h)  // heads of other sizes, down to none
        for (idx i = 0; i < x.rows; ++i)
            for (idx c = 0; c < width; ++c)
                x.look()(i, h * width + c) *= std::pow(0.01f, float((h + i) % 25));
    agrees<Backend>([&](auto& ctx) {
        std::vector<std::int8_t> cells(85 * row, 5);
        std::vector<float> scales(85 * (heads + gap), 2);
        ops::store_rows(ctx, x.look(), ragged{offsets}, at.data(),
                        int8_heads_view<std::int8_t>{{cells.data(), 85, cols, row},
                                                     {scales.data(), 85, heads, heads + gap}});
        // Scales far apart would hide behind the largest: they are told as logarithms.
        auto y = ctx.make(1, cells.size() + scales.size());
        std::copy(cells.begin(), cells.end(), y.data);
        for (idx i = 0; i < scales.size(); ++i)
            y.data[cells.size() + i] = std::log2(scales[i] + 1e-44f);
        return y;
    });
}

template <class F> void each_width(const F& check) {
    for (idx cols = 1; cols <= 130; cols += 2) check(cols);
    for (idx cols : sizes{2, 4, 8, 16, 32, 64, 100}) check(cols);
}

}  // namespace

TEMPLATE_TEST_CASE("conformance: concat", "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance concat")) return;
    each_width([](idx cols) { check_concat<TestType>(cols, cols % 3); });
}

TEMPLATE_TEST_CASE("conformance: store_rows", "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance store_rows")) return;
    each_width([](idx cols) {
        check_store_rows<float, TestType>(cols, cols % 3);
        check_store_rows<bf16, TestType>(cols, cols % 3);
        check_store_int8<TestType>(1 + cols % 4, cols, cols % 3);
    });
}

TEMPLATE_TEST_CASE("conformance: a head of int8 that is not finite is NaN, and none beside it",
                   "[smallest]", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("conformance int8 heads that are not finite")) return;
    const std::int32_t offsets[] = {0, 2};
    const std::vector<float> odd{std::numeric_limits<float>::quiet_NaN(),
                                 -std::numeric_limits<float>::infinity()};
    for (idx width : sizes{1, 3, 8, 16, 21, 50})
        for (idx c = 0; c < 2 * width; ++c) {
            numbers x(3, 2, 2 * width);
            x.look()(1, c) = odd[c % 2];
            context<typename TestType::tag> ctx;
            std::vector<std::int8_t> cells(4 * width);
            std::vector<float> scales(4);
            const int8_heads_view<std::int8_t> cache{{cells.data(), 2, 2 * width},
                                                     {scales.data(), 2, 2}};
            ops::store_rows(ctx, x.look(), ragged{offsets}, idx{0}, cache);
            idx wrong = 0;
            for (idx r = 0; r < 2; ++r)
                for (idx i = 0; i < 2 * width; ++i)
                    wrong += std::isnan(cache(r, i)) != (r == 1 && i / width == c / width);
            CHECK(wrong == 0);
        }
}

TEMPLATE_TEST_CASE("concat and store_rows move NaN, infinities, denormals and negative zero", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("copies of numbers that are not finite")) return;
    constexpr float infinite = std::numeric_limits<float>::infinity();
    const float odd[] = {std::numeric_limits<float>::quiet_NaN(), infinite, -infinite,
                         1000 * std::numeric_limits<float>::denorm_min(), -0.f};
    constexpr idx cols = 21;
    numbers x(1, 3, cols, -1, 1, 1), front(2, 1, cols);
    for (idx i = 0; i < std::size(odd); ++i) x.look()(1, i) = front.look()(0, i + 16) = odd[i];
    const std::int32_t own[] = {0, 3}, all[] = {0, 4}, first[] = {0}, at[] = {0};
    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto same = [](const float* a, const float* b) {
        return std::memcmp(a, b, cols * sizeof(float)) == 0;
    };

    const view<const float> joined =
        ops::concat(ctx, front.look(), first, x.look(), ragged{own}, ragged{all});
    CHECK(same(joined.row(0), front.data.data()));
    for (idx r = 0; r < 3; ++r) CHECK(same(joined.row(r + 1), x.look().row(r)));

    numbers cells(3, 3, cols);
    ops::store_rows(ctx, x.look(), ragged{own}, at, cells.look());
    for (idx r = 0; r < 3; ++r) CHECK(same(cells.look().row(r), x.look().row(r)));

    std::vector<bf16> halves(3 * cols);
    ops::store_rows(ctx, x.look(), ragged{own}, at, view<bf16>{halves.data(), 3, cols});
    CHECK(std::isnan(float(halves[cols])));
    for (idx i = 1; i < cols; ++i) CHECK(halves[cols + i].bits == bf16(x.look()(1, i)).bits);
}
