// What int8 weights cost in accuracy, with real weights; a folder that is not given is left out.
//     accuracy [--backend simd|reference] [--minilm DIR --films DIR] [--beauty DIR] [--stories DIR]
// The cosine of MiniLM's vectors of 500 films with those of f32, NDCG@10 of ICLRec-Beauty's last
// items, and the perplexity of 20 texts of 200 tokens that stories260K in f32 sampled at
// temperature 1, seeds 0 to 19. Status 1 where a figure is out of its bound.
#include "support/backends.hpp"

#include <reckon/data/movielens.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/models/sasrec.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/tasks/embed.hpp>
#include <reckon/tasks/generate.hpp>
#include <reckon/tasks/rank_last_items.hpp>
#include <reckon/text/load_wordpiece.hpp>

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

using namespace reckon;

namespace {

struct folders {
    std::string minilm, films, beauty, stories;
};

bool all_within = true;

void print(const char* figure, const char* weights, double f32, double int8, double error,
           double bound) {
    const bool within = error <= bound;
    all_within = all_within && within;
    std::printf("| %s | %s | %.6f | %.6f | %.6f | %.6f%s |\n", figure, weights, f32, int8, error,
                bound, within ? "" : ", missed");
}

/// f(weights, model) for the forms of a model in int8, prepared.
template <class C, class Model, class F>
void for_each_int8(C& ctx, const Model& model, const F& f) {
    const auto linears = quantise(model);
    f("linears", prepare(ctx, linears));
    f("linears and tables", prepare(ctx, quantise_tables(linears)));
}

template <class C> void films(C& ctx, const folders& in) {
    const auto model = bert::load(in.minilm);
    const auto tokenizer = load_wordpiece(in.minilm);
    std::vector<std::string> texts;
    for (const auto& film : read_movielens(in.films).films)
        if (texts.size() < 500) texts.push_back(film.title + " (" + film.year + ") " + film.genres);
    const auto tokens = tokenizer.encode(texts, bert::read_text_limit(in.minilm, model.size));
    const auto exact = embed(ctx, prepare(ctx, model), tokens);
    for_each_int8(ctx, model, [&](const char* weights, const auto& small) {
        const auto vectors = embed(ctx, small, tokens);
        double sum = 0, least = 1;
        for (idx row = 0; row < exact.rows(); ++row) {
            double cosine = 0;  // of vectors of unit length
            for (idx i = 0; i < exact.cols(); ++i)
                cosine += double(exact.look()(row, i)) * double(vectors.look()(row, i));
            sum += cosine;
            least = std::min(least, cosine);
        }
        const double mean = sum / double(exact.rows());
        print("MiniLM, mean cosine", weights, 1, mean, 1 - mean, 1e-3);
        print("MiniLM, least cosine", weights, 1, least, 1 - least, 1e-2);
    });
}

template <class C> void beauty(C& ctx, const folders& in) {
    const auto model = sasrec::load(in.beauty + "/ICLRec-Beauty-1.safetensors", 2);
    const auto log =
        read_sequences(in.beauty + "/Beauty.txt", static_cast<std::int32_t>(model.size.items - 2));
    const auto ndcg = [&](const auto& m) {
        ranking_at at_10{10};
        rank_last_items(ctx, m, log, [&](idx rank) { at_10.add(rank); });
        return at_10.ndcg();
    };
    const double exact = ndcg(prepare(ctx, model));
    for_each_int8(ctx, model, [&](const char* weights, const auto& small) {
        const double value = ndcg(small);
        print("ICLRec-Beauty, NDCG@10", weights, exact, value, std::abs(value - exact), 5e-4);
    });
}

/// exp of the mean of -log p(id | the ids before it).
template <class C, class Model>
double perplexity(C& ctx, const Model& model, const std::vector<std::vector<std::int32_t>>& texts) {
    double sum = 0;
    idx count = 0;
    for (const auto& ids : texts) {
        const auto scope = ctx.scope();
        const std::int32_t offsets[] = {0, std::int32_t(ids.size())};
        const auto states = model(ctx, batch_of(ids, offsets));
        const auto logs = ops::log_softmax(ctx, model.logits(ctx, states));
        for (idx i = 1; i < ids.size(); ++i) sum -= double(logs(i - 1, idx(ids[i])));
        count += ids.size() - 1;
    }
    return std::exp(sum / double(count));
}

template <class C> void stories(C& ctx, const folders& in) {
    const auto model = llama::load(in.stories);
    const auto fast = prepare(ctx, model);
    std::vector<generation_request> requests;
    for (idx seed = 0; seed < 20; ++seed)
        requests.push_back(
            {.prompt = {1}, .max_tokens = 200, .how = {.temperature = 1, .seed = seed}});
    auto texts = generate(ctx, fast, requests);
    for (auto& ids : texts) ids.insert(ids.begin(), 1);
    const double exact = perplexity(ctx, fast, texts);
    for_each_int8(ctx, model, [&](const char* weights, const auto& small) {
        const double value = perplexity(ctx, small, texts);
        print("stories260K, perplexity", weights, exact, value, std::abs(value / exact - 1), 1e-2);
    });
}

template <class Tag> void measure(const folders& in) {
    context<Tag> ctx{bench::options()};
    std::printf(
        "| figure | int8 weights | f32 | int8 | error | bound |\n|---|---|---|---|---|---|\n");
    if (!in.minilm.empty()) films(ctx, in);
    if (!in.beauty.empty()) beauty(ctx, in);
    if (!in.stories.empty()) stories(ctx, in);
}

void run(const std::string& backend, const folders& in) {
    if (backend == "reference") return measure<cpu_reference>(in);
    if constexpr (has_simd)
        if (backend == "simd") return measure<simd_or_reference>(in);
    throw load_error("accuracy", "--backend", "reference, or simd where it is built and runs",
                     backend);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Says what int8 weights cost in accuracy", "accuracy"};
    folders in;
    std::string backend = "simd";
    app.add_option("--backend", backend, "simd or reference")->capture_default_str();
    const auto films = app.add_option("--films", in.films, "a folder with ml-100k.item and .inter");
    app.add_option("--minilm", in.minilm, "all-MiniLM-L6-v2's folder")->needs(films);
    app.add_option("--beauty", in.beauty, "a folder with ICLRec-Beauty-1.safetensors, Beauty.txt");
    app.add_option("--stories", in.stories, "stories260K's folder");
    try {
        app.parse(argc, argv);
        run(backend, in);
        return all_within ? 0 : 1;
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "accuracy: %s\n", e.what());
        return 2;
    }
}
