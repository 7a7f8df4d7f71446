// Whether a context can run a model, with a sentence if not.
#pragma once

#include <reckon/backend/context.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Whether C is a context that reaches the weights of a model of this spec.
template <class C, class Spec> constexpr bool can_run() {
    static_assert(any_context<C>,
                  "model: the first argument is a context, such as context<cpu_reference> ctx, not "
                  "a backend's tag");
    constexpr bool reached = std::same_as<typename C::space, typename Spec::memory::space>;
    static_assert(reached,
                  "model: its weights and the context live in different memory spaces; "
                  "copy_to(ctx, model) makes a model for this context");
    return any_context<C> && reached;
}

}}}  // namespace reckon::v0::RECKON_ISA
