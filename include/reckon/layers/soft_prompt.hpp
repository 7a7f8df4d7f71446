// Rows in front of each sequence, given by the caller: soft prompts (M6-Rec 3.1, 3.2). Sequence s
// takes rows [first[s], first[s] + count[s]) of one table, so that sequences of different tasks,
// each with its own prompts, share a batch.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/ops/concat.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <any_context C> struct soft_prompts {
    view<const typename C::element, typename C::space> table;  // [rows, width]
    per_sequence first, count;
    ragged all;  // front and text together
};

/// The offsets of `all` live in the workspace.
template <any_context C>
requires(std::same_as<typename C::space, host>) constexpr soft_prompts<C> soft_prompts_of(
    C& ctx, ops::input_of<C> table, per_sequence first, per_sequence count, const ragged& text) {
    static_assert(!C::dry,
                  "soft_prompts_of: a context that only counts holds no offsets; give the model "
                  "soft_prompts over offsets of your own");
    const auto offsets = ctx.template make<std::int32_t>(1, text.count() + 1);
    idx end = 0;
    offsets(0, 0) = 0;
    for (idx s = 0; s < text.count(); ++s) {
        if (count[s] > table.rows) fail("soft_prompts_of", "count", table.rows, count[s]);
        end += count[s] + text.length(s);
        offsets(0, s + 1) = std::int32_t(end);
    }
    return {table, first, count, ragged{std::span<const std::int32_t>(offsets.data, offsets.cols)}};
}

}}}  // namespace reckon::v0::RECKON_ISA
