// A batch of id sequences: all ids behind one another, and where each sequence begins.
#pragma once

#include <reckon/core/ragged.hpp>

namespace reckon { inline namespace v0 {

template <class Space = host> struct id_batch {
    view<const std::int32_t, Space> ids;  // [1, tokens]
    ragged sequences;

    constexpr id_batch() = default;
    RECKON_INLINE constexpr id_batch(view<const std::int32_t, Space> all, const ragged& offsets)
        : ids(all), sequences(offsets) {
        expect("id_batch", "ids.cols", sequences.rows(), ids.cols);
    }
};

/// From host arrays, such as a tokenizer's.
RECKON_INLINE constexpr id_batch<> batch_of(std::span<const std::int32_t> ids,
                                            std::span<const std::int32_t> offsets) {
    return {row_view(ids.data(), ids.size()), ragged{offsets}};
}

}}  // namespace reckon::v0
