// How attention sees keys and values that a cache keeps in K: floats and bf16 as plain views, int8
// with a scale for each row and head, since heads differ in size and a row's largest number would
// set the error of them all.
#pragma once

#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 {

/// int8, symmetric: x(r, c) = values(r, c) * scales(r, head of c). Heads are equally wide; a row
/// and head that held a number that is not finite has the scale NaN.
template <class Q, class Space = host> struct int8_heads_view {
    using space = Space;
    using scale_type = std::conditional_t<std::is_const_v<Q>, const float, float>;
    view<Q, Space> values;           // [rows, heads * width]
    view<scale_type, Space> scales;  // [rows, heads]
    idx rows = 0, cols = 0;

    constexpr int8_heads_view() = default;
    RECKON_BOTH constexpr int8_heads_view(view<Q, Space> v, view<scale_type, Space> head_scales)
        : values(v), scales(head_scales), rows(v.rows), cols(v.cols) {}

    RECKON_BOTH constexpr operator int8_heads_view<const Q, Space>() const
        requires(!std::is_const_v<Q>) {
        return {values, scales};
    }

    RECKON_BOTH constexpr float operator()(idx r, idx c) const {
        return float(values(r, c)) * scales(r, head_of(c));
    }
    /// Rows [first, first + count).
    RECKON_BOTH constexpr int8_heads_view slice(idx first, idx count) const {
        return {values.slice(first, count), scales.slice(first, count)};
    }
    /// Columns [first, first + count) of every row, which are whole heads.
    RECKON_BOTH constexpr int8_heads_view columns(idx first, idx count) const {
        const idx head = head_of(first);
        return {values.columns(first, count), scales.columns(head, head_of(first + count) - head)};
    }

  private:
    RECKON_BOTH constexpr idx head_of(idx c) const {
        return cols == 0 ? 0 : c * scales.cols / cols;
    }
};

template <class K, class Space> struct cache_view_of { using type = view<K, Space>; };
template <class Space> struct cache_view_of<std::int8_t, Space> {
    using type = int8_heads_view<std::int8_t, Space>;
};
template <class Space> struct cache_view_of<const std::int8_t, Space> {
    using type = int8_heads_view<const std::int8_t, Space>;
};

/// Rows of keys or of values, [rows, heads * width], that are kept in K.
template <class K, class Space = host> using cache_view = typename cache_view_of<K, Space>::type;

}}  // namespace reckon::v0
