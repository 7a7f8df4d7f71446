// Compares reckon's own backends: one line for each model, backend, kind of weights, batch and
// number of threads that the flags multiply out to.
//     reckon_bench [--model bert-base|minilm|DIR] [--backend B[,B]] [--weights f32|bf16|int8[,..]]
//         [--batch N[,N] --length N[,N] | --lengths 17,45,...] [--threads N[,N]] [--repeat N]
//         [--op matmul|attention|layer_norm|gelu|knn|peak] [--output md|json|csv]
//         [--neighbour]
// The lines of a batch take turns. Times are the median and the least of the repeats: the thread's
// own on one thread, the wall's on more. The share is of the peak of multiply-adds of the weights'
// kind, measured on registers, times the threads. With --op one op of the model's sizes runs
// instead: knn is 100,000 items of 128 numbers with --batch queries (md and json have the recall of
// its ten best, csv keeps to its columns), peak is what the machine can do. With --neighbour every
// line is timed once more, on the wall, while another process keeps one of the same cores busy; md
// and json show that median too.
#include "support/busy_process.hpp"
#include "support/encoders.hpp"
#include "support/measure.hpp"
#include "support/neighbours.hpp"
#include "support/ops.hpp"
#include "support/peaks.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <optional>

using namespace reckon;

namespace bench {
extern const char* const commit;
}

namespace {

struct options {
    std::string model = "bert-base", op, output = "md";
    std::vector<std::string> backends, weights{"f32"};
    std::vector<idx> batches, lengths, ragged, threads{1};
    idx repeats = 5;
    bool neighbour = false;
};

struct row {
    std::string model, backend, weights;
    idx batch = 0, tokens = 0, threads = 1;
    double median_ms = 0, min_ms = 0, gflops = 0, share = 0, beside_ms = 0;
    std::optional<double> recall = {};
};

/// What every row shares.
struct machine_facts {
    std::string cpu = machine::cpu_name();
    isa set = bench::instruction_set();
    std::string compiler =
#ifdef __clang__
        "clang++ " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#else
        "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#endif
    machine::arithmetic peaks = machine::arithmetic_peaks(set);
};

/// What is timed beside what it is called.
struct contender {
    row facts;
    double flops = 0;
    std::function<void()> run;
};

class bench_run {
  public:
    explicit bench_run(const options& o)
        : o_(o), backends_(bench::chosen_backends(o.backends, machine_.set)) {}

    void all() {
        if (o_.op == "peak") return peaks();
        const machine::cores cores;
        for (const idx threads : o_.threads) {
            cores.pin(threads);
            if (o_.op == "knn")
                knn(threads);
            else if (!o_.op.empty())
                ops(threads);
            else
                encoders(threads);
        }
    }
    void print() const {
        if (o_.output == "csv") return print_csv();
        if (o_.output == "json") return print_json();
        print_markdown();
    }

  private:
    /// The lengths of every batch that is asked for.
    std::vector<std::vector<idx>> shapes() const {
        if (!o_.ragged.empty()) return {o_.ragged};
        if (o_.batches.empty() && o_.lengths.empty())
            return {{8}, {32}, {128}, std::vector<idx>(8, 128)};
        std::vector<std::vector<idx>> list;
        for (const idx batch : o_.batches.empty() ? std::vector<idx>{1} : o_.batches)
            for (const idx length : o_.lengths.empty() ? std::vector<idx>{128} : o_.lengths)
                list.emplace_back(batch, length);
        return list;
    }
    static idx sum(const std::vector<idx>& lengths) {
        idx tokens = 0;
        for (const idx length : lengths) tokens += length;
        return tokens;
    }

