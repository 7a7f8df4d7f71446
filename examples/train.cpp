// SASRec, trained on a log of who met which item, a user a line: user item item .. in time order.
//     train LOG FOLDER
// Run again with the same FOLDER, it goes on where it was.
#include <reckon/convert/prepare.hpp>
#include <reckon/cpu.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/tasks/next_items.hpp>
#include <reckon/tasks/rank_next_items.hpp>
#include <reckon/train/initialise.hpp>
#include <reckon/train/progress.hpp>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    using namespace reckon;
    if (argc != 3) return std::puts("train LOG FOLDER"), 2;
    const auto log = read_item_log("lines", argv[1]);
    sasrec::model<sasrec::original_spec> model{
        {.items = idx(log.last_item) + 2, .heads = 1, .width = 64, .hidden = 64}};
    initialise(model, 0, {{"*gain", ones{}}, {"*bias", zeros{}}, {"*", xavier_normal{}}});

    parameters learned{model};  // all of them
    recording_context<cpu> ctx{learned.ranges()};
    context<cpu> plain;
    train_progress progress;
    trainer fit{ctx,
                learned,
                adam{.rate = 1e-3f},
                constant_rate{},
                {.epochs = 20,
                 .batch = {.examples = 128},
                 .dropout = dropout_rates::all(.2f),
                 .patience = 5,
                 .folder = argv[2]},
                &progress};
    const auto best = fit(next_items{model, log, {.negatives = 100}}, [&] {
        return fair_ndcg(plain, prepare(plain, model), log, held_out::valid, 10);
    });
    std::printf("epoch %zu: NDCG@10 %.4f on validation\n", best.best_epoch, best.best);
}
