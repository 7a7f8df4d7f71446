// Blocks that are computed again in the backward (Chen et al. 2016): while a step is recorded only
// the rows between blocks are kept, and what a block makes inside is made once more when its turn
// comes. Gradients are the same, bit for bit; the step costs one more forward.
//     struct lean : sasrec::spec { using block = recomputed<transformer_block>; };
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/layers/spec.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Inner> struct recomputed_module : Inner {
    using Inner::Inner;

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        const Inner& inner = *this;
        if constexpr (C::recording) {
            static_assert(
                !requires(tensor_of<C> t) { at.hook->attention_inputs(ctx, at.layer, t, t, t); },
                "recomputed: a hook that reads attention's inputs would see tensors that "
                "are gone before the backward; record these blocks as they are");
            return ctx.recomputed(
                x, [own = &inner, at](C& c, tensor_of<C> rows) { return (*own)(c, rows, at); });
        } else {
            return inner(ctx, x, at);
        }
    }
};

template <class Block> struct recomputed {
    static constexpr bool is_block = true;
    template <class Spec> using module = recomputed_module<typename Block::template module<Spec>>;
    template <class Spec> using requirements = typename Block::template requirements<Spec>;
};

}}}  // namespace reckon::v0::RECKON_ISA
