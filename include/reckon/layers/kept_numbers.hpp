// Numbers beside a batch, such as offsets: in the workspace, and for as long as a tape needs them.
#pragma once

#include <reckon/backend/context.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// [1, count], in real memory also in a dry recording, which runs the shapes of one batch.
template <class T, any_context C> constexpr view<T> kept_numbers(C& ctx, idx count) {
    if constexpr (C::recording)
        return ctx.template note<T>(count);
    else
        return ctx.template make<T>(1, count);
}

}}}  // namespace reckon::v0::RECKON_ISA
