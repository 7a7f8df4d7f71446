// cache[at[s] + i] = x[i] for the rows i of each sequence s: new keys and values enter a cache,
// which may keep them in another element type: bf16, rounded to nearest, or int8 with a scale for
// each row and head (core/cache_view.hpp). There scale = max |x| / 127 over the head and numbers
// are rounded to nearest, ties to even, so each is off by at most scale / 2 (float's own rounding
// aside) and lies within +-127 scale. A head with a number that is not finite becomes NaN, one
// whose numbers are all below 1e-36 becomes zeros.
#pragma once

#include <reckon/core/cache_view.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class Cache> struct store_rows_op {
    static constexpr const char* name = "store_rows";
    template <class C>
    using signature = void(input_of<C> x, ragged sequences, per_sequence at, Cache cache);
    static auto kernel(auto tag, auto&... a) -> decltype(store_rows_kernel(tag, a...)) {
        store_rows_kernel(tag, a...);
    }
};

template <any_context C>
constexpr void expect_room(const tensor_of<C>& x, const ragged& sequences, per_sequence at,
                           const auto& cache) {
    static_assert(!C::recording, "store_rows: has no backward");
    expect("store_rows", "x.rows", sequences.rows(), x.rows);
    expect("store_rows", "cache.cols", x.cols, cache.cols);
    if constexpr (std::same_as<typename C::space, host> && !C::dry)
        for (idx s = 0; s < sequences.count(); ++s)
            if (sequences.length(s) > cache.rows || at[s] > cache.rows - sequences.length(s))
                fail("store_rows", "at + rows of a sequence", cache.rows,
                     at[s] + sequences.length(s));
}

template <any_context C, class K>
constexpr void store_rows(C& ctx, tensor_of<C> x, const ragged& sequences, per_sequence at,
                          view<K, typename C::space> cache) {
    expect_room<C>(x, sequences, at, cache);
    dispatch<store_rows_op<decltype(cache)>>(ctx, x, sequences, at, cache);
}

template <any_context C>
constexpr void store_rows(C& ctx, tensor_of<C> x, const ragged& sequences, per_sequence at,
                          int8_heads_view<std::int8_t, typename C::space> cache) {
    constexpr const char* op = "store_rows";
    const idx heads = cache.scales.cols;
    expect_room<C>(x, sequences, at, cache);
    expect(op, "cache.scales.rows", cache.rows, cache.scales.rows);
    expect_that(heads != 0, op, "cache.scales.cols", "at least 1", heads);
    expect_that(cache.cols % heads == 0, op, "cache.cols", "a multiple of cache.scales.cols",
                cache.cols);
    dispatch<store_rows_op<decltype(cache)>>(ctx, x, sequences, at, cache);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
