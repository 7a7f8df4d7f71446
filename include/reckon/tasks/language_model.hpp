// What generation asks of a model: a backbone that runs behind cached keys, and logits. llama and
// m6 are such models.
#pragma once

#include <reckon/cache/kv_cache.hpp>
#include <reckon/models/backbone.hpp>

#include <concepts>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class M, class C>
concept language_model = backbone<M, C> && requires(const M model, C& ctx, tensor_of<C> x) {
    { model.cached() } -> std::same_as<cache_size>;
    { model.size.vocabulary } -> std::convertible_to<idx>;
    { model.logits(ctx, x) } -> std::same_as<tensor_of<C>>;
};

}}}  // namespace reckon::v0::RECKON_ISA
