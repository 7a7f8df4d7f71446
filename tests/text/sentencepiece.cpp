#include <reckon/text/sentencepiece.hpp>

#include "io/raw_file.hpp"
#include "sentencepiece_model.hpp"
#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using ids = std::vector<std::int32_t>;

nlohmann::json golden() {
    const auto file = test_support::source_folder() / "tests/golden/sentencepiece_lines.json";
    return nlohmann::json::parse(read_text(file.string()));
}

std::optional<std::filesystem::path> model_file(const char* test, const std::string& name) {
    return test_support::data(test, "tokenizers/" + name + ".model");
}

// The first characters of a text.
std::string first(idx characters, const std::string& text) {
    idx end = 0;
    for (; end < text.size(); ++end)
        if ((text[end] & 0xc0) != 0x80 && characters-- == 0) break;
    return text.substr(0, end);
}

std::string from_hex(const std::string& digits) {
    std::string text;
    for (idx i = 0; i < digits.size(); i += 2)
        text += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return text;
}

sentencepiece_tokenizer make(const small_model& model) {
    return sentencepiece_tokenizer{model.file()};
}
std::string refusal(std::string_view model) {
    return message_of([&] { sentencepiece_tokenizer{model, "F.model"}; });
}

}  // namespace

TEST_CASE("ids and texts of 200 lines are those of Python's sentencepiece, under both models") {
    const auto expected = golden();
    REQUIRE(expected["lines"].size() == 200);
    std::string joined;
    for (idx m = 0; m < expected["models"].size(); ++m) {
        const auto name = expected["models"][m].get<std::string>();
        const auto file = model_file("sentencepiece goldens", name);
        if (!file) continue;
        const auto tokenizer = sentencepiece_tokenizer::load(file->string());
        joined.clear();
        for (const auto& line : expected["lines"]) {
            std::string text;
            if (line.contains("text")) {
                text = line["text"].get<std::string>();
                joined += text + ' ';
            } else {
                const auto characters = line["characters"].get<idx>();
                while (text.size() < 4 * characters) text += joined;
                text = first(characters, text);
            }
            INFO(name << ": " << text);
            const ids actual = tokenizer.encode(text);
            CHECK(actual == line["ids"][m].get<ids>());
            const auto decoded =
                line.contains("decoded") ? line["decoded"][m].get<std::string>() : text;
            CHECK(tokenizer.decode(actual) == decoded);
        }
        for (const auto& line : expected["bytes"]) {
            INFO(name << ": bytes " << line["hex"]);
            const ids actual = tokenizer.encode(from_hex(line["hex"].get<std::string>()));
            CHECK(actual == line["ids"][m].get<ids>());
            CHECK(tokenizer.decode(actual) == line["decoded"][m].get<std::string>());
        }
    }
}

TEST_CASE("sizes and special ids are the model's") {
    for (const auto& [name, size] : {std::pair{"mistral-v1", 32000}, {"sp-unigram-en-1k", 1000}}) {
        const auto file = model_file("sentencepiece special ids", name);
        if (!file) return;
        const auto tokenizer = sentencepiece_tokenizer::load(file->string());
        CHECK(tokenizer.vocabulary() == idx(size));
        CHECK(tokenizer.bos() == 1);
        CHECK(tokenizer.eos() == 2);
        CHECK(tokenizer.unknown() == 0);
    }
    small_model model{.pieces = {{"a"}}};
    CHECK(make(model).vocabulary() == 4);
    const std::string named_otherwise =
        model.text_of_pieces() + text_field(2, text_field(46, "<begin>")) + model.normalizer();
    CHECK(sentencepiece_tokenizer{named_otherwise}.bos() == std::nullopt);
    CHECK(sentencepiece_tokenizer{named_otherwise}.eos() == 2);
}

TEST_CASE("decode skips control ids and strips the space in front behind them too") {
    const auto tokenizer =
        make({.pieces = {{"\u2581a"}, {"b"}, {"\u2581"}}, .space_in_front = true});
    CHECK(tokenizer.decode(ids{3, 4}) == "ab");
    CHECK(tokenizer.decode(ids{1, 3, 2, 3, 2}) == "a a");
    CHECK(tokenizer.decode(ids{5, 3}) == " a");
    CHECK(tokenizer.decode(ids{4, 0}) == "b \u2047 ");
    CHECK(tokenizer.decode(ids{}).empty());
}

TEST_CASE("an id out of the vocabulary is an error that says which") {
    const auto tokenizer = make({.pieces = {{"a"}}});
    CHECK(message_of([&] {
              tokenizer.decode(ids{3, 4});
          }) == "sentencepiece: ids: expected 0 to 3, got 4");
    CHECK_THROWS_WITH(tokenizer.decode(ids{-1}), Contains("got -1"));
}

