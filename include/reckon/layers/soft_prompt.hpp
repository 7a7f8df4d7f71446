// Soft prompts (M6-Rec 3.1, 3.2): trained rows that stand before each sequence. Sequence s takes
// rows [first[s], first[s] + count[s]) of one table, so that sequences of different tasks, each
// with its own prompts, share a batch.
//     const auto prompts = soft_prompts_of(ctx, table, first, count, batch.sequences);
//     const auto x = with_soft_prompts(ctx, model, prompts, batch);
//     model.run(ctx, x, prompts.all, model.mask_of({prompts.count, source}));
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/batch.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/layers/kept_numbers.hpp>
#include <reckon/ops/concat.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <any_context C> struct soft_prompts {
    view<const typename C::element, typename C::space> table;  // [rows, width]
    per_sequence first, count;
    ragged all;  // prompts and texts together
};

/// Prompts for these texts; the offsets of `all` live in the workspace.
template <any_context C>
requires(std::same_as<typename C::space, host>) constexpr soft_prompts<C> soft_prompts_of(
    C& ctx, ops::input_of<C> table, per_sequence first, per_sequence count, const ragged& texts) {
    static_assert(!C::dry || C::recording,
                  "soft_prompts_of: a context that only counts holds no offsets; give the model "
                  "soft_prompts over offsets of your own");
    const auto offsets = kept_numbers<std::int32_t>(ctx, texts.count() + 1);
    idx end = 0;
    offsets(0, 0) = 0;
    for (idx s = 0; s < texts.count(); ++s) {
        if (count[s] > table.rows) fail("soft_prompts_of", "count", table.rows, count[s]);
        end += count[s] + texts.length(s);
        offsets(0, s + 1) = std::int32_t(end);
    }
    return {table, first, count, ragged{std::span<const std::int32_t>(offsets.data, offsets.cols)}};
}

/// What the blocks of any model read: [rows of prompts.all, width]. Prompts take the first
/// positions; `more` is what the model's embed_places takes besides, such as BERT's types.
template <any_context C, class Model, class... More>
constexpr tensor_of<C> with_soft_prompts(C& ctx, const Model& model, const soft_prompts<C>& prompts,
                                         const id_batch<typename C::space>& batch,
                                         const More&... more) {
    const auto x = ops::concat(ctx, prompts.table, prompts.first, model.embed_ids(ctx, batch.ids),
                               batch.sequences, prompts.all);
    return model.embed_places(ctx, x, prompts.all, per_sequence{}, more...);
}

}}}  // namespace reckon::v0::RECKON_ISA