    void encoders(idx threads) {
        const auto model = bench::encoder_model(o_.model);
        const auto list = bench::encoders(model, machine_.set, backends_, o_.weights, threads);
        for (const auto& lengths : shapes()) {
            const bench::texts texts(lengths, model->size.vocabulary);
            const double flops = bench::flops(model->size, lengths);
            std::vector<contender> contenders;
            for (const bench::encoder& e : list)
                contenders.push_back(
                    {{o_.model, e.backend, e.weights, lengths.size(), sum(lengths), threads},
                     flops,
                     [&] { e.forward(texts.look(), nullptr); }});
            race(contenders);
        }
    }
    void ops(idx threads) {
        const bert::config size = bench::encoder_size(o_.model);
        for (const auto& lengths : shapes()) {
            std::vector<contender> contenders;
            for (auto& op :
                 bench::op_runs(o_.op, size, lengths, machine_.set, backends_, o_.weights, threads))
                contenders.push_back({{o_.model + " " + op.name, op.backend, op.weights,
                                       lengths.size(), sum(lengths), threads},
                                      op.flops,
                                      std::move(op.run)});
            race(contenders);
        }
    }
    void knn(idx threads) {
        const auto data = bench::random_vectors();
        const auto list = bench::searchers(data, machine_.set, backends_, o_.weights, threads);
        const auto exact =
            bench::searchers(data, machine_.set, {backends_.front()}, {"f32"}, threads).front();
        for (const idx queries : o_.batches.empty() ? std::vector<idx>{1, 1000} : o_.batches) {
            std::vector<contender> contenders;
            std::vector<std::int32_t> found(queries * bench::neighbours_wanted), best = found;
            exact.search(queries, best.data());
            for (const bench::searcher& s : list) {
                s.search(queries, found.data());
                row facts{"knn 100000x128", s.backend, s.weights, queries, queries, threads};
                facts.recall = bench::recall(found, best);
                contenders.push_back({facts, 2. * 100'000 * 128 * double(queries),
                                      [&] { s.search(queries, nullptr); }});
            }
            race(contenders);
        }
    }
    void peaks() {
        machine::cores().pin(1);
        for (const char* kind : {"f32", "bf16", "int8"})
            rows_.push_back({.model = "multiply-adds",
                             .backend = "registers",
                             .weights = kind,
                             .gflops = machine_.peaks.of(kind),
                             .share = 1});
        const double matmul = machine::matmul_peak();
        if (matmul != 0)
            rows_.push_back({.model = "matmul 1024x1024",
                             .backend = "onednn",
                             .weights = "f32",
                             .gflops = matmul,
                             .share = matmul / machine_.peaks.f32});
        for (const idx kib : {idx{512}, idx{8} << 10, idx{128} << 10})
            rows_.push_back({.model = "read " + std::to_string(kib) + " KiB, GB/s",
                             .backend = "registers",
                             .weights = "bytes",
                             .gflops = machine::read_bandwidth(machine_.set, kib << 10) * 1e-9});
    }

    void race(const std::vector<contender>& contenders) {
        std::vector<std::function<void()>> runs;
        for (const contender& c : contenders) runs.push_back(c.run);
        const idx threads = contenders.front().facts.threads;
        const auto timings = bench::race(runs, o_.repeats, machine::clock_for(threads));
        const auto beside = beside_neighbour(runs);
        for (idx i = 0; i < timings.size(); ++i) {
            row r = contenders[i].facts;
            r.median_ms = timings[i].median * 1e3;
            r.min_ms = timings[i].least * 1e3;
            r.gflops = contenders[i].flops / timings[i].median * 1e-9;
            const double peak = machine_.peaks.of(r.weights) * double(threads);
            r.share = peak == 0 ? 0 : r.gflops / peak;
            if (o_.neighbour) r.beside_ms = beside[i].median * 1e3;
            rows_.push_back(r);
        }
    }
    std::vector<bench::timing> beside_neighbour(
        const std::vector<std::function<void()>>& runs) const {
        if (!o_.neighbour) return {};
        const machine::busy_process neighbour;
        return bench::race(runs, o_.repeats, machine::wall_seconds);
    }

