// A line of standard input in, its vector out: mean-pooled and of unit length, as sentence encoders
// make them.
#include "program.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/io/checkpoint.hpp>
#include <reckon/io/lines.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/tasks/embed.hpp>
#include <reckon/text/load_wordpiece.hpp>

#include <charconv>
#include <iterator>
#include <vector>

namespace {

constexpr reckon::idx lines_at_once = 256;
constexpr int digits = 9;  // a float comes back from its text

void print(const reckon::matrix<float>& vectors) {
    std::string text;
    for (reckon::idx row = 0; row < vectors.rows(); ++row)
        for (reckon::idx i = 0; i < vectors.cols(); ++i) {
            char number[32];
            const auto end = std::to_chars(number, number + sizeof number, vectors.look()(row, i),
                                           std::chars_format::general, digits);
            text.append(number, end.ptr);
            text += i + 1 == vectors.cols() ? '\n' : ' ';
        }
    std::cout << text;
}

void embed_lines(auto& ctx, const auto& model, const std::string& folder) {
    const auto tokenizer = reckon::load_wordpiece(folder);
    const reckon::idx limit = reckon::bert::read_text_limit(folder, model.size);

    const std::string input{std::istreambuf_iterator{std::cin}, {}};
    reckon::line_reader lines{"embed_text", "standard input", input};
    std::vector<std::string_view> texts;
    for (bool more = true; more;) {
        more = lines.next();
        if (more) texts.push_back(lines.line());
        if (texts.size() == lines_at_once || !more) {
            print(reckon::embed(ctx, model, tokenizer.encode(texts, limit)));
            texts.clear();
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder;
    program p{"embed_text", "Reads texts, a line each, and prints their vectors."};
    p.text("--model", folder, "a folder with model.safetensors, config.json, vocab.txt, ...");
    return p.run(argc, argv, [&](auto& ctx) {
        using namespace reckon;
        if (!holds_int8(checkpoint::open(folder)))
            return embed_lines(ctx, prepare(ctx, bert::load(folder)), folder);
        if constexpr (std::same_as<typename std::decay_t<decltype(ctx)>::space, host>)
            embed_lines(ctx, prepare(ctx, bert::load<quantised<bert::spec>>(folder)), folder);
        else
            throw load_error("usage", "--model", "float weights on this backend", "int8 weights");
    });
}
