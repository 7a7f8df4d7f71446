// A view: pointer + extents + distance between rows + memory space. It owns nothing; mutable
// converts to const, never back. A vector of n is a view [1, n].
#pragma once

#include <reckon/core/config.hpp>
#include <reckon/core/dtype.hpp>
#include <reckon/core/memory_space.hpp>

#include <concepts>
#include <type_traits>

namespace reckon { inline namespace v0 {

template <class T, class Space = host> struct view {  // [rows, cols]
    using value_type = T;
    using space = Space;

    T* data = nullptr;
    idx rows = 0, cols = 0;
    idx stride = 0;  // elements from one row to the next

    constexpr view() = default;
    RECKON_BOTH constexpr view(T* first, idx row_count, idx column_count)
        : view(first, row_count, column_count, column_count) {}
    RECKON_BOTH constexpr view(T* first, idx row_count, idx column_count, idx row_distance)
        : data(first), rows(row_count), cols(column_count), stride(row_distance) {}

    template <class U>
    requires(std::same_as<U, const T> && !std::is_const_v<T>) RECKON_BOTH constexpr
    operator view<U, Space>() const {
        return {data, rows, cols, stride};
    }

    RECKON_BOTH constexpr T* row(idx r) const { return data + r * stride; }
    RECKON_BOTH constexpr T& operator()(idx r, idx c) const { return data[r * stride + c]; }
    RECKON_BOTH constexpr idx size() const { return rows * cols; }
    RECKON_BOTH constexpr bool packed() const { return stride == cols || rows <= 1; }

    /// Rows [first, first + count).
    RECKON_BOTH constexpr view slice(idx first, idx count) const {
        return {data == nullptr ? nullptr : data + first * stride, count, cols, stride};
    }
    /// Columns [first, first + count) of every row, such as one head of many.
    RECKON_BOTH constexpr view columns(idx first, idx count) const {
        return {data == nullptr ? nullptr : data + first, rows, count, stride};
    }
};

/// A vector as a view of one row.
template <class T> RECKON_BOTH constexpr view<T> row_view(T* data, idx count) {
    return {data, 1, count};
}

template <class V> using space_of = typename V::space;

}}  // namespace reckon::v0
