// Bytes between memory spaces, on the context's stream: host to device and back. The copy back
// waits for everything before it, so its numbers may be read when it returns.
#pragma once

#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class T, class From, class To> struct copy_op {
    static constexpr const char* name = "copy";
    template <class C> using signature = void(view<const T, From> from, view<T, To> to);
    static auto kernel(auto tag, auto&... a) -> decltype(copy_kernel(tag, a...)) {
        copy_kernel(tag, a...);
    }
};

/// Both sides are packed and of the same extents.
template <any_context C, class T, class From, class To>
void copy(C& ctx, view<const T, From> from, view<T, To> to) {
    expect("copy", "rows", from.rows, to.rows);
    expect("copy", "cols", from.cols, to.cols);
    expect_that(from.packed() && to.packed(), "copy", "stride", "the number of columns",
                from.packed() ? to.stride : from.stride);
    if (from.size() != 0) dispatch<copy_op<T, From, To>>(ctx, from, to);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
