// Ranks each user's last item among all that the user has not had, given the items before it: the
// full-ranking, leave-one-out evaluation of sequential recommenders.
#include "program.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/data/sequences.hpp>
#include <reckon/models/sasrec.hpp>
#include <reckon/tasks/rank_last_items.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    std::string kind, weights, data;
    reckon::idx heads = 0;
    program p{"rank_sequences", "How high a model ranks each user's last item among all others."};
    p.text("--model", kind, "the kind of model: sasrec");
    p.text("--weights", weights, "its checkpoint, a safetensors file");
    p.number("--heads", heads, "its attention heads");
    p.text("--data", data, "a user a line: user item item ... in time order");
    return p.run(argc, argv, [&](auto& ctx) {
        if (kind != "sasrec") throw reckon::load_error("usage", "--model", "sasrec", kind);
        const auto model = reckon::prepare(ctx, reckon::sasrec::load(weights, heads));
        const auto last_item = static_cast<std::int32_t>(model.size.items - 2);
        const auto log = reckon::read_sequences(data, last_item);
        if (log.users() == 0)
            throw reckon::load_error("sequences", data, "a user with two items or more", "none");

        reckon::ranking_at sums[] = {reckon::ranking_at{5}, reckon::ranking_at{10},
                                     reckon::ranking_at{20}};
        reckon::rank_last_items(ctx, model, log, [&](reckon::idx rank) {
            for (auto& sum : sums) sum.add(rank);
        });
        std::printf("users %zu\n", log.users());
        if (log.skipped != 0) std::printf("skipped %zu\n", log.skipped);
        for (const auto& sum : sums) std::printf("HIT@%zu %.4f\n", sum.k(), sum.hit_rate());
        for (const auto& sum : sums) std::printf("NDCG@%zu %.4f\n", sum.k(), sum.ndcg());
    });
}
