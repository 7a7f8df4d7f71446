// A BERT-base-shaped encoder (12 x 768, FFN 3072) with random weights on one pinned core, on every
// backend of this build: time, GFLOP/s, share of what the machine's best product of matrices
// reaches, and which backend's kernel served each op.
//     encoder [--output md|json] [--repeats N] [--backend NAME]
// Times are the thread's own, the median and the range of repeats that take turns between backends.
// Weights are prepared where the backend packs them.
#include "support/machine.hpp"

#include <reckon/core/random.hpp>
#include <reckon/cpu.hpp>
#include <reckon/layers/prepare.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/ops/kernel_table.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace reckon;

namespace {

constexpr bert::config base{
    .vocabulary = 1000, .layers = 12, .heads = 12, .width = 768, .hidden = 3072};

struct shape {
    idx sequences, length;
};
constexpr shape shapes[] = {{1, 8}, {1, 32}, {1, 128}, {8, 128}};

/// Of one forward: the linear layers and the two products of attention.
double flops(shape s) {
    const double tokens = double(s.sequences * s.length), width = double(base.width);
    const double linear = 2 * tokens * width * (4 * width + 2 * double(base.hidden));
    const double attention = 4 * tokens * double(s.length) * width;
    return double(base.layers) * (linear + attention);
}

class batch_of_shape {
  public:
    explicit batch_of_shape(shape s) {
        const philox random{2};
        for (idx i = 0; i < s.sequences * s.length; ++i)
            ids_.push_back(std::int32_t(random.uniform(i, 0, float(base.vocabulary - 1))));
        for (idx i = 0; i <= s.sequences; ++i) offsets_.push_back(std::int32_t(i * s.length));
    }
    id_batch<> look() const { return batch_of(ids_, offsets_); }

  private:
    std::vector<std::int32_t> ids_, offsets_;
};

struct candidate {
    std::string name;
    std::span<const kernel_row> kernels;
    idx most_tokens;  // what it can do in a few seconds
    std::function<void(const id_batch<>&)> forward;
};

template <class Tag> candidate made(std::string name, const bert::model<>& model, idx most_tokens) {
    const auto ctx = std::make_shared<context<Tag>>();
    const auto running = [&](auto m) {
        return candidate{std::move(name), kernel_table<Tag>, most_tokens,
                         [ctx, m](const id_batch<>& batch) {
                             const auto scope = ctx->scope();
                             (*m)(*ctx, batch);
                         }};
    };
    if constexpr (std::same_as<typename Tag::packing, unpacked>)
        return running(&model);
    else
        return running(std::make_shared<decltype(prepare(*ctx, model))>(prepare(*ctx, model)));
}

std::vector<candidate> candidates(const bert::model<>& model, [[maybe_unused]] isa set,
                                  const std::string& only) {
    constexpr idx any = 1 << 20;
    std::vector<candidate> list;
    const auto add = [&]<class Tag>(std::string name, idx most_tokens) {
        if (only.empty() || only == name) list.push_back(made<Tag>(name, model, most_tokens));
    };
    add.template operator()<cpu_reference>("reference", 8);
#ifdef RECKON_WITH_EIGEN
    add.template operator()<cpu_eigen<>>("eigen", any);
#endif
    [[maybe_unused]] const auto simd = [&]<class Arch>() {
        const std::string name = std::string{"simd<"} + Arch::name + ">";
        add.template operator()<cpu_simd<Arch>>(name, any);
#ifdef RECKON_WITH_ONEDNN
        add.template operator()<cpu_onednn<cpu_simd<Arch>>>("onednn<" + name + ">", any);
#endif
    };
#if defined(RECKON_SIMD_COMPILED)
    if (set == isa::avx512) simd.template operator()<avx512>();
    if (set == isa::avx2) simd.template operator()<avx2>();
    if (set == isa::sse4_2) simd.template operator()<sse4_2>();
#elif defined(RECKON_WITH_XSIMD) && defined(__aarch64__)
    if (set == isa::neon64) simd.template operator()<neon64>();
#elif defined(RECKON_WITH_ONEDNN)
    add.template operator()<cpu_onednn<>>("onednn", any);
#endif
    return list;
}

struct timing {
    double median, least, most;
};

/// One for each candidate, none for those that would take too long.
std::vector<std::optional<timing>> measured(const std::vector<candidate>& list, shape s,
                                            int repeats) {
    const batch_of_shape batch(s);
    std::vector<std::vector<double>> seconds(list.size());
    for (int turn = 0; turn <= repeats; ++turn)
        for (idx i = 0; i < list.size(); ++i) {
            if (s.sequences * s.length > list[i].most_tokens) continue;
            const double begin = machine::seconds();
            list[i].forward(batch.look());
            if (turn != 0) seconds[i].push_back(machine::seconds() - begin);  // 0 warms up
        }
    std::vector<std::optional<timing>> results(list.size());
    for (idx i = 0; i < list.size(); ++i) {
        auto& all = seconds[i];
        if (all.empty()) continue;
        std::sort(all.begin(), all.end());
        results[i] = timing{all[all.size() / 2], all.front(), all.back()};
    }
    return results;
}

struct report {
    std::string cpu;
    int core;
    isa set;
    double fma, matmul;
    std::vector<candidate> list;
    std::vector<std::vector<std::optional<timing>>> times;  // [shape][candidate]

