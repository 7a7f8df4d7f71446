// store_rows: rows stored in a cache as floats, as bf16, or as int8 with a scale for each head.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/cache_view.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/simd/round_rows.hpp>

#include <concepts>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/int8.hpp>

#include <limits>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// The heads of a row of a cache as int8, [heads, width], and the scale of each.
struct quantise_heads {
    view<const float> x;
    std::int8_t* q;
    float* scales;
};

inline namespace RECKON_ISA {

/// The element types of a cache whose rows are plain.
template <class K>
concept stored = std::same_as<K, float> || std::same_as<K, bf16>;

}  // namespace RECKON_ISA

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C, simd::stored K>
void store_rows_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, ragged sequences,
                       per_sequence at, view<K> cache) {
    const auto arch = simd::arch_of<Arch>(ctx);
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        const auto from = x.slice(sequences.begin(s), sequences.length(s));
        const auto to = cache.slice(at[s], sequences.length(s));
        if constexpr (std::same_as<K, float>)
            simd::copy_rows(from, to);
        else
            simd::call(arch, simd::round_rows{from, to});
    });
}

template <class Arch, class Next, class C>
void store_rows_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, ragged sequences,
                       per_sequence at, int8_heads_view<std::int8_t> cache) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const idx heads = cache.scales.cols, width = cache.cols / heads;
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        for (idx i = 0; i < sequences.length(s); ++i)
            simd::call(arch, simd::quantise_heads{{x.row(sequences.begin(s) + i), heads, width},
                                                  cache.values.row(at[s] + i),
                                                  cache.scales.row(at[s] + i)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Heads as int8 by the rule of kernels/reference/store_rows.hpp.
template <class Arch> void run(const quantise_heads& c) {
    for (idx h = 0; h < c.x.rows; ++h) {
        const float* x = c.x.row(h);
        vec<Arch> tops(0), odd(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> v = load<Arch>(x + i, size);
            tops = xsimd::max(tops, xsimd::abs(v));
            odd += v - v;
        });
        const bool finite = sum_of<Arch>(odd) == 0;
        float top = highest_of<Arch>(tops);
        if (!finite || top < int8_scale::least) top = 0;
        const vec<Arch> scale(top > 0 ? 127 / top : 0);
        std::int8_t* const q = c.q + h * c.x.cols;
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> v = finite ? load<Arch>(x + i, size) * scale : vec<Arch>(0);
            narrow<Arch>(v, q + i, size);
        });
        c.scales[h] = finite ? top / 127 : std::numeric_limits<float>::quiet_NaN();
    }
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
