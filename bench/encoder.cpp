// A BERT-base-shaped encoder (12 x 768, FFN 3072) with random weights on one pinned core, on every
// backend of this build: time, GFLOP/s, share of what the machine's best product of matrices
// reaches, and which backend's kernel served each op.
//     encoder [--output md|json] [--repeats N] [--backend NAME[,NAME]]
// Times are the thread's own, the median and the range of repeats that take turns between backends.
// Weights are prepared where the backend packs them.
#include "support/encoders.hpp"
#include "support/measure.hpp"
#include "support/peaks.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

using namespace reckon;
using bench::timing;

namespace {

struct shape {
    idx sequences, length;

    std::vector<idx> lengths() const { return std::vector<idx>(sequences, length); }
};
constexpr shape shapes[] = {{1, 8}, {1, 32}, {1, 128}, {8, 128}};
constexpr idx most_of_reference = 8;  // tokens that it does in a second

/// One for each encoder, none for those that would take too long.
std::vector<std::optional<timing>> measured(const std::vector<bench::encoder>& list,
                                            const bench::texts& texts, idx repeats) {
    const id_batch<> batch = texts.look();
    std::vector<std::function<void()>> contenders;
    std::vector<idx> numbers;
    for (idx i = 0; i < list.size(); ++i) {
        if (list[i].backend == "reference" && batch.sequences.rows() > most_of_reference) continue;
        contenders.push_back([&, i] { list[i].forward(batch, nullptr); });
        numbers.push_back(i);
    }
    const auto timings = bench::race(contenders, repeats, machine::seconds);
    std::vector<std::optional<timing>> results(list.size());
    for (idx n = 0; n < numbers.size(); ++n) results[numbers[n]] = timings[n];
    return results;
}

struct report {
    std::string cpu;
    int core;
    isa set;
    double fma, matmul;
    std::vector<bench::encoder> list;
    std::vector<std::vector<std::optional<timing>>> times;  // [shape][encoder]

    double peak() const { return matmul != 0 ? matmul : fma; }
    double rate(shape s, const timing& t) const {
        return bench::flops(bert::base, s.lengths()) / t.median * 1e-9;
    }
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
            const double rate = r.rate(shapes[s], t);
            std::printf("| B%zu S%zu | %s | %.2f (%.2f..%.2f) | %.1f | %.0f %% |\n",
                        shapes[s].sequences, shapes[s].length, r.list[i].backend.c_str(),
                        t.median * 1e3, t.least * 1e3, t.most * 1e3, rate, 100 * rate / r.peak());
        }
    std::printf("\n| op |");
    for (const bench::encoder& c : r.list) std::printf(" %s |", c.backend.c_str());
    std::printf("\n|---|");
    for (idx i = 0; i < r.list.size(); ++i) std::printf("---|");
    for (idx op = 0; op < r.list.front().kernels.size(); ++op) {
        std::printf("\n| %s |", r.list.front().kernels[op].op);
        for (const bench::encoder& c : r.list) std::printf(" %s |", c.kernels[op].backend);
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
            const double rate = r.rate(shapes[s], t);
            std::printf(
                "%s  {\"sequences\": %zu, \"length\": %zu, \"backend\": \"%s\", "
                "\"median_ms\": %.3f, \"min_ms\": %.3f, \"max_ms\": %.3f, "
                "\"gflops\": %.2f, \"share_of_peak\": %.4f}",
                between, shapes[s].sequences, shapes[s].length, r.list[i].backend.c_str(),
                t.median * 1e3, t.least * 1e3, t.most * 1e3, rate, rate / r.peak());
            between = ",\n";
        }
    std::printf("],\n \"kernels\": {");
    between = "\n";
    for (const bench::encoder& c : r.list) {
        std::printf("%s  \"%s\": {", between, c.backend.c_str());
        for (idx op = 0; op < c.kernels.size(); ++op)
            std::printf("%s\"%s\": \"%s\"", op == 0 ? "" : ", ", c.kernels[op].op,
                        c.kernels[op].backend);
        std::printf("}");
        between = ",\n";
    }
    std::printf("}}\n");
}

void run(const std::string& output, idx repeats, std::vector<std::string> only) {
    report r;
    r.cpu = machine::cpu_name();
    r.core = machine::cores().pin(1);
    r.set = bench::instruction_set();
    r.fma = machine::arithmetic_peaks(r.set).f32;
    r.matmul = machine::matmul_peak();
    only = only.empty() ? bench::backend_names(r.set) : bench::chosen_backends(only, r.set);
    const auto model = bench::encoder_model("bert-base");
    r.list = bench::encoders(model, r.set, only, {"f32"}, 1);
    for (const shape s : shapes)
        r.times.push_back(
            measured(r.list, bench::texts(s.lengths(), model->size.vocabulary), repeats));
    output == "json" ? print_json(r) : print_markdown(r);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Times a BERT-base-shaped encoder on every backend of this build", "encoder"};
    std::string output = "md";
    std::vector<std::string> only;
    idx repeats = 5;
    app.add_option("--output", output, "md or json")
        ->check(CLI::IsMember({"md", "json"}))
        ->capture_default_str();
    app.add_option("--repeats", repeats, "timed runs a backend and batch")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--backend", only, "these alone, by the name in the table")->delimiter(',');
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
