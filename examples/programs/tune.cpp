// Tunes a task over a frozen language model: texts of users and items in, a small file out that
// `score` reads. Run again, it goes on where it was; its state stands beside the output, in
// OUT.run.
#include "program.hpp"
#include "text_model.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/data/text_pairs.hpp>
#include <reckon/train/progress.hpp>
#include <reckon/train/trainer.hpp>
#include <reckon/tuning/begin_task.hpp>
#include <reckon/tuning/delta_file.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>

namespace {

using namespace reckon;

struct settings {
    std::string model, vocabulary, task = "score", method, train, valid, out, options, name;
    idx prompts = 20, rank = 32, epochs = 3, batch_tokens = 4096, seed = 0;
    float rate = 1e-3f;
};

/// A line an epoch.
struct epoch_lines : train_progress {
    const char* metric = "valid_auc";
    void after_epoch(const epoch_report& r) override {
        erased();
        std::printf("epoch %zu loss %.4f %s %.4f\n", r.epoch, r.loss, metric, r.valid.value_or(0));
        std::fflush(stdout);
    }
};

std::vector<std::string> options_of(const settings& s, std::span<const text_pair> train) {
    if (!s.options.empty()) {
        auto words = words_of(s.options);
        if (words.size() < 2)
            throw load_error("usage", "--options", "two words or more, with commas between them",
                             in_quotes(s.options));
        return words;
    }
    idx most = 0;
    for (const text_pair& p : train) most = std::max(most, p.label.value_or(0));
    if (most <= 1) return {"no", "yes"};
    throw load_error("usage", "--options",
                     "a word for each of the labels 0 to " + std::to_string(most), "none");
}

/// The examples of a file, their labels in range and of two classes or more.
template <class Tokenizer>
std::vector<labelled_text> examples_of(const std::string& file, std::span<const text_pair> pairs,
                                       const Tokenizer& tokenizer, idx limit, idx classes) {
    std::vector<labelled_text> all;
    idx cut = 0;
    bool differ = false;
    for (const text_pair& p : pairs) {
        const std::string place = file + ": line " + std::to_string(p.line);
        if (!p.label) throw load_error("tune", place, "a label", "none");
        if (*p.label >= classes)
            throw load_error("tune", place + ": \"label\"", "0 to " + std::to_string(classes - 1),
                             std::to_string(*p.label));
        all.push_back({encode_pair(tokenizer, p.user, p.item, limit, place + ": \"item\""),
                       std::int32_t(*p.label)});
        cut += all.back().text.cut != 0;
        differ = differ || all.back().label != all.front().label;
    }
    if (!differ)
        throw load_error("tune", file, "examples of two classes or more",
                         "label " + std::to_string(all.front().label) + " alone");
    if (cut != 0)
        std::printf("%s: %zu of %zu users' texts lost their beginning\n", file.c_str(), cut,
                    all.size());
    return all;
}

template <class Tag> class tuning_run {
  public:
    tuning_run(const settings& s, const context_options& machine) : s_(s), machine_(machine) {}

    template <class Model, class Tokenizer>
    void operator()(Model&& model, const Tokenizer& tokenizer) const {
        using M = std::remove_cvref_t<Model>;
        const auto method = tuning_method_of(s_.method);
        const auto train = read_text_pairs(s_.train), valid = read_text_pairs(s_.valid);
        const auto options = options_of(s_, train);
        const auto marks = pair_tokens_of(tokenizer);
        std::vector<std::int32_t> specials;
        for (const auto& id : {marks.begin, marks.end})
            if (id) specials.push_back(*id);

        tuned_model<M> all{std::forward<Model>(model), {}};
        const std::string digest = digest_of(all.model);
        all.own = task{method,
                       sizes_of_task(all.model),
                       {.prompts = s_.prompts, .rank = s_.rank},
                       options,
                       specials};
        if (all.own.size.prompts + 4 > all.model.size.positions)
            throw load_error(
                "usage", "--prompts",
                "fewer than the model has positions, " + std::to_string(all.model.size.positions),
                std::to_string(s_.prompts));
        const idx limit =
            std::min(all.model.size.positions - all.own.size.prompts, s_.batch_tokens);
        const auto examples = examples_of(s_.train, train, tokenizer, limit, options.size());
        const auto held_out = examples_of(s_.valid, valid, tokenizer, limit, options.size());

        context<Tag> plain{machine_};
        std::vector<std::vector<std::int32_t>> words;
        for (const std::string& option : options)
            words.push_back(ids_without_marks(tokenizer, option));
        begin_task(plain, all.model, all.own, words, s_.seed);

        const idx own = count(all.own).parameters, backbone = count(all.model).parameters;
        if (trains_backbone(method)) {
            parameters learned{all};
            recording_context<Tag> ctx{learned.ranges(), machine_};
            fit(ctx, learned, all.model, all.own, examples, held_out, digest,
                [&] { return score(plain, prepare(plain, all.model), all.own, held_out); });
            keep(all, {name(), digest, all.own});
        } else {
            parameters learned{all.own};
            recording_context<Tag> ctx{learned.ranges(), machine_};
            const auto ready = prepare(plain, all.model);
            fit(ctx, learned, prepare(ctx, all.model), all.own, examples, held_out, digest,
                [&] { return score(plain, ready, all.own, held_out); });
            if (digest_of(all.model) != digest)
                throw load_error("tune", "backbone", digest, "another one after the run");
            keep(all.own, {name(), digest, all.own});
        }
        const idx trained = own + (trains_backbone(method) ? backbone : 0);
        std::printf("trainable %zu of %zu (%.2f %%)\n", trained, own + backbone,
                    100 * double(trained) / double(own + backbone));
    }

  private:
    std::string name() const {
        return s_.name.empty() ? std::filesystem::path(s_.out).stem().string() : s_.name;
    }

    template <class C, class Model, class Validate>
    void fit(C& ctx, parameters<>& learned, const Model& model, const task& own,
             std::span<const labelled_text> examples, std::span<const labelled_text> held_out,
             const std::string& backbone, const Validate& validate) const {
        epoch_lines lines;
        if (own.classes() > 2) lines.metric = "valid_accuracy";
        idx rows = 0;
        for (const labelled_text& e : examples) rows += e.text.ids.size();
        const idx steps = (rows / s_.batch_tokens + 1) * s_.epochs;  // nearly
        trainer tuned{ctx,
                      learned,
                      adamw{.rate = s_.rate},
                      linear_rate{.warmup = steps / 16},
                      {.epochs = s_.epochs,
                       .batch = {.rows = s_.batch_tokens},
                       .clip = 1,
                       .seed = s_.seed,
                       .save_every = 50,
                       .folder = s_.out + ".run",
                       .task = {{"backbone", backbone},
                                {"method", s_.method},
                                {"options", comma_list(own.options)},
                                {"prompts", std::to_string(own.size.prompts)},
                                {"rank", std::to_string(own.size.rank)},
                                {"train", file_digest(s_.train)},
                                {"valid", file_digest(s_.valid)}}},
                      &lines};
        std::vector<std::int32_t> labels;
        for (const labelled_text& e : held_out) labels.push_back(e.label);
        tuned(score_texts{model, own, examples}, [&] { return quality(validate(), labels).value; });
    }

    /// The parameters of the best epoch become the task's file.
    template <class Learner> void keep(Learner& learner, named_task about) const {
        load_parameters(learner, safetensors::open(s_.out + ".run/model.safetensors"));
        save_delta(learner, about, s_.out);
    }
    settings s_;
    context_options machine_;
};

}  // namespace