    void print_csv() const {
        std::printf(
            "model,backend,weights,batch,tokens,threads,median_ms,min_ms,gflops_per_s,"
            "share_of_peak,cpu,isa,compiler,commit\n");
        for (const row& r : rows_)
            std::printf("%s,%s,%s,%zu,%zu,%zu,%.4f,%.4f,%.2f,%.4f,%s,%s,%s,%s\n",
                        cell(r.model).c_str(), cell(bench::short_name(r.backend)).c_str(),
                        r.weights.c_str(), r.batch, r.tokens, r.threads, r.median_ms, r.min_ms,
                        r.gflops, r.share, cell(machine_.cpu).c_str(), name_of(machine_.set),
                        machine_.compiler.c_str(), bench::commit);
    }
    /// Quoted where a comma or a quote would end it.
    static std::string cell(const std::string& text) {
        if (text.find_first_of(",\"\n") == text.npos) return text;
        std::string quoted = "\"";
        for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
        return quoted + '"';
    }
    void print_json() const {
        nlohmann::ordered_json all{{"cpu", machine_.cpu},
                                   {"isa", name_of(machine_.set)},
                                   {"compiler", machine_.compiler},
                                   {"commit", bench::commit},
                                   {"results", nlohmann::ordered_json::array()}};
        for (const row& r : rows_) {
            auto& result = all["results"].emplace_back(
                nlohmann::ordered_json{{"model", r.model},
                                       {"backend", bench::short_name(r.backend)},
                                       {"weights", r.weights},
                                       {"batch", r.batch},
                                       {"tokens", r.tokens},
                                       {"threads", r.threads},
                                       {"median_ms", r.median_ms},
                                       {"min_ms", r.min_ms},
                                       {"gflops_per_s", r.gflops},
                                       {"share_of_peak", r.share}});
            if (o_.neighbour) result["beside_neighbour_ms"] = r.beside_ms;
            if (r.recall) result["recall"] = *r.recall;
        }
        std::printf("%s\n", all.dump(1).c_str());
    }
    void print_markdown() const {
        std::printf(
            "CPU %s, instruction set %s, %s, commit %s; multiply-adds of one core at most "
            "%.0f (f32), %.0f (bf16), %.0f (int8) G/s\n\n",
            machine_.cpu.c_str(), name_of(machine_.set), machine_.compiler.c_str(), bench::commit,
            machine_.peaks.f32, machine_.peaks.bf16, machine_.peaks.int8);
        const bool searches = o_.op == "knn";
        std::printf(
            "| model | backend | weights | batch | tokens | threads | ms, median (least) | "
            "GFLOP/s | share of peak |%s%s\n|---|---|---|---|---|---|---|---|---|%s%s\n",
            o_.neighbour ? " ms beside a busy process |" : "", searches ? " recall |" : "",
            o_.neighbour ? "---|" : "", searches ? "---|" : "");
        for (const row& r : rows_) {
            std::printf("| %s | %s | %s | %zu | %zu | %zu | %.3f (%.3f) | %.1f | %.0f %% |",
                        r.model.c_str(), r.backend.c_str(), r.weights.c_str(), r.batch, r.tokens,
                        r.threads, r.median_ms, r.min_ms, r.gflops, 100 * r.share);
            if (o_.neighbour) std::printf(" %.3f |", r.beside_ms);
            if (r.recall) std::printf(" %.4f |", *r.recall);
            std::printf("\n");
        }
    }

    options o_;
    machine_facts machine_;
    std::vector<std::string> backends_;
    std::vector<row> rows_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Compares reckon's backends on a BERT-shaped encoder or one of its ops",
                 "reckon_bench"};
    options o;
    app.add_option("--model", o.model, "bert-base, minilm (random weights), or a folder")
        ->capture_default_str();
    app.add_option("--backend", o.backends, "such as simd,onednn; else all but the reference")
        ->delimiter(',');
    app.add_option("--weights", o.weights, "f32, bf16, int8")
        ->delimiter(',')
        ->capture_default_str();
    const auto positive = CLI::Range(1, 1 << 20);
    app.add_option("--batch", o.batches, "texts, or queries")->delimiter(',')->check(positive);
    app.add_option("--length", o.lengths, "tokens of each text")->delimiter(',')->check(positive);
    app.add_option("--lengths", o.ragged, "one batch of texts of these lengths")
        ->delimiter(',')
        ->check(positive)
        ->excludes("--batch")
        ->excludes("--length");
    app.add_option("--threads", o.threads)
        ->delimiter(',')
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_option("--repeat", o.repeats, "timed runs of each line")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--op", o.op, "one op instead of the model")
        ->check(CLI::IsMember({"matmul", "attention", "layer_norm", "gelu", "knn", "peak"}));
    app.add_option("--output", o.output)
        ->check(CLI::IsMember({"md", "json", "csv"}))
        ->capture_default_str();
    app.add_flag("--neighbour", o.neighbour, "time each line beside a busy process too");
    try {
        app.parse(argc, argv);
        bench_run run(o);
        run.all();
        run.print();
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "reckon_bench: %s\n", e.what());
        return 2;
    }
}
