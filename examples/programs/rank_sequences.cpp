// Ranks each user's last item among all that the user has not had, given the items before it: the
// full-ranking, leave-one-out evaluation of sequential recommenders. Of ICLRec's checkpoints, or of
// what train_sequences left in a folder.
#include "program.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/data/sequences.hpp>
#include <reckon/models/sasrec.hpp>
#include <reckon/models/sasrec/folder.hpp>
#include <reckon/tasks/rank_last_items.hpp>
#include <reckon/tasks/rank_next_items.hpp>

#include <cstdio>
#include <vector>

namespace {

using reckon::idx;

struct question {
    std::string kind = "sasrec", weights, folder, data, format = "lines", split = "test";
    idx heads = 0;
};

void rank_by_checkpoint(auto& ctx, const question& asked) {
    const auto model = reckon::prepare(ctx, reckon::sasrec::load(asked.weights, asked.heads));
    const auto last_item = static_cast<std::int32_t>(model.size.items - 2);
    const auto log = reckon::read_sequences(asked.data, last_item);
    if (log.users() == 0)
        throw reckon::load_error("sequences", asked.data, "a user with two items or more", "none");

    reckon::ranking_at sums[] = {reckon::ranking_at{5}, reckon::ranking_at{10},
                                 reckon::ranking_at{20}};
    reckon::rank_last_items(ctx, model, log, [&](idx rank) {
        for (auto& sum : sums) sum.add(rank);
    });
    std::printf("users %zu\n", log.users());
    if (log.skipped != 0) std::printf("skipped %zu\n", log.skipped);
    for (const auto& sum : sums) std::printf("HIT@%zu %.4f\n", sum.k(), sum.hit_rate());
    for (const auto& sum : sums) std::printf("NDCG@%zu %.4f\n", sum.k(), sum.ndcg());
}

/// What ranks of some users come to.
struct figures {
    std::vector<reckon::ranking_at> sums;
    double reciprocal = 0;

    figures() {
        for (const idx k : std::initializer_list<idx>{5, 10, 20, 50, 200}) sums.emplace_back(k);
    }
    void add(const reckon::standing& s) {
        for (auto& sum : sums) sum.add(s, reckon::ties::in_favour);
        reciprocal += 1 / s.rank(reckon::ties::in_favour);
    }
    idx users() const { return sums[0].targets(); }
    void print(const char* prefix) const {
        for (const auto& sum : sums)
            std::printf("%sHIT@%zu %.4f\n", prefix, sum.k(), sum.hit_rate());
        for (const auto& sum : sums) std::printf("%sNDCG@%zu %.4f\n", prefix, sum.k(), sum.ndcg());
        std::printf("%sMRR %.4f\n", prefix, users() == 0 ? 0 : reciprocal / double(users()));
    }
};

void rank_by_folder(auto& ctx, const question& asked) {
    using namespace reckon;
    const held_out split = held_out_of(asked.split);
    const auto model = prepare(ctx, sasrec::load_trained(asked.folder));
    const auto log = read_item_log(asked.format, asked.data);
    if (log.last_item > std::int32_t(model.size.items) - 2)
        throw load_error(
            "rank", asked.data,
            "items up to " + std::to_string(model.size.items - 2) + ", as " + asked.folder + " has",
            std::to_string(log.last_item));

    // Known: met in training, which all but the last two of each user's items are, or in
    // validation.
    std::vector<bool> known(model.size.items);
    for (idx user = 0; user < log.users(); ++user) {
        const auto items = log[user];
        const idx held = split == held_out::test ? 1 : 2;
        for (idx i = 0; i + held < items.size(); ++i) known[idx(items[i])] = true;
    }
    figures all, of_known;
    idx ties = 0;
    rank_next_items(ctx, model, log, split, [&](idx, std::int32_t target, const standing& s) {
        all.add(s);
        if (known[idx(target)]) of_known.add(s);
        ties += s.equal != 0;
    });
    if (all.users() == 0)
        throw load_error(
            "rank", asked.data,
            "a user with " + std::to_string(split == held_out::test ? 2 : 3) + " items or more",
            "none");
    std::printf("users %zu\n", all.users());
    if (all.users() != log.users()) std::printf("skipped %zu\n", log.users() - all.users());
    std::printf("users_with_known_target %zu\n", of_known.users());
    if (1000 * ties > all.users()) std::printf("ties %zu\n", ties);
    all.print("");
    of_known.print("known_");
}

}  // namespace

int main(int argc, char** argv) {
    question asked;
    program p{"rank_sequences", "How high a model ranks each user's last item among all others."};
    p.text_or("--model", asked.kind, "the kind of model: sasrec");
    p.text_or("--weights", asked.weights, "its checkpoint, a safetensors file");
    p.count("--heads", asked.heads, "its attention heads, with --weights");
    p.text_or("--model-dir", asked.folder, "in place of these: a folder of train_sequences");
    p.text_or("--data", asked.data, "a user a line: user item item ... in time order");
    p.text_or("--format", asked.format, "with --model-dir: lines, recbole or movielens");
    p.text_or("--split", asked.split, "with --model-dir: test or valid");
    return p.run(argc, argv, [&](auto& ctx) {
        if (asked.kind != "sasrec")
            throw reckon::load_error("usage", "--model", "sasrec", asked.kind);
        if (asked.folder.empty() == asked.weights.empty())
            throw reckon::load_error("usage", "--model-dir",
                                     "it, or --model, --weights and --heads",
                                     asked.folder.empty() ? "neither" : "both");
        if (asked.data.empty()) throw reckon::load_error("usage", "--data", "a file", "none");
        if (!asked.folder.empty()) return rank_by_folder(ctx, asked);
        if (asked.heads == 0)
            throw reckon::load_error("usage", "--heads", "it beside --weights", "none");
        rank_by_checkpoint(ctx, asked);
    });
}
