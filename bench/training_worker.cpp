// One step of training, on request: what bench/training.py races against PyTorch.
//     training_worker --step NAME --weights FILE [--gradients FILE] [--dropout R] [--threads N]
// writes the random weights that the step begins with to FILE, and the gradients of its first step,
// without dropout, to the other. Then every line of standard input is a step, answered by its
// milliseconds; at the end comes the line `memory BYTES PREDICTED`: what the process held at most
// above what it held before its first step, and what the dry run said.
//     prompt-4x256    20 trained rows in front of 44 of each of 32 texts, the body frozen
//     full-4x256      the same, everything trained
//     prompt-12x768   20 + 108 rows of 4 texts, the body frozen
//     one-copy-12x768 the same of a task whose prompts see only each other: they stand in the batch
//                     once. (No weights of attention are dropped here, on neither side.)
//     option-adapter  M6-Rec's option-adapter of MiniLM's shape over 64 texts as long as MovieLens
//                     histories are, in four steps of texts of like length, nothing padded
//     sasrec-2x64     128 histories of 50, softmax over 12,103 items
// Tuning reads the last row of each sequence into two classes.
#include "support/backends.hpp"
#include "support/machine.hpp"
#include "support/measure.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/io/save.hpp>
#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/ops/cross_entropy.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/tasks/score_texts.hpp>
#include <reckon/train/initialise.hpp>
#include <reckon/train/optimiser.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

using namespace reckon;
using namespace bench;

namespace {

struct settings {
    std::string step, weights, gradients;
    float dropout = 0;
    idx threads = 1;
    bool attention = true;  // whether its weights are dropped too
    idx parts = 1;          // steps of an answer
};

/// As every such run begins.
template <class M> void begin(M& module, std::uint64_t seed) {
    initialise(module, seed, {{"*gain", ones{}}, {"*bias", normal{.02f}}, {"*", normal{.05f}}});
}

std::vector<std::int32_t> ids_below(idx count, idx limit, std::uint64_t seed) {
    std::vector<std::int32_t> ids(count);
    for (idx i = 0; i < count; ++i)
        ids[i] = std::int32_t(philox{seed}.below(i, std::uint32_t(limit)));
    return ids;
}
std::vector<std::int32_t> even_offsets(idx sequences, idx rows) {
    std::vector<std::int32_t> offsets(sequences + 1);
    for (idx s = 0; s <= sequences; ++s) offsets[s] = std::int32_t(s * rows);
    return offsets;
}

/// What is tuned: rows in front, and two classes.
struct tuned {
    matrix<float> prompts, classes;

    tuned(idx rows, idx width) : prompts(rows, width), classes(2, width) {}
    static constexpr void visit(auto&& f, auto&... self) {
        f("prompts", self.prompts...);
        f("classes", self.classes...);
    }
};
/// The same with its model.
struct trained {
    bert::model<> body;
    tuned task;

    static constexpr void visit(auto&& f, auto&... self) {
        f("body", self.body...);
        f("task", self.task...);
    }
};

/// Runs steps of `loss(ctx)` over what `learned` holds until the input ends.
template <class Tag, class Loss>
void serve(const settings& how, parameters<>& learned, recording_context<Tag>& ctx,
           const std::vector<std::int64_t>& examples, const Loss& loss) {
    const auto once = [&](auto& c, float rate, idx step) {
        const auto scope = c.scope();
        c.drop({{.embedding = rate,
                 .attention = how.attention ? rate : 0,
                 .attention_out = rate,
                 .ffn_out = rate},
                1,
                step,
                examples.data()});
        loss(c);
        c.replay();
    };
    const long before = machine::peak_memory();
    recording_context<dry_run<Tag>> counting{learned.ranges(), how.threads};
    once(counting, how.dropout, 0);
    gradient_norm(counting, learned);
    ctx.reserve(counting.workspace().high_water());
    if (!how.gradients.empty()) {
        once(ctx, 0, 0);
        std::vector<stored_tensor> tensors;
        for (const auto& p : learned.entries()) {
            const auto g = learned.gradient(p);
            tensors.push_back(
                store(std::string{p.name}, {g.rows, g.cols}, std::span{g.data, g.size()}));
        }
        write_safetensors(how.gradients, tensors);
    }
    std::printf("ready\n");
    std::fflush(stdout);
    const adamw optimiser{.rate = 1e-6f};
    optimiser_state<> state;
    for (std::string line; std::getline(std::cin, line);) {
        const double begun = machine::wall_seconds();
        for (idx part = 0; part < how.parts; ++part) {
            learned.clear_gradients();
            once(ctx, how.dropout, state.steps);
            gradient_norm(ctx, learned);
            step(ctx, optimiser, learned, 1, 1, state);
        }
        std::printf("%.3f\n", 1e3 * (machine::wall_seconds() - begun));
        std::fflush(stdout);
    }
    std::printf("memory %ld %zu\n", 1024 * (machine::peak_memory() - before),
                counting.high_water());
}

/// Texts of one length, and a class for each; a tape reads them until it is replayed.
struct labelled {
    std::vector<std::int32_t> ids, offsets, classes;

