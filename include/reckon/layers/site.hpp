// Where a block stands when it runs: the batch, the mask, the layer's number, how queries and keys
// are turned by position, where attention finds its keys, and the hook that observes it all. A
// shared block sees a different site in each layer.
//
// A hook is any struct with one or both of
//     flow layer_output(ctx, layer, x)          after a layer; `flow::stop` ends the run there
//     void attention_inputs(ctx, layer, q, k, v)
// Late interaction caches, early exit and distillation are hooks; without one nothing is compiled.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>

#include <concepts>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

enum class flow : std::uint8_t { go_on, stop };

/// Observes nothing.
struct no_hook {};

/// A hook whose functions are not what the stack calls would observe nothing, silently.
template <class Hook, class C>
concept hook_of = std::same_as<std::remove_const_t<Hook>, no_hook> ||
    requires(Hook& hook, C& ctx, const tensor_of<C>& x, idx layer) {
    { hook.layer_output(ctx, layer, x) } -> std::same_as<flow>;
} || requires(Hook& hook, C& ctx, const tensor_of<C>& x, idx layer) {
    hook.attention_inputs(ctx, layer, x, x, x);
};

/// Positions are in the rows already: queries and keys stay as they are.
struct no_rotation {
    constexpr void operator()(auto&, auto&) const {}
};

/// Attention reads the keys and values of the batch itself, whose sequences begin at position 0.
struct own_keys {
    template <any_context C>
    constexpr key_values<typename C::element, typename C::space> source(
        C&, idx, const ragged&, const tensor_of<C>& k, const tensor_of<C>& v) const {
        return {k, v};
    }
    constexpr per_sequence first() const { return {}; }
};

template <class M, class Hook = no_hook, class Rotation = no_rotation, class Keys = own_keys>
struct site {
    const ragged& sequences;
    M mask;
    Hook& hook;
    Rotation rotate;
    Keys keys;
    idx layer;

    constexpr site(const ragged& batch_rows, M batch_mask, Hook& observer, Rotation rotation = {},
                   Keys where = {}, idx number = 0)
        : sequences(batch_rows),
          mask(batch_mask),
          hook(observer),
          rotate(rotation),
          keys(where),
          layer(number) {
        is_mask<M>();
    }
    constexpr site at_layer(idx number) const {
        return {sequences, mask, hook, rotate, keys, number};
    }

    template <class C> constexpr flow layer_output(C& ctx, const tensor_of<C>& x) const {
        if constexpr (requires { hook.layer_output(ctx, layer, x); })
            return hook.layer_output(ctx, layer, x);
        else
            return flow::go_on;
    }
    template <class C>
    constexpr void attention_inputs(C& ctx, const tensor_of<C>& q, const tensor_of<C>& k,
                                    const tensor_of<C>& v) const {
        if constexpr (requires { hook.attention_inputs(ctx, layer, q, k, v); })
            hook.attention_inputs(ctx, layer, q, k, v);
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
