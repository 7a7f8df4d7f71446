// Observing a run without touching the model. A hook is any struct with one or both of
//     flow layer_output(ctx, layer, x)          after a layer; `flow::stop` ends the run there
//     void attention_inputs(ctx, layer, q, k, v)
// Late interaction caches, early exit and distillation are hooks; without one nothing is compiled.
#pragma once

#include <reckon/backend/context.hpp>

#include <concepts>
#include <type_traits>

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

}}}  // namespace reckon::v0::RECKON_ISA
