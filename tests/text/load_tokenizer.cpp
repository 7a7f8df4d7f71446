#include <reckon/text/load_tokenizer.hpp>

#include "io/raw_file.hpp"
#include "sentencepiece_model.hpp"
#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using ids = std::vector<std::int32_t>;

static_assert(tokenizer<any_tokenizer>);
static_assert(tokenizer<sentencepiece_tokenizer> && tokenizer<llama2c_vocabulary>);

any_tokenizer load(const temporary_folder& folder, std::string_view content) {
    return load_tokenizer(folder.file("F", std::as_bytes(std::span{content})));
}

}  // namespace

TEST_CASE("a file's content says which tokenizer it is of") {
    const temporary_folder folder;
    const small_model model{.pieces = {{"a"}, {"b"}}};
    const auto pieces = load(folder, model.file());
    CHECK(pieces.encode("ba") == ids{4, 3});
    CHECK(pieces.decode(ids{1, 4, 3, 2}) == "ba");
    CHECK(pieces.vocabulary() == 5);
    CHECK(pieces.bos() == 1);
    CHECK(pieces.eos() == 2);
    CHECK(pieces.unknown() == 0);

    // Whose longest piece is of ten bytes begins as a model does.
    std::string vocabulary = plain(10);
    for (int id = 0; id < 259; ++id) {
        char name[8] = "<s>";
        if (id >= 3) std::snprintf(name, sizeof name, "<0x%02X>", unsigned(id - 3));
        vocabulary += plain(0) + plain(std::uint32_t(std::strlen(name))) + name;
    }
    const auto bytes = load(folder, vocabulary);
    CHECK(bytes.encode("a") == ids{' ' + 3, 'a' + 3});
    CHECK(bytes.decode(ids{1, 'a' + 3, 2}) == "a");
    CHECK(bytes.vocabulary() == 259);
    CHECK(bytes.bos() == 1);
    CHECK(bytes.eos() == 2);
    CHECK(bytes.unknown() == 0);
}

TEST_CASE("any other file is refused by name") {
    const temporary_folder folder;
    const auto message = [&](std::string_view content) {
        return message_of([&] { load(folder, content); });
    };
    const std::string file = folder.file("F");
    for (const std::string_view content : {"", "\n", "{}", "\n\n\n\n\n\n"})
        CHECK_THAT(message(content), Contains(file));
    CHECK_THAT(message(std::string(4, '\0')), Contains(file));
    CHECK_THAT(message(std::string(100, '\0')), Contains(file));
    CHECK_THROWS_WITH(load_tokenizer(folder.file("nothing")), Contains("nothing"));
}

TEST_CASE("the files of language models load as they are") {
    for (const auto& [name, size] : {std::pair{"tokenizers/mistral-v1.model", 32000},
                                     {"tokenizers/sp-unigram-en-1k.model", 1000},
                                     {"stories260k/tok512.bin", 512}}) {
        const auto file = test_support::data("tokenizer files", name);
        if (!file) continue;
        const auto tokenizer = load_tokenizer(file->string());
        CHECK(tokenizer.vocabulary() == idx(size));
        CHECK(tokenizer.decode(tokenizer.encode("The old man said.")) == "The old man said.");
    }
}
