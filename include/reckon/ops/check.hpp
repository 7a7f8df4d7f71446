// Checks that ops share: memory spaces at compile time, extents and ids at run time.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/error.hpp>
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

}}}}  // namespace reckon::v0::RECKON_ISA::ops