int main(int argc, char** argv) {
    settings s;
    program p{"tune", "Tunes a task over a language model; run again, it goes on."};
    p.text("--model", s.model, "a folder with config.json and model.safetensors, or its shards");
    p.text_or("--tokenizer", s.vocabulary, "of a decoder: a SentencePiece model, or llama2.c's");
    p.text_or("--task", s.task, "the kind of task: score");
    p.text("--method", s.method, "full, prompt, option, adapter, option-adapter or lora");
    p.text("--train", s.train, "examples, a JSON object a line: user, item, label");
    p.text("--valid", s.valid, "more of them, which say which epoch was the best");
    p.text("--out", s.out, "the task's file");
    p.text_or("--options", s.options, "the labels' words in order; no,yes for two labels");
    p.text_or("--name", s.name, "the task's name; the stem of --out");
    p.count("--prompts", s.prompts, "soft prompts, the options among them");
    p.count("--rank", s.rank, "of adapters and low-rank terms");
    p.count("--epochs", s.epochs, "epochs");
    p.real_or("--rate", s.rate, "AdamW's highest rate");
    p.count("--batch-tokens", s.batch_tokens, "tokens of a step at most");
    p.number_or("--seed", s.seed, "of what is drawn at the beginning, and of the order");
    return p.run(argc, argv, [&](auto& ctx) {
        using tag = typename std::decay_t<decltype(ctx)>::tag;
        if (s.task != "score") throw load_error("usage", "--task", "score", in_quotes(s.task));
        if (!(s.rate > 0 && std::isfinite(s.rate)))
            throw load_error("usage", "--rate", "a finite number above 0", std::to_string(s.rate));
        tuning_method_of(s.method);
        if constexpr (std::same_as<tag, cpu> || std::same_as<tag, cpu_reference>)
            with_text_model<false>(s.model, s.vocabulary, tuning_run<tag>{s, p.options()});
        else
            throw load_error("usage", "--backend", "simd or reference, which train", p.backend());
    });
}
