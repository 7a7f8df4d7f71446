// How kernels see a parameter. A dense weight is a plain view; the others read like one, so that
// the reference kernels are written once: w(o, k) is the weight's value, whatever its storage. A
// backend's packed weights (kernels/<backend>/) are views too, but only their own kernels read
// them.
#pragma once

#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 {

/// What an op asks of any weight: extents and a memory space.
template <class W>
concept weight_view = requires(const W w) {
    typename W::space;
    { w.rows } -> std::convertible_to<idx>;
    { w.cols } -> std::convertible_to<idx>;
};

/// A weight whose elements can be read one by one.
template <class W>
concept readable_weight = weight_view<W> && requires(const W w, idx i) {
    {float(w(i, i))};
};

/// int8, symmetric, one scale per output row: w(o, k) = values(o, k) * scales(0, o).
template <class Space = host> struct int8_view {
    using space = Space;
    view<const std::int8_t, Space> values;  // [out, in]
    view<const float, Space> scales;        // [1, out]
    idx rows = 0, cols = 0;

    constexpr int8_view() = default;
    RECKON_BOTH constexpr int8_view(view<const std::int8_t, Space> v,
                                    view<const float, Space> row_scales)
        : values(v), scales(row_scales), rows(v.rows), cols(v.cols) {}
    RECKON_BOTH constexpr float operator()(idx o, idx k) const {
        return float(values(o, k)) * scales(0, o);
    }
    /// Rows [first, first + count).
    RECKON_BOTH constexpr int8_view slice(idx first, idx count) const {
        return {values.slice(first, count), scales.columns(first, count)};
    }
};

/// What a row of activations became that is multiplied by int8 rows: x[k] = scale q[k], but for its
/// largest number by magnitude (the first of equals), x[at] = largest, where q[k] is 0. One large
/// number would coarsen all the others, and a product with it apart costs one addition.
struct int8_scale {
    float scale = 0;  // largest magnitude of the others / 127; NaN in a row that is not finite
    float largest = 0;
    idx at = 0;

    /// Others below this (numbers of the largest magnitude that 127 can be divided by) count as 0.
    static constexpr float least = 1e-36f;
};

/// A pruned weight: w(o, k) = kept(o, k) ? inner(o, k) : 0.
template <readable_weight Inner> struct pruned_view {
    using space = typename Inner::space;
    Inner inner;
    view<const std::uint8_t, space> kept;  // [out, in], 0 or 1
    idx rows = 0, cols = 0;

    constexpr pruned_view() = default;
    RECKON_BOTH constexpr pruned_view(Inner w, view<const std::uint8_t, space> keep)
        : inner(w), kept(keep), rows(w.rows), cols(w.cols) {}
    RECKON_BOTH constexpr auto operator()(idx o, idx k) const {
        using number = std::remove_cvref_t<decltype(inner(o, k))>;
        return kept(o, k) != 0 ? number(inner(o, k)) : number{};
    }
};

}}  // namespace reckon::v0
