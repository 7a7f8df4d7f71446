// x = y: y's rows are copied into x, which may outlive y's scope; or x becomes y once something is
// on the tape or learns, as in add_to.
#pragma once

#include <reckon/ops/add.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C> constexpr void assign(C& ctx, tensor_of<C>& x, tensor_of<C> y) {
    expect_addends<C>("assign", x, y);
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, y)})) {
            ctx.pin();
            x = y;
            return;
        }
    dispatch<add_backward_op>(ctx, y, gradient_of<C>{x, gradient_use::first});
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
