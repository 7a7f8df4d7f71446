// Rows stored where a cache wants them, in its element type; int8 with a scale for each row and
// head.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/cache_view.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/view.hpp>
#include <reckon/core/weights.hpp>

#include <cmath>
#include <limits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E, class K>
void store_rows_kernel(const cpu_reference&, C&, view<const E> x, ragged sequences, per_sequence at,
                       view<K> cache) {
    for (idx s = 0; s < sequences.count(); ++s)
        for (idx i = 0; i < sequences.length(s); ++i)
            for (idx c = 0; c < x.cols; ++c) cache(at[s] + i, c) = K(x(sequences.begin(s) + i, c));
}

namespace detail {

/// Writes a head as int8 and tells its scale; zeros and NaN where a number is not finite.
template <class E> float quantise_head(const E* x, idx count, std::int8_t* q) {
    float top = 0;
    bool finite = true;
    for (idx i = 0; i < count; ++i) {
        const float magnitude = std::fabs(float(x[i]));
        finite = finite && magnitude <= std::numeric_limits<float>::max();
        top = magnitude > top ? magnitude : top;
    }
    if (!finite || top < int8_scale::least) top = 0;
    const float steps = top > 0 ? 127 / top : 0;
    for (idx i = 0; i < count; ++i)
        q[i] = finite ? std::int8_t(std::nearbyint(float(x[i]) * steps)) : std::int8_t{};
    return finite ? top / 127 : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace detail

template <class C, class E>
void store_rows_kernel(const cpu_reference&, C&, view<const E> x, ragged sequences, per_sequence at,
                       int8_heads_view<std::int8_t> cache) {
    const idx heads = cache.scales.cols, width = cache.cols / heads;
    for (idx s = 0; s < sequences.count(); ++s)
        for (idx i = 0; i < sequences.length(s); ++i)
            for (idx h = 0; h < heads; ++h)
                cache.scales(at[s] + i, h) =
                    detail::quantise_head(x.row(sequences.begin(s) + i) + h * width, width,
                                          cache.values.row(at[s] + i) + h * width);
}

}}}  // namespace reckon::v0::RECKON_ISA
