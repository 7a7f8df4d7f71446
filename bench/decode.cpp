// Decoding, a token a step: one sequence and a ragged batch of sixteen, on one pinned core, on
// every backend of this build. Tokens a second, and bytes of weights, keys and values a second as a
// share of what the core reads of as many bytes.
//     decode [--model DIR] [--output md|json] [--repeats N] [--backend NAME[,NAME]] [--cache
//     f32|bf16]
// The model is a llama folder, or else of stories110M's shape (12 x 768, random weights). Times are
// the thread's own, the median and the range of steps that take turns between backends. Weights are
// prepared where the backend packs them.
#include "support/backends.hpp"
#include "support/measure.hpp"
#include "support/peaks.hpp"

#include <reckon/core/random.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/tasks/generate.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace reckon;

namespace {

constexpr llama::config stories110m{.vocabulary = 32000,
                                    .positions = 1024,
                                    .layers = 12,
                                    .heads = 12,
                                    .key_heads = 12,
                                    .head_width = 64,
                                    .width = 768,
                                    .hidden = 2048};
constexpr idx batches[] = {1, 16};
constexpr idx longest_prompt = 64;

llama::model<> random_model() {
    llama::model<> model{stories110m};
    const philox random{1};
    idx filled = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i)
                p.data()[i] = random.uniform(filled++, -0.05f, 0.05f);
        },
        model);
    return model;
}

/// What a step reads of a model: all of it, but for a table that only gives a row a token.
idx weight_bytes(const llama::model<>& model) {
    return count(model).bytes - (model.size.tied ? 0 : model.tokens.weight.bytes());
}

/// Sequences that decode beside one another; their prompts are of different lengths.
struct candidate {
    std::string backend;
    idx sequences;
    std::function<void()> step;
    std::function<idx()> cache_bytes;  // that the next step reads
    std::vector<double> seconds{};
};

template <class K, class C, class Model>
candidate decoding(std::string backend, idx sequences, std::shared_ptr<C> ctx,
                   std::shared_ptr<const Model> model, idx steps) {
    using batch = generator<C, Model, K>;
    const idx room = longest_prompt + steps + 1;
    const auto texts = std::make_shared<batch>(*ctx, *model, cache_room{sequences, room});
    const philox random{2};
    for (idx s = 0; s < sequences; ++s) {
        generation_request request{.max_tokens = steps + 1};
        const idx length = sequences == 1 ? longest_prompt / 2 : 1 + s * (longest_prompt - 1) / 15;
        for (idx i = 0; i < length; ++i)
            request.prompt.push_back(
                std::int32_t(3 + random.below(i, std::uint32_t(model->size.vocabulary - 3))));
        texts->enter(std::move(request));
    }
    texts->step();
    return {std::move(backend), sequences, [ctx, model, texts] { texts->step(); },
            [texts, model, sequences] {
                idx tokens = 0;
                for (idx s = 0; s < sequences; ++s) tokens += texts->cache().length(s) + 1;
                const cache_size each = model->cached();
                return tokens * each.layers * (each.key_width + each.value_width) * sizeof(K);
            }};
}

template <class K>
std::vector<candidate> candidates(const bench::shared_model<llama::model<>>& model, isa set,
                                  const std::vector<std::string>& only, idx steps) {
    std::vector<candidate> list;
    bench::for_each_backend(set, [&]<class Tag>(const std::string& name) {
        if (!bench::holds(only, name)) return;
        const auto ctx = std::make_shared<context<Tag>>();
        const auto fast = bench::ready(*ctx, model);
        for (idx sequences : batches)
            list.push_back(decoding<K>(name, sequences, ctx, fast, steps));
    });
    return list;
}

struct line {
    const candidate& c;
    bench::timing time;  // of a step
    double bytes;        // a step
};

