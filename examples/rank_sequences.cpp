// Ranks each user's last item among all that the user has not had, given the items before it: the
// full-ranking, leave-one-out evaluation of sequential recommenders.
#include "program.hpp"

#include <reckon/data/sequences.hpp>
#include <reckon/layers/prepare.hpp>
#include <reckon/metrics/ranking.hpp>
#include <reckon/models/sasrec.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <vector>

namespace {

using reckon::idx;
constexpr idx users_at_once = 64;
using rankings = std::array<reckon::ranking_at, 3>;

// Users [first, last): the model sees the newest items, as many as it has positions.
void rank_users(auto& ctx, const auto& model, const reckon::sequences& log, idx first, idx last,
                rankings& sums) {
    std::vector<std::int32_t> ids, offsets{0}, seen;
    for (idx user = first; user < last; ++user) {
        const auto history = log[user].first(log[user].size() - 1);
        const auto newest = history.last(std::min(history.size(), model.size.positions));
        ids.insert(ids.end(), newest.begin(), newest.end());
        offsets.push_back(static_cast<std::int32_t>(ids.size()));
    }
    const auto scope = ctx.scope();
    const auto scores = model.scores(ctx, reckon::batch_of(ids, offsets));
    for (idx user = first; user < last; ++user) {
        const auto history = log[user].first(log[user].size() - 1);
        seen.assign(history.begin(), history.end());
        seen.push_back(0);                                                // padding
        seen.push_back(static_cast<std::int32_t>(model.size.items - 1));  // mask
        std::sort(seen.begin(), seen.end());
        const std::span row{scores.row(user - first), scores.cols};
        const idx rank = reckon::rank_of(row, idx(log[user].back()), seen);
        for (auto& sum : sums) sum.add(rank);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string kind, weights, data;
    idx heads = 0;
    program p{"rank_sequences", "How high a model ranks each user's last item among all others."};
    p.text("--model", kind, "the kind of model: sasrec");
    p.text("--weights", weights, "its checkpoint, a safetensors file");
    p.number("--heads", heads, "its attention heads");
    p.text("--data", data, "a user a line: user item item ... in time order");
    return p.run(argc, argv, [&](auto& ctx) {
        if (kind != "sasrec") throw reckon::load_error("usage", "--model", "sasrec", kind);
        const auto model = reckon::prepare(ctx, reckon::sasrec::load(weights, heads));
        const auto mask = static_cast<std::int32_t>(model.size.items - 1);
        const auto log = reckon::read_sequences(data, mask - 1);
        if (log.users() == 0)
            throw reckon::load_error("sequences", data, "a user with two items or more", "none");

        rankings sums{reckon::ranking_at{5}, reckon::ranking_at{10}, reckon::ranking_at{20}};
        for (idx first = 0; first < log.users(); first += users_at_once)
            rank_users(ctx, model, log, first, std::min(first + users_at_once, log.users()), sums);

        std::printf("users %zu\n", log.users());
        if (log.skipped != 0) std::printf("skipped %zu\n", log.skipped);
        for (const auto& sum : sums) std::printf("HIT@%zu %.4f\n", sum.k(), sum.hit_rate());
        for (const auto& sum : sums) std::printf("NDCG@%zu %.4f\n", sum.k(), sum.ndcg());
    });
}
