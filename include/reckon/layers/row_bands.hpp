// Work on rows that do not depend on one another, a band at a time: what is made on the way stays
// in a cache, and the workspace holds it for one band only.
#pragma once

#include <reckon/backend/context.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Rows of a band at most. A hidden layer of 3072 floats takes 3 MB then.
inline constexpr idx band_rows = 256;

/// f(rows of x, the first of them) for every band of nearly equal height. A tape records all rows
/// at once, and an accelerator wants them all: there x is one band.
template <any_context C, class F> constexpr void by_bands(C& ctx, tensor_of<C>& x, const F& f) {
    if constexpr (C::recording || !std::same_as<typename C::space, host>) {
        f(x, idx{0});
    } else {
        const idx bands = (x.rows + band_rows - 1) / band_rows;
        for (idx i = 0, first = 0; i < bands; ++i) {
            const auto scope = ctx.scope();
            const idx count = (x.rows - first) / (bands - i);
            tensor_of<C> band = x.slice(first, count);
            f(band, first);
            first += count;
        }
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
