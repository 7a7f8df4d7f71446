// Checks that ops share: memory spaces at compile time, extents and ids at run time.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/error.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/ragged.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class C> using number_of = typename C::element;
template <class C> using input_of = view<const number_of<C>, typename C::space>;
template <class C> using output_of = view<number_of<C>, typename C::space>;

/// Weights and activations must live where the context computes.
template <class C, class V>
inline constexpr bool lives_with = std::same_as<typename V::space, typename C::space>;

/// Ids are checked where they can be read: host ids at the op's door, device ids when copied.
/// (Checks that loop are templates on the context, whose type carries the file's compile flags.)
template <class C>
constexpr void expect_ids(const char* op, view<const std::int32_t> ids, idx rows) {
    for (idx i = 0; i < ids.cols; ++i)
        if (ids(0, i) < 0 || idx(ids(0, i)) >= rows) {
            error_text limit{"ids below "};
            limit.append(rows);
            error_text actual{ids(0, i)};
            actual.append(" at ");
            actual.append(i);
            fail(op, "ids", limit, actual);
        }
}
template <class C> constexpr void expect_ids(const char*, view<const std::int32_t, device>, idx) {}

/// What an op has written is finite; of its arguments, rows that may be written are results.
template <class C> void expect_finite(const char*, const auto&) {}
template <class C> void expect_finite(const char* op, const output_of<C>& y) {
    for (idx r = 0; r < y.rows; ++r)
        for (idx c = 0; c < y.cols; ++c)
            if (!(y(r, c) - y(r, c) == 0))
                fail(op, "result", "finite numbers",
                     y(r, c) == y(r, c) ? "an infinite one" : "one that is none (NaN)");
}
template <class C>
void expect_finite(const char* op,
                   const tensor_of<C>& y) requires(!std::same_as<tensor_of<C>, output_of<C>>) {
    expect_finite<C>(op, static_cast<const output_of<C>&>(y));
}
template <class C>
void expect_finite(const char* op, const gradient_view<number_of<C>, typename C::space>& d) {
    if (d.wanted()) expect_finite<C>(op, static_cast<const output_of<C>&>(d));
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
