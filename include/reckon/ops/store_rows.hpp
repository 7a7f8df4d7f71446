// cache[at[s] + i] = x[i] for the rows i of each sequence s: new keys and values enter a cache,
// whose element type may be another (bf16).
#pragma once

#include <reckon/core/mask.hpp>
#include <reckon/ops/check.hpp>

namespace reckon::inline v0::ops {

template <any_context C, class K>
void run_store_rows(C& ctx, input_of<C> x, ragged rows, per_sequence at,
                    view<K, typename C::space> cache) {
    using Tag = typename C::tag;
    if constexpr (requires { store_rows_kernel(Tag{}, ctx, x, rows, at, cache); })
        store_rows_kernel(Tag{}, ctx, x, rows, at, cache);
    else
        static_assert(sizeof(C) == 0,
                      "store_rows: no backend of this context has it for this cache (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_store_rows = requires(C& ctx, ragged rows, input_of<C> x, output_of<C> y) {
    store_rows_kernel(typename C::tag{}, ctx, x, rows, per_sequence{}, y);
};

template <any_context C, class K>
constexpr void store_rows(C& ctx, tensor_of<C> x, const ragged& rows, per_sequence at,
                          view<K, typename C::space> cache) {
    static_assert(!C::recording, "store_rows: has no backward");
    expect("store_rows", "x.rows", rows.rows(), x.rows);
    expect("store_rows", "cache.cols", x.cols, cache.cols);
    if constexpr (std::same_as<typename C::space, host> && !C::dry)
        for (idx s = 0; s < rows.sequences(); ++s)
            if (rows.length(s) > cache.rows || at[s] > cache.rows - rows.length(s))
                fail("store_rows", "at + rows of a sequence", cache.rows, at[s] + rows.length(s));
    if constexpr (!C::dry) run_store_rows(ctx, x, rows, at, cache);
}

}  // namespace reckon::inline v0::ops
