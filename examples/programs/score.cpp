// What tuned tasks say of users and items: the probability of the second of two options, or those
// of all of more, a line for each line of the data. Several tasks are served by one backbone in the
// same batches.
#include "program.hpp"
#include "text_model.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/data/text_pairs.hpp>
#include <reckon/tuning/delta_file.hpp>

#include <cstdio>
#include <deque>

namespace {

using namespace reckon;

/// Which task each line asks for.
std::vector<idx> slots_of(const std::string& file, std::span<const text_pair> pairs,
                          const std::deque<named_task>& tasks) {
    std::vector<idx> slots;
    for (const text_pair& p : pairs) {
        idx slot = 0;
        if (!p.task.empty()) {
            while (slot < tasks.size() && tasks[slot].name != p.task) ++slot;
        } else if (tasks.size() > 1) {
            slot = tasks.size();
        }
        if (slot == tasks.size()) {
            std::string names;
            for (const named_task& t : tasks) names += (names.empty() ? "" : ", ") + t.name;
            throw load_error("score", file + ": line " + std::to_string(p.line) + ": \"task\"",
                             "one of " + names, p.task.empty() ? "none" : in_quotes(p.task));
        }
        slots.push_back(slot);
    }
    return slots;
}

void print(std::span<const float> shares) {
    if (shares.size() == 2)
        std::printf("%.6f\n", double(shares[1]));
    else
        for (idx c = 0; c < shares.size(); ++c)
            std::printf("%.6f%c", double(shares[c]), c + 1 == shares.size() ? '\n' : ' ');
}

/// The labels of lines that have them; one beyond its task's classes is an error.
std::vector<std::int32_t> labels_of(const std::string& file, std::span<const text_pair> pairs,
                                    const class_shares& shares) {
    std::vector<std::int32_t> labels;
    for (idx i = 0; i < pairs.size(); ++i) {
        if (!pairs[i].label) continue;
        if (*pairs[i].label >= shares[i].size())
            throw load_error(
                "score", file + ": line " + std::to_string(pairs[i].line) + ": \"label\"",
                "0 to " + std::to_string(shares[i].size() - 1), std::to_string(*pairs[i].label));
        labels.push_back(std::int32_t(*pairs[i].label));
    }
    if (!labels.empty() && labels.size() != pairs.size())
        throw load_error("score", file, "labels on all lines or on none",
                         std::to_string(labels.size()) + " of " + std::to_string(pairs.size()));
    return labels;
}

template <class Model, class Tokenizer>
void score_lines(auto& ctx, const Model& model, const Tokenizer& tokenizer,
                 const std::deque<named_task>& tasks, const std::string& file) {
    const auto pairs = read_text_pairs(file);
    const auto slots = slots_of(file, pairs, tasks);
    idx each = 0;
    for (const named_task& t : tasks) each = std::max(each, t.own.prompts.rows());
    resident_tasks residents{model, tasks.size(), each};
    for (idx i = 0; i < tasks.size(); ++i) residents.move_in(ctx, i, tasks[i].own);

    std::vector<encoded_pair> texts;
    for (idx i = 0; i < pairs.size(); ++i)
        texts.push_back(
            encode_pair(tokenizer, pairs[i].user, pairs[i].item,
                        model.size.positions - tasks[slots[i]].own.size.prompts,
                        file + ": line " + std::to_string(pairs[i].line) + ": \"item\""));
    std::vector<asked_text> asked;
    for (idx i = 0; i < texts.size(); ++i) asked.push_back({&texts[i], slots[i]});
    const auto shares = score(ctx, residents, std::span<const asked_text>{asked});
    for (const auto& own : shares) print(own);
    if (const auto labels = labels_of(file, pairs, shares); !labels.empty()) {
        const quality q{shares, labels};
        std::printf("%s %.4f\n", q.is_auc ? "AUC" : "accuracy", q.value);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder, vocabulary, data;
    std::vector<std::string> deltas;
    program p{"score", "Scores users' and items' texts by tuned tasks."};
    p.text("--model", folder, "a folder with config.json and model.safetensors, or its shards");
    p.text_or("--tokenizer", vocabulary, "of a decoder: a SentencePiece model, or llama2.c's");
    p.texts("--delta", deltas, "a task's file, which tune wrote; may be given again");
    p.text("--data", data, "a JSON object a line: user, item, and maybe label and task");
    return p.run(argc, argv, [&](auto& ctx) {
        if (deltas.empty()) throw load_error("usage", "--delta", "a task's file or more", "none");
        if constexpr (requires { ctx.state(); } &&
                      !std::same_as<typename std::decay_t<decltype(ctx)>::space, host>)
            throw load_error("usage", "--backend", "one that computes on the host", p.backend());
        else
            with_text_model<true>(folder, vocabulary, [&](auto model, const auto& tokenizer) {
                using model_type = std::remove_cvref_t<decltype(model)>;
                const auto digest = backbone_digest(folder, model);
                const auto sizes = sizes_of_task(model);
                std::deque<named_task> tasks;
                for (const std::string& path : deltas) {
                    const delta_file file{path};
                    for (const named_task& t : tasks)
                        if (t.name == file.name())
                            throw load_error("usage", "--delta", "tasks of different names",
                                             in_quotes(t.name) + " twice");
                    if (!trains_backbone(file.method())) {
                        tasks.push_back(file.load(sizes, digest));
                        continue;
                    }
                    if (deltas.size() > 1)
                        throw load_error("usage", "--delta",
                                         "tasks that leave the backbone as it is, or one alone",
                                         in_quotes(file.name()) + ", tuned in full");
                    if constexpr (float_model<model_type>) {
                        tasks.push_back(file.load_whole(model, digest));
                    } else {
                        throw load_error("usage", "--model",
                                         "float weights, which the task changed", "int8 weights");
                    }
                }
                score_lines(ctx, prepare(ctx, model), tokenizer, tasks, data);
            });
    });
}