void print_markdown(const std::vector<line>& lines, double bandwidth) {
    std::printf(
        "| sequences | backend | ms a step, median (min..max) | tokens/s | GB/s | share of read "
        "bandwidth |\n|---|---|---|---|---|---|\n");
    for (const line& l : lines)
        std::printf("| %zu | %s | %.3f (%.3f..%.3f) | %.1f | %.1f | %.0f %% |\n", l.c.sequences,
                    l.c.backend.c_str(), l.time.median * 1e3, l.time.least * 1e3, l.time.most * 1e3,
                    double(l.c.sequences) / l.time.median, l.bytes / l.time.median * 1e-9,
                    100 * l.bytes / l.time.median / bandwidth);
}

void print_json(const std::vector<line>& lines, double bandwidth, const std::string& cpu, isa set) {
    std::printf("{\"cpu\": \"%s\", \"isa\": \"%s\", \"read_gb_per_s\": %.2f, \"results\": [",
                cpu.c_str(), name_of(set), bandwidth * 1e-9);
    const char* between = "\n";
    for (const line& l : lines) {
        std::printf(
            "%s  {\"sequences\": %zu, \"backend\": \"%s\", \"median_ms\": %.4f, \"min_ms\": %.4f, "
            "\"max_ms\": %.4f, \"tokens_per_s\": %.2f, \"share_of_read\": %.4f}",
            between, l.c.sequences, l.c.backend.c_str(), l.time.median * 1e3, l.time.least * 1e3,
            l.time.most * 1e3, double(l.c.sequences) / l.time.median,
            l.bytes / l.time.median / bandwidth);
        between = ",\n";
    }
    std::printf("]}\n");
}

template <class K>
void run(const std::string& folder, const std::string& output, idx repeats,
         const std::vector<std::string>& only) {
    const isa set = bench::instruction_set();
    const int core = machine::cores().pin(1);
    const auto model = std::make_shared<const llama::model<>>(folder.empty() ? random_model()
                                                                             : llama::load(folder));
    auto list = candidates<K>(model, set, bench::chosen_backends(only, set), repeats + 1);

    std::vector<double> bytes(list.size());
    for (idx turn = 0; turn <= repeats; ++turn)
        for (idx i = 0; i < list.size(); ++i) {
            bytes[i] += double(weight_bytes(*model) + list[i].cache_bytes()) / double(repeats + 1);
            const double time = machine::seconds_of(1, list[i].step);
            if (turn != 0) list[i].seconds.push_back(time);  // 0 warms up
        }
    const double bandwidth = machine::read_bandwidth(set, weight_bytes(*model));
    std::vector<line> lines;
    for (idx i = 0; i < list.size(); ++i)
        lines.push_back({list[i], bench::summary(list[i].seconds), bytes[i]});
    if (output == "json") return print_json(lines, bandwidth, machine::cpu_name(), set);
    std::printf("CPU %s, core %d, instruction set %s; %.1f MB of weights, read at %.1f GB/s\n\n",
                machine::cpu_name().c_str(), core, name_of(set),
                double(weight_bytes(*model)) * 1e-6, bandwidth * 1e-9);
    print_markdown(lines, bandwidth);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Times decoding on every backend of this build", "decode"};
    std::string folder, output = "md", cache = "f32";
    std::vector<std::string> only;
    idx repeats = 20;
    app.add_option("--model", folder, "a llama folder; else 12 x 768 with random weights");
    app.add_option("--output", output, "md or json")
        ->check(CLI::IsMember({"md", "json"}))
        ->capture_default_str();
    app.add_option("--repeats", repeats, "timed steps a backend and batch")
        ->check(CLI::Range(1, 400))
        ->capture_default_str();
    app.add_option("--backend", only, "these alone, by the name in the table")->delimiter(',');
    app.add_option("--cache", cache, "what keys and values are kept in")
        ->check(CLI::IsMember({"f32", "bf16"}))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
        cache == "bf16" ? run<bf16>(folder, output, repeats, only)
                        : run<float>(folder, output, repeats, only);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "decode: %s\n", e.what());
        return 2;
    }
}
