// A line of standard input in, the ids of its pieces out; or back. No special id is put in.
#include "program.hpp"

#include <reckon/data/number.hpp>
#include <reckon/io/lines.hpp>
#include <reckon/text/load_tokenizer.hpp>

#include <iterator>
#include <vector>

namespace {

std::string ids_of(const reckon::any_tokenizer& tokenizer, std::string_view text) {
    std::string ids;
    for (const std::int32_t id : tokenizer.encode(text))
        ids.append(ids.empty() ? "" : " ").append(std::to_string(id));
    return ids;
}

std::string text_of(const reckon::any_tokenizer& tokenizer, const reckon::line_reader& lines) {
    std::vector<std::int32_t> ids;
    std::string_view rest = lines.line();
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (word.empty()) continue;
        const auto id = reckon::number_from<std::int32_t>(word);
        if (!id || *id < 0 || reckon::idx(*id) >= tokenizer.vocabulary())
            lines.refuse("ids from 0 to " + std::to_string(tokenizer.vocabulary() - 1),
                         reckon::in_quotes(word));
        ids.push_back(*id);
    }
    return tokenizer.decode(ids);
}

}  // namespace

int main(int argc, char** argv) {
    std::string model;
    bool decode = false;
    program p{"tokenize", "Reads texts, a line each, and prints the ids of their pieces."};
    p.text("--model", model, "a SentencePiece model, or llama2.c's vocabulary");
    p.flag("--decode", decode, "read ids and print the texts");
    return p.run(argc, argv, [&](auto&) {
        const auto tokenizer = reckon::load_tokenizer(model);
        const std::string input{std::istreambuf_iterator{std::cin}, {}};
        reckon::line_reader lines{"tokenize", "standard input", input};
        std::string output;  // nothing is printed where a later line is wrong
        while (lines.next())
            output += (decode ? text_of(tokenizer, lines) : ids_of(tokenizer, lines.line())) + '\n';
        std::cout << output;
    });
}