TEST_CASE("the spelling of a special token is text, in models of every kind") {
    std::vector<model_piece> pieces;
    for (const char* text : {"<", "s", ">", "/", "[", "]", "E", "O", "S", "<s", "EOS"})
        pieces.push_back({text, -1});
    for (const kind type : {kind::unigram, kind::bpe, kind::character}) {
        const auto tokenizer = make({.type = type, .pieces = pieces});
        for (const char* text : {"<s>", "</s>", "s<s>s</s>", "[EOS]", "<s><s>"}) {
            const ids actual = tokenizer.encode(text);
            for (const std::int32_t id : actual) CHECK(id > 2);
            CHECK(tokenizer.decode(actual) == text);
        }
    }
    // Where words are pieces and nothing stands in front, the library would find <s> itself, and
    // gives up instead.
    const auto words = make({.type = kind::word, .pieces = {{"s"}}});
    CHECK(words.encode("s") == ids{3});
    CHECK_THROWS_WITH(words.encode("<s>"), Contains("sentencepiece: text"));
}

TEST_CASE("a user-defined symbol is a piece of text, and never the id of bos or eos") {
    for (const kind type : {kind::unigram, kind::bpe}) {
        small_model model{.type = type, .pieces = {{"a", -1}}};
        model.pieces.push_back({"[EOS]", 0, piece_type::user_defined});
        const auto tokenizer = make(model);
        CHECK(tokenizer.encode("a[EOS]a") == ids{3, 4, 3});
        CHECK(tokenizer.decode(ids{3, 4}) == "a[EOS]");
    }
    const std::string all =
        file_of({"<unk>", 0, piece_type::unknown}) + file_of({"<s>", 0, piece_type::user_defined});
    const small_model specs;
    const sentencepiece_tokenizer own{all + specs.trainer() + specs.normalizer()};
    CHECK(own.encode("<s>") == ids{1});
    CHECK(own.bos() == std::nullopt);
}

TEST_CASE("a zero byte is a character like any other, and cuts nothing") {
    const auto tokenizer =
        make({.pieces = {{"a", -1}, {"b", -1}, {std::string(1, '\0'), -1}, {"\ufffd", -1}}});
    CHECK(tokenizer.encode(std::string_view{"a\0b", 3}) == ids{3, 5, 4});
    CHECK(tokenizer.decode(ids{3, 5, 4}) == std::string_view{"a\0b", 3});
    CHECK(make({.pieces = {{"a"}, {"b"}}}).encode(std::string_view{"a\0b", 3}) == ids{3, 0, 4});
}

TEST_CASE("each byte that is not UTF-8 reads as U+FFFD") {
    const auto tokenizer = make({.pieces = {{"a", -1}, {"\ufffd", -1}}});
    CHECK(tokenizer.encode("a\xff\xe2\x96") == ids{3, 4, 4, 4});
    CHECK(tokenizer.encode("a\ufffd") == ids{3, 4});
    CHECK(make({.pieces = {{"a"}}})
              .encode("a\xff\xff"
                      "a") == ids{3, 0, 3});
}

TEST_CASE("a copy of a tokenizer lives on by itself") {
    std::optional<sentencepiece_tokenizer> first = make({.pieces = {{"a"}}});
    const sentencepiece_tokenizer copy = *first;
    first.reset();
    CHECK(copy.encode("aa") == ids{3, 3});
}

TEST_CASE("a model that is cut anywhere is refused by name") {
    const small_model model{.type = kind::unigram, .pieces = {{"a"}, {"b"}, {"ab"}}};
    const std::string file = model.file();
    REQUIRE_NOTHROW(sentencepiece_tokenizer{file});
    for (idx size = 0; size < file.size(); ++size)
        CHECK_THAT(refusal(file.substr(0, size)), Contains("F.model"));
    for (const char* name : {"mistral-v1", "sp-unigram-en-1k"}) {
        const auto path = model_file("sentencepiece cut", name);
        if (!path) continue;
        const std::string whole = read_text(path->string());
        for (idx place = 0; place < 200; ++place)
            CHECK_THAT(refusal(std::string_view{whole}.substr(0, whole.size() * place / 200)),
                       Contains("F.model"));
        CHECK_THAT(refusal(std::string_view{whole}.substr(0, whole.size() - 1)),
                   Contains("F.model"));
    }
}

TEST_CASE("a file that can't be read or is something else is refused by name") {
    const temporary_folder folder;
    for (const std::string& path : {folder.file("nothing"), folder.file("")})
        CHECK_THAT(message_of([&] { sentencepiece_tokenizer::load(path); }), Contains(path));
    CHECK_THAT(refusal("{\"model_type\": \"BPE\"}"), Contains("expected a SentencePiece model"));
    CHECK_THAT(refusal(std::string(1000, '\0')), Contains("expected a SentencePiece model"));
}

TEST_CASE("what the library itself finds wrong in a model is said") {
    const small_model model{.pieces = {{"a"}, {"a"}}};
    CHECK_THAT(refusal(model.file()), Contains("a is already defined"));
    CHECK_THAT(refusal(model.trainer() + model.normalizer()), Contains("unk is not defined"));
    const small_model empty{.type = kind::unigram};
    CHECK_THAT(refusal(empty.file()), Contains("F.model"));
    // This one it throws.
    small_model zero{.type = kind::unigram, .pieces = {{std::string(1, '\0')}}};
    CHECK_THAT(refusal(zero.file()), Contains("F.model"));
}