    labelled(idx sequences, idx rows, idx vocabulary)
        : ids(ids_below(sequences * rows, vocabulary, 5)), offsets(even_offsets(sequences, rows)) {
        for (idx s = 0; s < sequences; ++s) classes.push_back(std::int32_t(s % 2));
    }
};

template <class Body>
double tuning_loss(auto& ctx, const Body& body, const tuned& task, const labelled& texts) {
    const auto batch = batch_of(texts.ids, texts.offsets);
    const auto prompts = soft_prompts_of(ctx, task.prompts.look(), per_sequence{},
                                         per_sequence{task.prompts.rows()}, batch.sequences);
    const auto x = with_soft_prompts(ctx, body, prompts, batch);
    const auto scores =
        ops::linear(ctx, body.run_last(ctx, x, prompts.all), std::as_const(task.classes).look());
    const idx sequences = texts.classes.size();
    return ops::cross_entropy(ctx, scores, {.columns = {texts.classes.data(), 1, sequences}},
                              {.weight = 1 / double(sequences)});
}

template <class Tag>
void tune(const settings& how, const bert::config& size, idx sequences, idx rows, bool all) {
    trained model{bert::model<>{size}, tuned{20, size.width}};
    begin(model, 1);
    save_parameters(model, how.weights);
    const labelled texts{sequences, rows, size.vocabulary};
    std::vector<std::int64_t> examples(sequences);
    std::iota(examples.begin(), examples.end(), std::int64_t{0});
    if (all) {
        // (The second type of tokens occurs in no text.)
        parameters learned{model, [](std::string_view name) { return name != "body.types"; }};
        recording_context<Tag> ctx{learned.ranges(), options(how.threads)};
        serve(how, learned, ctx, examples,
              [&](auto& c) { return tuning_loss(c, model.body, model.task, texts); });
    } else {
        parameters learned{model.task};
        recording_context<Tag> ctx{learned.ranges(), options(how.threads)};
        const auto frozen = prepare(ctx, model.body);
        serve(how, learned, ctx, examples,
              [&](auto& c) { return tuning_loss(c, frozen, model.task, texts); });
    }
}

/// A task of M6-Rec's prompts: its body's weights are saved beside it.
struct prompted_task {
    bert::model<> body;
    task own;

