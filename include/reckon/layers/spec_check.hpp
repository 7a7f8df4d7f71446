// The door of a model: one sentence for a spec or context that does not fit, and then the
// default instead, so that a mistake is one error and not a page of them.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/layers/stack.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Every policy that a stack of blocks needs, of the right kind.
template <class S>
concept transformer_spec = linear_policy<typename S::linear> && bias_policy<typename S::bias> &&
    table_policy<typename S::table> && ffn_policy<typename S::ffn> &&
    norm_policy<typename S::norm> && norm_order_policy<typename S::norm_order> &&
    positions_policy<typename S::positions> && sharing_policy<typename S::sharing>;

/// `Spec` if it is sound, else the default after a sentence about what is wrong.
template <class Spec, class Default> struct checked_spec {
    static_assert(linear_policy<typename Spec::linear>,
                  "spec: `linear` must be a linear policy such as dense<float>, int8_rows<..>, "
                  "pruned<..>");
    static_assert(bias_policy<typename Spec::bias>,
                  "spec: `bias` must be with_bias or without_bias");
    static_assert(table_policy<typename Spec::table>,
                  "spec: `table` must be a table policy such as dense<float>, dense<bf16>");
    static_assert(ffn_policy<typename Spec::ffn>,
                  "spec: `ffn` must be a feed-forward policy such as gelu_ffn, silu_ffn");
    static_assert(norm_policy<typename Spec::norm>,
                  "spec: `norm` must be a norm policy such as layer_normed");
    static_assert(norm_order_policy<typename Spec::norm_order>,
                  "spec: `norm_order` must be pre_norm or post_norm");
    static_assert(positions_policy<typename Spec::positions>,
                  "spec: `positions` must be a positions policy such as learned_positions<>");
    static_assert(sharing_policy<typename Spec::sharing>,
                  "spec: `sharing` must be share_none or share_all");
    using type = std::conditional_t<transformer_spec<Spec>, Spec, Default>;
};
template <class Spec, class Default> using checked = typename checked_spec<Spec, Default>::type;

/// Whether C is a context that reaches the weights of a model of this spec, with a sentence if not.
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
