// Leave-one-out over the whole catalogue, for testing and for validation: each user's target among
// all items that its history does not hold. The test's target is the last item; validation's is the
// one before it, and a test's history holds that one.
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/data/item_log.hpp>
#include <reckon/metrics/standing.hpp>
#include <reckon/tasks/rank_last_items.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

enum class held_out : std::uint8_t { test, valid };

inline held_out held_out_of(std::string_view word) {
    if (word == "test") return held_out::test;
    if (word == "valid") return held_out::valid;
    throw load_error("rank", "split", "test or valid", in_quotes(word));
}

/// take(user, target, standing) for each user who has a target and a history, in order.
template <any_context C, next_item_model<C> Model, class Take>
requires std::same_as<tensor_of<C>, view<float>>
void rank_next_items(C& ctx, const Model& model, const item_log& log, held_out split, Take take) {
    constexpr idx users_at_once = 64;
    const idx behind = split == held_out::test ? 0 : 1;
    std::vector<std::int32_t> ids, offsets, excluded;
    std::vector<idx> users;
    const auto history = [&](idx user) { return log[user].first(log[user].size() - 1 - behind); };
    for (idx next = 0; next < log.users();) {
        ids.clear();
        users.clear();
        offsets.assign(1, 0);
        for (; next < log.users() && users.size() < users_at_once; ++next) {
            if (log[next].size() < 2 + behind) continue;
            const auto items = history(next);
            const auto newest = items.last(std::min(items.size(), model.size.positions));
            ids.insert(ids.end(), newest.begin(), newest.end());
            offsets.push_back(static_cast<std::int32_t>(ids.size()));
            users.push_back(next);
        }
        if (users.empty()) return;
        const auto scope = ctx.scope();
        const auto scores = model.scores(ctx, batch_of(ids, offsets));
        for (idx i = 0; i < users.size(); ++i) {
            const auto items = history(users[i]);
            excluded.assign(items.begin(), items.end());
            excluded.push_back(static_cast<std::int32_t>(model.size.padding));
            excluded.push_back(static_cast<std::int32_t>(model.size.mask));
            std::sort(excluded.begin(), excluded.end());
            const std::int32_t target = log[users[i]][items.size()];
            take(users[i], target,
                 standing_of({scores.row(i), scores.cols}, idx(target), excluded));
        }
    }
}

/// NDCG@k where half of the equal candidates count as better, so that scoring all items alike is
/// worth nothing.
template <any_context C, class Model>
double fair_ndcg(C& ctx, const Model& model, const item_log& log, held_out split, idx k) {
    ranking_at sum{k};
    rank_next_items(ctx, model, log, split,
                    [&](idx, std::int32_t, const standing& s) { sum.add(s, ties::half); });
    return sum.ndcg();
}

}}}  // namespace reckon::v0::RECKON_ISA
