// Leave-one-out over the whole catalogue: each user's last item is ranked by a next-item model that
// reads what came before it (as Krichene and Rendle 2020 ask: no sampled candidates).
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/batch.hpp>
#include <reckon/data/sequences.hpp>
#include <reckon/metrics/ranking.hpp>

#include <algorithm>
#include <concepts>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// A model that scores every item as the next one of each sequence. Two rows of its table are no
/// items: padding and mask.
template <class M, class C>
concept next_item_model = requires(const M model, C& ctx,
                                   const id_batch<typename C::space>& batch) {
    { model.scores(ctx, batch) } -> std::convertible_to<tensor_of<C>>;
    { model.size.items } -> std::convertible_to<idx>;
    { model.size.padding } -> std::convertible_to<idx>;
    { model.size.mask } -> std::convertible_to<idx>;
    { model.size.positions } -> std::convertible_to<idx>;
};

/// take(rank) for each user, in order. The model sees the newest items of the history, as many as
/// it has positions; no item of the whole history is a candidate, nor are padding and mask.
template <any_context C, next_item_model<C> Model, class Take>
requires std::same_as<tensor_of<C>, view<float>>
void rank_last_items(C& ctx, const Model& model, const sequences& log, Take take) {
    constexpr idx users_at_once = 64;  // bounds the workspace: each takes a score an item
    std::vector<std::int32_t> ids, offsets, excluded;
    const auto history = [&](idx user) { return log[user].first(log[user].size() - 1); };
    for (idx first = 0; first < log.users(); first += users_at_once) {
        const idx last = std::min(first + users_at_once, log.users());
        ids.clear();
        offsets.assign(1, 0);
        for (idx user = first; user < last; ++user) {
            const auto items = history(user);
            const auto newest = items.last(std::min(items.size(), model.size.positions));
            ids.insert(ids.end(), newest.begin(), newest.end());
            offsets.push_back(static_cast<std::int32_t>(ids.size()));
        }
        const auto scope = ctx.scope();
        const auto scores = model.scores(ctx, batch_of(ids, offsets));
        for (idx user = first; user < last; ++user) {
            const auto items = history(user);
            excluded.assign(items.begin(), items.end());
            excluded.push_back(static_cast<std::int32_t>(model.size.padding));
            excluded.push_back(static_cast<std::int32_t>(model.size.mask));
            std::sort(excluded.begin(), excluded.end());
            const std::span row{scores.row(user - first), scores.cols};
            take(rank_of(row, idx(log[user].back()), excluded));
        }
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
