// Trains a sequential recommender on a log of who met which item when. Each user's last item is
// held out for testing (rank_sequences), the one before it for validation.
#include "program.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/io/digest.hpp>
#include <reckon/models/sasrec/folder.hpp>
#include <reckon/tasks/next_items.hpp>
#include <reckon/tasks/rank_next_items.hpp>
#include <reckon/train/initialise.hpp>
#include <reckon/train/progress.hpp>
#include <reckon/train/trainer.hpp>

#include <cmath>
#include <cstdio>
#include <fstream>

namespace {

using model_type = reckon::sasrec::model<reckon::sasrec::original_spec>;

struct settings {
    std::string kind, data, format, out, loss = "sampled";
    reckon::idx width = 256, blocks = 1, heads = 1, length = 50, negatives = 256, epochs = 200,
                patience = 50, batch = 128, seed = 0, save_every = 0;
    float dropout = .2f, table_dropout = .2f, rate = 1e-3f;
};

/// A line an epoch.
struct epoch_lines : reckon::train_progress {
    void after_epoch(const reckon::epoch_report& r) override {
        erased();
        std::printf("epoch %zu loss %.4f valid_NDCG@10 %.4f seconds %.1f\n", r.epoch, r.loss,
                    r.valid.value_or(0), r.seconds);
        std::fflush(stdout);
    }
};

/// The names of items 1, 2 .., a line each.
void save_names(const reckon::item_log& log, const std::string& folder) {
    if (log.names.empty()) return;
    reckon::atomic_file file{folder + "/items.txt"};
    for (const std::string& name : log.names) {
        const std::string line = name + '\n';
        file.write(std::as_bytes(std::span{line}));
    }
    file.commit();
}

reckon::item_log log_of(const settings& s) {
    auto log = reckon::read_item_log(s.format, s.data);
    reckon::idx trained = 0;
    for (reckon::idx user = 0; user < log.users(); ++user) trained += log[user].size() >= 4;
    if (trained == 0)
        throw reckon::load_error("train", s.data, "a user with four items or more",
                                 std::to_string(log.users()) + " users with fewer");
    return log;
}

reckon::sasrec::config sizes_of(const settings& s, const reckon::item_log& log) {
    reckon::expect_heads("train", "--heads", s.heads, s.width);
    const auto items = static_cast<reckon::idx>(log.last_item) + 2;
    return {.items = items,
            .mask = items - 1,
            .positions = s.length,
            .layers = s.blocks,
            .heads = s.heads,
            .width = s.width,
            .hidden = s.width,
            .epsilon = 1e-8f};
}

template <class Tag> void train(const settings& s, const reckon::context_options& machine) {
    using namespace reckon;
    const auto log = log_of(s);
    model_type model{sizes_of(s, log)};
    initialise(model, s.seed, {{"*gain", ones{}}, {"*bias", zeros{}}, {"*", xavier_normal{}}});

    parameters learned{model};
    recording_context<Tag> ctx{learned.ranges(), machine};
    context<Tag> plain{machine};
    dropout_rates rates{.embedding = s.dropout,
                        .attention = s.dropout,
                        .hidden = s.dropout,
                        .ffn_out = s.dropout,
                        .table = s.table_dropout};
    epoch_lines lines;
    trainer fit{ctx,
                learned,
                adam{.rate = s.rate, .beta_2 = .98f},
                constant_rate{},
                {.epochs = s.epochs,
                 .batch = {.examples = s.batch},
                 .dropout = rates,
                 .seed = s.seed,
                 .patience = s.patience,
                 .save_every = s.save_every,
                 .folder = s.out,
                 .task = {{"data", file_digest(s.data)},
                          {"loss", s.loss},
                          {"negatives", std::to_string(s.negatives)},
                          {"heads", std::to_string(s.heads)},
                          {"length", std::to_string(s.length)}}},
                &lines};
    const next_items task{
        model, log, {.loss = next_item_loss_of(s.loss), .negatives = s.negatives, .seed = s.seed}};
    run_folder{s.out};  // before anything is written to it
    sasrec::write_config<sasrec::original_spec>(model.size, s.out);
    save_names(log, s.out);
    fit(task, [&] { return fair_ndcg(plain, prepare(plain, model), log, held_out::valid, 10); });
}

}  // namespace

int main(int argc, char** argv) {
    settings s;
    program p{"train_sequences", "Trains a sequential recommender; run again, it goes on."};
    p.text("--model", s.kind, "the kind of model: sasrec");
    p.text("--data", s.data, "the log");
    p.text("--format", s.format, "its form: lines (user item item ..), recbole or movielens");
    p.text("--out", s.out, "the folder of the model, the log of the run and its state");
    p.count("--width", s.width, "numbers of an item's vector");
    p.count("--blocks", s.blocks, "blocks");
    p.count("--heads", s.heads, "attention heads");
    p.count("--length", s.length, "items of a history that are read");
    p.count("--negatives", s.negatives, "negatives of each position, with --loss sampled");
    p.text_or("--loss", s.loss, "sampled, full or bce");
    p.real_or("--dropout", s.dropout, "share dropped of embedding, attention and feed-forward");
    p.real_or("--table-dropout", s.table_dropout, "share dropped of the whole item table");
    p.real_or("--rate", s.rate, "Adam's rate");
    p.count("--epochs", s.epochs, "epochs at most");
    p.number_or("--patience", s.patience, "epochs without a better validation before the end");
    p.count("--batch", s.batch, "users of a step");
    p.number_or("--seed", s.seed, "of weights, order, negatives and dropout");
    p.number_or("--save-every", s.save_every, "steps between states; 0: an epoch");
    return p.run(argc, argv, [&](auto& ctx) {
        using tag = typename std::decay_t<decltype(ctx)>::tag;
        if (s.kind != "sasrec") throw reckon::load_error("usage", "--model", "sasrec", s.kind);
        if (!(s.rate > 0 && std::isfinite(s.rate)))
            throw reckon::load_error("usage", "--rate", "a finite number above 0",
                                     std::to_string(s.rate));
        for (const auto& [flag, rate] :
             {std::pair{"--dropout", s.dropout}, {"--table-dropout", s.table_dropout}})
            if (!(rate >= 0 && rate < 1))
                throw reckon::load_error("usage", flag, "0 or more and below 1",
                                         std::to_string(rate));
        if constexpr (std::same_as<tag, reckon::cpu> || std::same_as<tag, reckon::cpu_reference>)
            train<tag>(s, p.options());
        else
            throw reckon::load_error("usage", "--backend", "simd or reference, which train",
                                     p.backend());
    });
}