    double peak() const { return matmul != 0 ? matmul : fma; }
};

void print_markdown(const report& r) {
    std::printf(
        "CPU %s, core %d, instruction set %s; peak of multiply-adds %.1f GFLOP/s, of a "
        "product of matrices %.1f\n\n",
        r.cpu.c_str(), r.core, name_of(r.set), r.fma, r.matmul);
    std::printf(
        "| batch | backend | ms, median (min..max) | GFLOP/s | share of peak |\n"
        "|---|---|---|---|---|\n");
    for (idx s = 0; s < std::size(shapes); ++s)
        for (idx i = 0; i < r.list.size(); ++i) {
            if (!r.times[s][i]) continue;
            const timing t = *r.times[s][i];
            const double rate = flops(shapes[s]) / t.median * 1e-9;
            std::printf("| B%zu S%zu | %s | %.2f (%.2f..%.2f) | %.1f | %.0f %% |\n",
                        shapes[s].sequences, shapes[s].length, r.list[i].name.c_str(),
                        t.median * 1e3, t.least * 1e3, t.most * 1e3, rate, 100 * rate / r.peak());
        }
    std::printf("\n| op |");
    for (const candidate& c : r.list) std::printf(" %s |", c.name.c_str());
    std::printf("\n|---|");
    for (idx i = 0; i < r.list.size(); ++i) std::printf("---|");
    for (idx op = 0; op < r.list.front().kernels.size(); ++op) {
        std::printf("\n| %s |", r.list.front().kernels[op].op);
        for (const candidate& c : r.list) std::printf(" %s |", c.kernels[op].backend);
    }
    std::printf("\n");
}

void print_json(const report& r) {
    std::printf(
        "{\"cpu\": \"%s\", \"core\": %d, \"isa\": \"%s\", \"fma_gflops\": %.2f, "
        "\"matmul_gflops\": %.2f,\n \"results\": [",
        r.cpu.c_str(), r.core, name_of(r.set), r.fma, r.matmul);
    const char* between = "\n";
    for (idx s = 0; s < std::size(shapes); ++s)
        for (idx i = 0; i < r.list.size(); ++i) {
            if (!r.times[s][i]) continue;
            const timing t = *r.times[s][i];
            const double rate = flops(shapes[s]) / t.median * 1e-9;
            std::printf(
                "%s  {\"sequences\": %zu, \"length\": %zu, \"backend\": \"%s\", "
                "\"median_ms\": %.3f, \"min_ms\": %.3f, \"max_ms\": %.3f, "
                "\"gflops\": %.2f, \"share_of_peak\": %.4f}",
                between, shapes[s].sequences, shapes[s].length, r.list[i].name.c_str(),
                t.median * 1e3, t.least * 1e3, t.most * 1e3, rate, rate / r.peak());
            between = ",\n";
        }
    std::printf("],\n \"kernels\": {");
    between = "\n";
    for (const candidate& c : r.list) {
        std::printf("%s  \"%s\": {", between, c.name.c_str());
        for (idx op = 0; op < c.kernels.size(); ++op)
            std::printf("%s\"%s\": \"%s\"", op == 0 ? "" : ", ", c.kernels[op].op,
                        c.kernels[op].backend);
        std::printf("}");
        between = ",\n";
    }
    std::printf("}}\n");
}

void run(const std::string& output, int repeats, const std::string& only) {
    const char* cap = std::getenv("RECKON_MAX_ISA");
    report r;
    r.cpu = machine::cpu_name();
    r.core = machine::pin();
    r.set = best_isa(cap == nullptr ? "" : cap);
    r.fma = machine::fma_peak(r.set);
    r.matmul = machine::matmul_peak();

    bert::model<> model{base};
    const philox random{1};
    idx filled = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i)
                p.data()[i] = random.uniform(filled++, -0.05f, 0.05f);
        },
        model);
    r.list = candidates(model, r.set, only);
    expect_that(!r.list.empty(), "bench", "--backend", "one of this build", only.c_str());
    for (const shape s : shapes) r.times.push_back(measured(r.list, s, repeats));
    output == "json" ? print_json(r) : print_markdown(r);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Times a BERT-base-shaped encoder on every backend of this build", "encoder"};
    std::string output = "md", only;
    int repeats = 5;
    app.add_option("--output", output, "md or json")
        ->check(CLI::IsMember({"md", "json"}))
        ->capture_default_str();
    app.add_option("--repeats", repeats, "timed runs a backend and batch")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--backend", only, "this one alone, by the name in the table");
    try {
        app.parse(argc, argv);
        run(output, repeats, only);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "encoder: %s\n", e.what());
        return 2;
    }
}
