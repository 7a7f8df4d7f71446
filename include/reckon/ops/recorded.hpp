// What an op does for gradients, in one place:
//     return recorded(ctx, y, {gradient(ctx, x), gradient(ctx, gain)},
//                     [=](auto& c, auto... d) { dispatch<norm_backward_op>(c, x, gain, d...); });
// Under a recording context whose inputs learn, y gets a gradient and the closure goes on the tape:
// at replay it is called with y's gradient and those of the inputs, null where one is frozen. Under
// any other context nothing of it is compiled.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/ops/check.hpp>

#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// Where the gradient of an activation goes; null: it has none.
template <any_context C> constexpr output_of<C> gradient(C&, const tensor_of<C>& x) {
    if constexpr (C::recording)
        return x.grad;
    else
        return {};
}
/// Where the gradient of a parameter goes; null: it is frozen.
template <any_context C> constexpr output_of<C> gradient(C& ctx, const input_of<C>& w) {
    if constexpr (C::recording)
        return ctx.gradient_of(w);
    else
        return {};
}

template <any_context C, idx N> constexpr bool learns(const output_of<C> (&gradients)[N]) {
    for (const auto& g : gradients)
        if (g.data != nullptr) return true;
    return false;
}

/// y, and its backward on the tape: backward(ctx, dy, gradients of the inputs...).
template <any_context C, idx N, class F>
constexpr tensor_of<C> recorded(C& ctx, tensor_of<C> y, const output_of<C> (&inputs)[N],
                                const F& backward) {
    if constexpr (C::recording)
        if (learns<C>(inputs)) {
            ctx.track(y);
            ctx.record([dy = y.grad, inputs, backward](C& c) {
                [&]<idx... I>(std::index_sequence<I...>) { backward(c, dy, inputs[I]...); }
                (std::make_index_sequence<N>{});
            });
        }
    return y;
}

/// Whether an op that works in place has to leave its inputs as they are: something on the tape may
/// need them, or one of them learns.
template <any_context C, idx N>
constexpr bool keeps_inputs(C& ctx, const output_of<C> (&inputs)[N]) {
    if constexpr (C::recording)
        return ctx.recorded() != 0 || learns<C>(inputs);
    else
        return false;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
