// The ops that only move rows: concat, and store_rows into caches of either element type.
#include "conformance.hpp"

#include <reckon/ops/concat.hpp>
#include <reckon/ops/store_rows.hpp>

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
    });
}
