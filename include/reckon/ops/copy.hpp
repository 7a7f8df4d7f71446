// Bytes between memory spaces, on the context's stream: host to device and back. The copy back
// waits for everything before it, so its numbers may be read when it returns.
#pragma once

#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C, class T, class From, class To>
void run_copy(C& ctx, view<const T, From> from, view<T, To> to) {
    using Tag = typename C::tag;
    if constexpr (requires { copy_kernel(Tag{}, ctx, from, to); })
        copy_kernel(Tag{}, ctx, from, to);
    else
        static_assert(sizeof(C) == 0,
                      "copy: no backend of this context copies between these memory spaces");
}

/// Both sides are packed and of the same extents.
template <any_context C, class T, class From, class To>
void copy(C& ctx, view<const T, From> from, view<T, To> to) {
    expect("copy", "rows", from.rows, to.rows);
    expect("copy", "cols", from.cols, to.cols);
    expect_that(from.packed() && to.packed(), "copy", "stride", "the number of columns",
                from.packed() ? to.stride : from.stride);
    if (from.size() != 0) run_copy(ctx, from, to);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
