// One sentence for a spec that does not fit, and then the default instead, so that a mistake is one
// error and not a page of them. What the blocks need of a spec, their policy says itself.
#pragma once

#include <reckon/layers/spec.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {
template <class Spec, bool is_block> struct block_requirements {
    static constexpr bool met = false;
};
template <class Spec> struct block_requirements<Spec, true> {
    static constexpr bool met = Spec::block::template requirements<Spec>::met;
};
}  // namespace detail

template <class Spec, class Default> struct checked_spec {
    static_assert(linear_policy<typename Spec::linear>,
                  "spec: `linear` must be a linear policy such as dense<float>, int8_rows<..>, "
                  "pruned<..>");
    static_assert(bias_policy<typename Spec::bias>,
                  "spec: `bias` must be with_bias or without_bias");
    static_assert(table_policy<typename Spec::table>,
                  "spec: `table` must be a table policy such as dense<float>, dense<bf16>");
    static_assert(positions_policy<typename Spec::positions>,
                  "spec: `positions` must be a positions policy such as learned_positions<>");
    static_assert(sharing_policy<typename Spec::sharing>,
                  "spec: `sharing` must be share_none or share_all");
    static_assert(block_policy<typename Spec::block>,
                  "spec: `block` must be a block policy such as transformer_block");
    static constexpr bool fits =
        linear_policy<typename Spec::linear> && bias_policy<typename Spec::bias> &&
        table_policy<typename Spec::table> && positions_policy<typename Spec::positions> &&
        sharing_policy<typename Spec::sharing> &&
        detail::block_requirements<Spec, block_policy<typename Spec::block>>::met;
    using type = std::conditional_t<fits, Spec, Default>;
};
/// `Spec` if it is sound, else the default after a sentence about what is wrong.
template <class Spec, class Default> using checked = typename checked_spec<Spec, Default>::type;

}}}  // namespace reckon::v0::RECKON_ISA
