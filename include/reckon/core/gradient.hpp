// Where a backward kernel writes a gradient.
#pragma once

#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 {

enum class gradient_use : std::uint8_t {
    none,   // nobody wants it
    first,  // its numbers are the first: what stands there is not read
    adds,   // its numbers are added to those that stand there
};

template <class E, class Space = host> struct gradient_view : view<E, Space> {
    gradient_use use = gradient_use::none;

    constexpr gradient_view() = default;
    RECKON_BOTH constexpr gradient_view(view<E, Space> where, gradient_use how)
        : view<E, Space>(where), use(how) {}

    RECKON_BOTH constexpr bool wanted() const { return use != gradient_use::none; }
    RECKON_BOTH constexpr bool adds() const { return use == gradient_use::adds; }

    RECKON_BOTH constexpr void put(idx r, idx c, E number) const {
        E& at = (*this)(r, c);
        at = adds() ? at + number : number;
    }

    /// Zeros where nothing stands yet, for a kernel that adds to some rows now and again.
    RECKON_BOTH constexpr void begin_at_zero() {
        if (use != gradient_use::first) return;
        for (idx r = 0; r < this->rows; ++r)
            for (idx c = 0; c < this->cols; ++c) (*this)(r, c) = E(0);
        use = gradient_use::adds;
    }

    /// Rows, or columns of every row, [first, first + count).
    RECKON_BOTH constexpr gradient_view slice(idx first, idx count) const {
        return {view<E, Space>::slice(first, count), use};
    }
    RECKON_BOTH constexpr gradient_view columns(idx first, idx count) const {
        return {view<E, Space>::columns(first, count), use};
    }
};

}}  // namespace reckon::v0
