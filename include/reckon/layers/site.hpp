// Where a block stands when it runs: the batch, the mask, the layer's number and the tap that
// observes it. A shared block sees a different site in each layer.
//
// A tap is any struct with one or both of
//     flow layer_output(ctx, layer, x)          after a layer; `flow::stop` ends the run there
//     void attention_inputs(ctx, layer, q, k, v)
// Late interaction caches, early exit and distillation are taps; without one nothing is compiled.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>

#include <concepts>

namespace reckon::inline v0 {

enum class flow : std::uint8_t { go_on, stop };

/// Observes nothing.
struct no_tap {};

/// A tap whose hooks are not what the stack calls would observe nothing, silently.
template <class Tap, class C>
concept tap_of = std::same_as<std::remove_const_t<Tap>, no_tap> ||
    requires(Tap& tap, C& ctx, const tensor_of<C>& x, idx layer) {
    { tap.layer_output(ctx, layer, x) } -> std::same_as<flow>;
} || requires(Tap& tap, C& ctx, const tensor_of<C>& x, idx layer) {
    tap.attention_inputs(ctx, layer, x, x, x);
};

template <class M, class Tap = no_tap> struct site {
    const ragged& rows;
    M mask;
    Tap& tap;
    idx layer;

    constexpr site(const ragged& batch_rows, M batch_mask, Tap& observer, idx number = 0)
        : rows(batch_rows), mask(batch_mask), tap(observer), layer(number) {
        is_mask<M>();
    }

    template <class C> constexpr flow layer_output(C& ctx, const tensor_of<C>& x) const {
        if constexpr (requires { tap.layer_output(ctx, layer, x); })
            return tap.layer_output(ctx, layer, x);
        else
            return flow::go_on;
    }
    template <class C>
    constexpr void attention_inputs(C& ctx, const tensor_of<C>& q, const tensor_of<C>& k,
                                    const tensor_of<C>& v) const {
        if constexpr (requires { tap.attention_inputs(ctx, layer, q, k, v); })
            tap.attention_inputs(ctx, layer, q, k, v);
    }
};

}  // namespace reckon::inline v0
