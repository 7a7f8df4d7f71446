// What every model is to tasks: ids become rows, rows go through the blocks, and a head reads them
// (`logits` of a language model, `scores` of a recommender).
//     embed(ctx, batch, first) -> x            what the blocks read, [tokens, width]
//     run(ctx, x, sequences, mask, keys, hook) -> hidden      through the blocks, [tokens, width]
//     mask_of(regions)                         the mask that the model was made for
// and, so that soft prompts can stand between them (layers/soft_prompt.hpp), the halves of embed:
//     embed_ids(ctx, ids) -> x                     vectors of the ids alone
//     embed_places(ctx, x, sequences, first) -> x  with positions, and what depends on place
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/layers/hook.hpp>
#include <reckon/layers/site.hpp>

#include <concepts>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class M, class C>
concept backbone = requires(const M model, C& ctx, const id_batch<typename C::space>& batch,
                            tensor_of<C> x, const ragged& sequences, per_sequence first,
                            const regions& where) {
    { model.size.width } -> std::convertible_to<idx>;
    { model.size.positions } -> std::convertible_to<idx>;
    { model.embed(ctx, batch, first) } -> std::same_as<tensor_of<C>>;
    { model.run(ctx, x, sequences, M::mask_of(where)) } -> std::same_as<tensor_of<C>>;
};

/// A backbone that soft prompts may stand before, and whose layers a hook may observe.
template <class M, class C>
concept open_backbone = backbone<M, C> &&
    requires(const M model, C& ctx, view<const std::int32_t, typename C::space> ids, tensor_of<C> x,
             const ragged& sequences, per_sequence first, const regions& where, no_hook hook) {
    { model.embed_ids(ctx, ids) } -> std::same_as<tensor_of<C>>;
    { model.embed_places(ctx, x, sequences, first) } -> std::same_as<tensor_of<C>>;
    {
        model.run(ctx, x, sequences, M::mask_of(where), own_keys{}, hook)
        } -> std::same_as<tensor_of<C>>;
};

}}}  // namespace reckon::v0::RECKON_ISA
