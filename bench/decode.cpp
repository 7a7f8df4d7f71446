// Decoding, a token a step: one sequence and a ragged batch of sixteen, on one pinned core, on
// every backend of this build. Tokens a second, and bytes of weights, keys and values a second as a
// share of what the core reads of as many bytes of weights.
//     decode [--model DIR] [--output md|json] [--repeats N] [--backend NAME[,NAME]]
//         [--weights f32|bf16|int8[,..]] [--cache f32|bf16|int8]
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
#include <map>
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
template <class Model> idx weight_bytes(const Model& model) {
    return count(model).bytes - (model.size.tied ? 0 : model.tokens.weight.bytes());
}

/// Sequences that decode beside one another; their prompts are of different lengths.
struct candidate {
    std::string backend, weights;
    idx weight_bytes, sequences;
    std::function<void()> step;
    std::function<idx()> cache_bytes;  // that the next step reads
    std::vector<double> seconds{};
    double bytes = 0;  // of all steps

    double bytes_a_step() const { return bytes / double(seconds.size()); }
};

template <class K, class C, class Model>
void decoding(candidate& c, const std::shared_ptr<C>& ctx, const bench::shared_model<Model>& model,
              idx steps) {
    using batch = generator<C, Model, K>;
    const idx room = longest_prompt + steps + 1, sequences = c.sequences;
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
    c.step = [ctx, model, texts] { texts->step(); };
    c.cache_bytes = [texts, sequences] {
        idx tokens = 0;
        for (idx i = 0; i < sequences; ++i) tokens += texts->cache().length(i) + 1;
        const auto& cache = texts->cache();
        return tokens * (cache.bytes() / (cache.slots() * cache.tokens()));
    };
}

struct options {
    std::string folder, output = "md", cache = "f32";
    std::vector<std::string> backends, weights{"f32"};
    idx repeats = 20;
};

template <class K>
std::vector<candidate> candidates(const bench::shared_model<llama::model<>>& model, isa set,
                                  const options& o) {
    const auto backends = bench::chosen_backends(o.backends, set);
    std::vector<candidate> list;
    for (const std::string& kind : o.weights)
        bench::with_weights(kind, model, [&](const auto& weighted) {
            bench::for_each_backend(set, [&]<class Tag>(const std::string& name) {
                if (!bench::holds(backends, name)) return;
                const auto ctx = std::make_shared<context<Tag>>(bench::options());
                const auto fast = bench::ready(*ctx, weighted);
                for (idx sequences : batches) {
                    list.push_back({name, kind, weight_bytes(*weighted), sequences, {}, {}});
                    decoding<K>(list.back(), ctx, fast, o.repeats + 1);
                }
            });
        });
    return list;
}

struct line {
    const candidate& c;
    bench::timing time;  // of a step
    double bandwidth;    // of reading its weights

    double tokens_a_second() const { return double(c.sequences) / time.median; }
    double bytes_a_second() const { return c.bytes_a_step() / time.median; }
    double share() const { return bytes_a_second() / bandwidth; }
};

void print_markdown(const std::vector<line>& lines) {
    std::printf(
        "| sequences | backend | weights | ms a step, median (min..max) | tokens/s | GB/s | share "
        "of read bandwidth |\n|---|---|---|---|---|---|---|\n");
    for (const line& l : lines)
        std::printf("| %zu | %s | %s | %.3f (%.3f..%.3f) | %.1f | %.1f | %.0f %% |\n",
                    l.c.sequences, l.c.backend.c_str(), l.c.weights.c_str(), l.time.median * 1e3,
                    l.time.least * 1e3, l.time.most * 1e3, l.tokens_a_second(),
                    l.bytes_a_second() * 1e-9, 100 * l.share());
}

void print_json(const std::vector<line>& lines, const std::string& cpu, isa set) {
    std::printf("{\"cpu\": \"%s\", \"isa\": \"%s\", \"read_gb_per_s\": %.2f, \"results\": [",
                cpu.c_str(), name_of(set), lines.front().bandwidth * 1e-9);
    const char* between = "\n";
    for (const line& l : lines) {
        std::printf(
            "%s  {\"sequences\": %zu, \"backend\": \"%s\", \"weights\": \"%s\", "
            "\"median_ms\": %.4f, \"min_ms\": %.4f, \"max_ms\": %.4f, \"tokens_per_s\": %.2f, "
            "\"read_gb_per_s\": %.2f, \"share_of_read\": %.4f}",
            between, l.c.sequences, l.c.backend.c_str(), l.c.weights.c_str(), l.time.median * 1e3,
            l.time.least * 1e3, l.time.most * 1e3, l.tokens_a_second(), l.bandwidth * 1e-9,
            l.share());
        between = ",\n";
    }
    std::printf("]}\n");
}

template <class K> void run(const options& o) {
    const isa set = bench::instruction_set();
    const int core = machine::cores().pin(1);
    const auto model =
        std::make_shared<llama::model<>>(o.folder.empty() ? random_model() : llama::load(o.folder));
    auto list = candidates<K>(model, set, o);

    for (idx turn = 0; turn <= o.repeats; ++turn)
        for (candidate& c : list) {
            const idx bytes = c.weight_bytes + c.cache_bytes();
            const double time = machine::seconds_of(machine::seconds, c.step);
            if (turn == 0) continue;  // to warm up
            c.seconds.push_back(time);
            c.bytes += double(bytes);
        }
    std::map<idx, double> bandwidths;
    std::vector<line> lines;
    for (const candidate& c : list) {
        double& bandwidth = bandwidths[c.weight_bytes];
        if (bandwidth == 0) bandwidth = machine::read_bandwidth(set, c.weight_bytes);
        lines.push_back({c, bench::summary(c.seconds), bandwidth});
    }
    if (o.output == "json") return print_json(lines, machine::cpu_name(), set);
    std::printf("CPU %s, core %d, instruction set %s", machine::cpu_name().c_str(), core,
                name_of(set));
    for (const auto& [bytes, bandwidth] : bandwidths)
        std::printf("; %.1f MB of weights, read at %.1f GB/s", double(bytes) * 1e-6,
                    bandwidth * 1e-9);
    std::printf("\n\n");
    print_markdown(lines);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Times decoding on every backend of this build", "decode"};
    options o;
    app.add_option("--model", o.folder, "a llama folder; else 12 x 768 with random weights");
    app.add_option("--output", o.output, "md or json")
        ->check(CLI::IsMember({"md", "json"}))
        ->capture_default_str();
    app.add_option("--repeats", o.repeats, "timed steps a backend and batch")
        ->check(CLI::Range(1, 400))
        ->capture_default_str();
    app.add_option("--backend", o.backends, "these alone, by the name in the table")
        ->delimiter(',');
    app.add_option("--weights", o.weights, "f32, bf16, int8")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--cache", o.cache, "what keys and values are kept in")
        ->check(CLI::IsMember({"f32", "bf16", "int8"}))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
        if (o.cache == "int8")
            run<std::int8_t>(o);
        else if (o.cache == "bf16")
            run<bf16>(o);
        else
            run<float>(o);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "decode: %s\n", e.what());
        return 2;
    }
}