    static constexpr void visit(auto&& f, auto&... self) {
        f("body", self.body...);
        f("task", self.own...);
    }
};
template <class Tag>
void tune_one_copy(settings how, const bert::config& size, idx sequences, idx rows) {
    prompted_task model{bert::model<>{size}, {}};
    model.own =
        task{tuning_method::prompt, sizes_of_task(model.body), {.prompts = 20}, {"0", "1"}, {}};
    begin(model, 1);
    save_parameters(model, how.weights);
    const auto ids = ids_below(sequences * rows, size.vocabulary, 5);
    std::vector<labelled_text> texts(sequences);
    for (idx s = 0; s < sequences; ++s) {
        texts[s].text.ids.assign(ids.data() + s * rows, ids.data() + (s + 1) * rows);
        texts[s].label = std::int32_t(s % 2);
    }
    std::vector<std::int64_t> examples(sequences);
    std::iota(examples.begin(), examples.end(), std::int64_t{0});
    parameters learned{model.own};
    recording_context<Tag> ctx{learned.ranges(), options(how.threads)};
    const auto frozen = prepare(ctx, model.body);
    const score_texts objective{frozen, model.own, texts};
    typename score_texts<std::remove_const_t<decltype(frozen)>>::batch batch;
    objective.fill(batch, examples, 0);
    how.attention = false;
    serve(how, learned, ctx, examples,
          [&](auto& c) { return objective.loss(c, batch, 1 / double(sequences)); });
}

/// Lengths of 64 texts of examples/click_texts.cpp (1,000 drawn, every sixteenth by length), ids
/// and marks counted by MiniLM's vocabulary.
constexpr idx history_lengths[] = {27,  56,  72,  92,  114, 130, 134, 137, 138, 139, 140, 141, 142,
                                   142, 143, 143, 144, 144, 145, 145, 146, 146, 147, 147, 147, 148,
                                   148, 149, 149, 149, 149, 150, 150, 150, 151, 151, 152, 152, 153,
                                   153, 154, 154, 155, 155, 155, 156, 157, 157, 158, 158, 159, 159,
                                   160, 160, 161, 162, 162, 163, 164, 165, 167, 168, 171, 178};

template <class Tag> void tune_histories(settings how) {
    prompted_task model{bert::model<>{bert::minilm}, {}};
    model.own = task{tuning_method::option_adapter,
                     sizes_of_task(model.body),
                     {.prompts = 20, .rank = 32},
                     {"no", "yes"},
                     {101, 102}};
    begin(model, 1);
    save_parameters(model, how.weights);
    std::vector<labelled_text> texts(std::size(history_lengths));
    for (idx i = 0; i < texts.size(); ++i) {
        auto& ids = texts[i].text.ids;
        ids = ids_below(history_lengths[i], 29000, 5 + i);
        for (auto& id : ids) id += 1000;
        ids.front() = 101;
        ids[ids.size() / 2] = ids.back() = 102;
        texts[i].text.types.assign(ids.size(), 1);
        std::fill_n(texts[i].text.types.begin(), ids.size() / 2 + 1, 0);
        texts[i].label = std::int32_t(i % 2);
    }
    parameters learned{model.own};
    recording_context<Tag> ctx{learned.ranges(), options(how.threads)};
    const auto frozen = prepare(ctx, model.body);
    const score_texts objective{frozen, model.own, texts};
    constexpr idx parts = 4;
    typename score_texts<std::remove_const_t<decltype(frozen)>>::batch batches[parts];
    const idx each = texts.size() / parts;
    std::vector<std::int64_t> examples(each);
    for (idx part = 0; part < parts; ++part) {
        std::iota(examples.begin(), examples.end(), std::int64_t(part * each));
        objective.fill(batches[part], examples, 0);
    }
    how.attention = false;
    how.parts = parts;
    idx part =
        parts - 1;  // the longest is counted first, for the memory; gradients are of the first
    serve(how, learned, ctx, examples, [&](auto& c) {
        const double loss = objective.loss(c, batches[part], 1 / double(each));
        part = (part + 1) % parts;
        return loss;
    });
}

template <class Tag> void train_sasrec(const settings& how) {
    sasrec::model<> model{
        {.items = 12103, .positions = 50, .layers = 2, .heads = 2, .width = 64, .hidden = 256}};
    begin(model, 1);
    save_parameters(model, how.weights);
    constexpr idx users = 128, length = 50;
    const auto offsets = even_offsets(users, length);
    const auto ids = ids_below(users * length, 12101, 5),
               targets = ids_below(users * length, 12101, 6);
    std::vector<std::int64_t> examples(users);
    std::iota(examples.begin(), examples.end(), std::int64_t{0});
    parameters learned{model};
    recording_context<Tag> ctx{learned.ranges(), options(how.threads)};
    serve(how, learned, ctx, examples, [&](auto& c) {
        const auto batch = batch_of(ids, offsets);
        return ops::linear_cross_entropy(c, model(c, batch),
                                         std::as_const(model).items.weight.look(),
                                         {.columns = {targets.data(), 1, targets.size()}},
                                         {.weight = 1 / double(targets.size())});
    });
}

}  // namespace

int main(int argc, char** argv) {
    settings how;
    CLI::App app{"One step of training, on request."};
    app.add_option("--step", how.step)->required();
    app.add_option("--weights", how.weights)->required();
    app.add_option("--gradients", how.gradients);
    app.add_option("--dropout", how.dropout);
    app.add_option("--threads", how.threads);
    CLI11_PARSE(app, argc, argv);
    const bert::config small{.vocabulary = 1000,
                             .positions = 128,
                             .types = 2,
                             .layers = 4,
                             .heads = 4,
                             .width = 256,
                             .hidden = 1024};
    const bert::config base{.vocabulary = 1000,
                            .positions = 128,
                            .types = 2,
                            .layers = 12,
                            .heads = 12,
                            .width = 768,
                            .hidden = 3072};
    if (how.step == "prompt-4x256")
        tune<cpu>(how, small, 32, 44, false);
    else if (how.step == "full-4x256")
        tune<cpu>(how, small, 32, 44, true);
    else if (how.step == "prompt-12x768")
        tune<cpu>(how, base, 4, 108, false);
    else if (how.step == "one-copy-12x768")
        tune_one_copy<cpu>(how, base, 4, 108);
    else if (how.step == "option-adapter")
        tune_histories<cpu>(how);
    else if (how.step == "sasrec-2x64")
        train_sasrec<cpu>(how);
    else {
        std::fprintf(stderr,
                     "training_worker: --step: expected prompt-4x256, full-4x256, prompt-12x768, "
                     "one-copy-12x768, option-adapter or sasrec-2x64, got %s\n",
                     how.step.c_str());
        return 2;
    }
}
