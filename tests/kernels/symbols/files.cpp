// Compiled twice, like encode.cpp: what programs do with files, texts and rankings.
#include <reckon/backend/best_isa.hpp>
#include <reckon/data/leave_one_out.hpp>
#include <reckon/data/movielens.hpp>
#include <reckon/io/save.hpp>
#include <reckon/kernels/simd.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/models/llama/load.hpp>
#include <reckon/models/sasrec.hpp>
#include <reckon/retrieval/exact_index.hpp>
#include <reckon/tasks/beam_search.hpp>
#include <reckon/tasks/embed.hpp>
#include <reckon/tasks/generate.hpp>
#include <reckon/tasks/rank_last_items.hpp>
#include <reckon/text/load_tokenizer.hpp>
#include <reckon/text/load_wordpiece.hpp>
#include <reckon/text/m6_tokenizer.hpp>

#include <string>

namespace RECKON_SIDE {

using context = reckon::context<reckon::cpu_simd<reckon::avx2>>;

float recommend_films(context& ctx, const std::string& folder) {
    const auto films = reckon::read_movielens(folder);
    const reckon::leave_one_out split{films.events};
    const auto model = reckon::load<reckon::bert::model<>>(folder);
    const auto texts = reckon::load_wordpiece(folder).encode({films.films[0].title}, 256);
    const reckon::exact_index index{reckon::embed(ctx, model, texts)};
    const std::vector<std::int32_t> seen[] = {split.seen(split.users()[0])};
    return index.search(ctx, index.vectors(), 1, seen).scores.look()(0, 0);
}

double rank(context& ctx, const std::string& folder) {
    const auto model = reckon::load<reckon::sasrec::model<>>(folder + "/model.safetensors", 2);
    reckon::save_parameters(model, folder + "/copy.safetensors",
                            reckon::name_table{reckon::sasrec::names});
    reckon::ranking_at ten{10};
    reckon::rank_last_items(ctx, model, reckon::read_sequences(folder + "/data.txt", 100),
                            [&](reckon::idx place) { ten.add(place); });
    return ten.ndcg();
}

std::string write(context& ctx, const std::string& folder) {
    const auto model = reckon::load<reckon::llama::model<>>(folder);
    const auto pieces = reckon::load_tokenizer(folder + "/tokenizer.model");
    const reckon::m6_tokenizer<reckon::any_tokenizer> marked{pieces};
    const reckon::generation_request request{.prompt = marked.encode("a text")};
    const auto texts = reckon::generate(ctx, model, std::vector{request, request});
    const auto beams = reckon::beam_search(ctx, model, request, {});
    return pieces.decode(texts[0]) + pieces.decode(beams[0].ids);
}

std::string try_all(const std::string& folder) {
    try {
        context ctx;
        return std::string{reckon::name_of(reckon::best_isa("avx2"))} + write(ctx, folder) +
               std::to_string(recommend_films(ctx, folder)) + std::to_string(rank(ctx, folder));
    } catch (const reckon::load_error& e) {
        return e.what();
    }
}

}  // namespace RECKON_SIDE
