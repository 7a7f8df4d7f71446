// Where modules drop numbers while they are trained. Which, and how many, the context says; without
// a context that records nothing of it is compiled.
#pragma once

#include <reckon/ops/dropout.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// The mask of a place of this layer.
template <any_context C>
constexpr dropout_mask dropout_at(C& ctx, const auto& at, dropout_place place) {
    if constexpr (C::recording)
        return ctx.dropout().at(place, at.layer);
    else
        return {};
}

/// x, the rows of the site's sequences, with some numbers dropped.
template <any_context C>
constexpr tensor_of<C> dropped(C& ctx, tensor_of<C> x, const auto& at, dropout_place place) {
    if constexpr (C::recording)
        if (const auto mask = dropout_at(ctx, at, place); mask.drops())
            return ops::dropout(ctx, x, at.sequences, mask);
    return x;
}

}}}  // namespace reckon::v0::RECKON_ISA
