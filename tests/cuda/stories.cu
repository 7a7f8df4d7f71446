// stories260K, a real decoder of 260 thousand parameters in llama2.c's file: greedy decoding on the
// GPU gives the CPU's ids, alone and in a ragged batch, and the text it is known for.
#include "support.cuh"

#include <reckon/models/llama/model.hpp>
#include <reckon/ops/pool.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace {

struct spec : llama::spec {
    using positions = rotary<rope_layout::interleaved>;
};
using decoder = llama::model<spec>;

template <class T> void read(std::istream& file, T* to, idx count) {
    file.read(reinterpret_cast<char*>(to), std::streamsize(count * sizeof(T)));
    expect_that(bool(file), "stories260K.bin", "bytes", "as many as its sizes say", "fewer");
}

/// Seven sizes, then the weights, kind by kind for all layers.
decoder read_decoder(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::int32_t sizes[7];
    read(file, sizes, 7);
    const auto [width, hidden, layers, heads, key_heads, vocabulary, positions] = sizes;
    expect_that(vocabulary > 0, "stories260K.bin", "vocabulary", "a tied one", vocabulary);
    decoder model{{.vocabulary = idx(vocabulary),
                   .positions = idx(positions),
                   .layers = idx(layers),
                   .heads = idx(heads),
                   .key_heads = idx(key_heads),
                   .head_width = idx(width / heads),
                   .width = idx(width),
                   .hidden = idx(hidden)}};
    const auto take = [&](matrix<float>& m) { read(file, m.data(), m.size()); };
    const auto each_layer = [&](const auto& of) {
        for (auto& block : model.layers.blocks) take(of(block));
    };
    take(model.tokens.weight);
    each_layer([](auto& b) -> auto& { return b.norm_1.gain; });
    each_layer([](auto& b) -> auto& { return b.attend.query.weight; });
    each_layer([](auto& b) -> auto& { return b.attend.key.weight; });
    each_layer([](auto& b) -> auto& { return b.attend.value.weight; });
    each_layer([](auto& b) -> auto& { return b.attend.out.weight; });
    each_layer([](auto& b) -> auto& { return b.norm_2.gain; });
    each_layer([](auto& b) -> auto& { return b.ffn.gate.weight; });
    each_layer([](auto& b) -> auto& { return b.ffn.down.weight; });
    each_layer([](auto& b) -> auto& { return b.ffn.up.weight; });
    take(model.norm.gain);
    return model;
}

/// Each sequence goes on by its likeliest ids.
template <class C, class Model>
std::vector<numbers> greedy(C& ctx, const Model& model, std::vector<numbers> texts, idx tokens) {
    for (idx i = 0; i < tokens; ++i) {
        const auto scope = ctx.scope();
        numbers ids, lengths;
        for (const numbers& text : texts) {
            ids.insert(ids.end(), text.begin(), text.end());
            lengths.push_back(std::int32_t(text.size()));
        }
        const numbers offsets = offsets_of(lengths);
        const auto batch = copy_to(ctx, batch_of(ids, offsets));
        const auto newest = ops::pool(ctx, model(ctx, batch), batch.sequences, pooling::last);
        const auto logits = values_of(ctx, model.logits(ctx, newest));
        for (idx s = 0; s < texts.size(); ++s) {
            const auto row = logits.begin() + std::ptrdiff_t(s * model.size.vocabulary);
            const auto best = std::max_element(row, row + std::ptrdiff_t(model.size.vocabulary));
            texts[s].push_back(std::int32_t(best - row));
        }
    }
    return texts;
}

/// By llama2.c's vocabulary: a length, then a score, a length and the bytes of each piece.
std::string decoded(const std::string& path, const numbers& ids) {
    std::ifstream file{path, std::ios::binary};
    std::int32_t longest = 0;
    read(file, &longest, 1);
    std::vector<std::string> pieces;
    for (float score; file.read(reinterpret_cast<char*>(&score), sizeof score);) {
        std::int32_t length = 0;
        read(file, &length, 1);
        pieces.emplace_back(idx(length), ' ');
        read(file, pieces.back().data(), idx(length));
    }
    std::string text;
    for (idx i = 1; i < ids.size(); ++i) {  // behind BOS
        const std::string& piece = pieces.at(idx(ids[i]));
        unsigned byte = 0;
        if (std::sscanf(piece.c_str(), "<0x%02X>", &byte) == 1)
            text += char(byte);
        else
            text += i == 1 && piece[0] == ' ' ? piece.substr(1) : piece;
    }
    return text;
}

}  // namespace

int main() {
    if (!gpu_here("stories")) return 0;
    const char* named = std::getenv("RECKON_DATA");
    const std::string folder =
        std::string{named != nullptr ? named : RECKON_DATA} + "/stories260k/";
    if (!std::ifstream{folder + "stories260K.bin"}) {
        std::printf("skipped: cuda stories: no %sstories260K.bin\n", folder.c_str());
        return 0;
    }
    both on;
    const decoder model = read_decoder(folder + "stories260K.bin");
    const auto there = copy_to(on.gpu, model);
    constexpr idx tokens = 60;
    const std::vector<numbers> one{{1}}, three{{1, 403, 407}, {1}, {1, 261, 300, 280, 411}};

    const auto text = greedy(on.gpu, there, one, tokens);
    on.expect(text == greedy(on.cpu, model, one, tokens), "the GPU writes what the CPU writes");
    on.expect(greedy(on.gpu, there, three, tokens) == greedy(on.cpu, model, three, tokens),
              "the same of a ragged batch");

    std::ifstream file{folder + "expected_greedy_200.txt", std::ios::binary};
    const std::string expected{std::istreambuf_iterator{file}, {}};
    const std::string said = decoded(folder + "tok512.bin", text[0]);
    on.expect(said.size() > tokens && expected.starts_with(said), "the text is not: " + said);
    return on.report("stories");
}
