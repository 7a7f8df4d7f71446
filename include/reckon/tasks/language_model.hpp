// What generation asks of a model: embedded rows, a run of them behind cached keys, and logits.
// llama and m6 are such models.
#pragma once

#include <reckon/cache/kv_cache.hpp>
#include <reckon/core/batch.hpp>

#include <concepts>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class M, class C>
concept language_model = requires(const M model, C& ctx, const id_batch<typename C::space>& batch,
                                  tensor_of<C> x, const ragged& sequences, per_sequence first,
                                  const regions& where) {
    { model.cached() } -> std::same_as<cache_size>;
    { model.size.vocabulary } -> std::convertible_to<idx>;
    { model.size.positions } -> std::convertible_to<idx>;
    { model.size.width } -> std::convertible_to<idx>;
    { model.embed(ctx, batch, first) } -> std::same_as<tensor_of<C>>;
    { model.run(ctx, x, sequences, M::mask_of(where)) } -> std::same_as<tensor_of<C>>;
    { model.logits(ctx, x) } -> std::same_as<tensor_of<C>>;
};

}}}  // namespace reckon::v0::RECKON_ISA
