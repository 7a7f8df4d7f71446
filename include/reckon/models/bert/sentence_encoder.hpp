// What a sentence encoder's folder (sentence-transformers) asks beside its model. Here it is one
// thing: the mean of a text's rows, at unit length, of the ids that vocab.txt gives, the end of a
// long text cut off. A folder that asks for another is refused by file and key: its vectors would
// be wrong without a word. A folder without modules.json asks for nothing.
#pragma once

#include <reckon/io/lines.hpp>
#include <reckon/models/bert/config.hpp>
#include <reckon/models/load.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace bert {

namespace sentence {

inline bool is_there(const std::string& path) {
    std::error_code unreachable;  // is there: reading it says why not
    return std::filesystem::status(path, unreachable).type() !=
           std::filesystem::file_type::not_found;
}
/// A configuration file that may be absent.
inline json_object read_or_empty(const std::string& path) {
    return is_there(path) ? json_object::read(path) : json_object::parse("{}", path);
}

/// The class of a module of sentence-transformers, whose packages moved from version to version;
/// of a module from elsewhere the whole name.
inline std::string class_of(const std::string& type) {
    return type.starts_with("sentence_transformers.") ? type.substr(type.rfind('.') + 1) : type;
}

/// The three modules that are served; returns the pooling's folder.
inline std::string expect_modules(const std::string& file) {
    const auto modules = json_object::read_list(file);
    idx at = 0;
    for (const char* name : {"Transformer", "Pooling", "Normalize"}) {
        const std::string expected = "the module " + in_quotes(name);
        if (at == modules.size()) throw load_error("bert", file, expected, "no further module");
        const auto type = modules[at].required<std::string>("type");
        if (class_of(type) != name)
            throw load_error("bert", modules[at].place("type"), expected, in_quotes(type));
        ++at;
    }
    if (at != modules.size())
        throw load_error("bert", modules[at].place("type"), "no further module",
                         in_quotes(modules[at].required<std::string>("type")));
    const auto path = modules[0].required<std::string>("path");
    if (!path.empty())
        throw load_error("bert", modules[0].place("path"), "\"\", the folder itself",
                         in_quotes(path));
    return modules[1].required<std::string>("path");
}

/// The pooling is either a word or a switch for each kind; without any it is the mean.
inline void expect_mean(const std::string& file) {
    const json_object json = json_object::read(file);
    for (const std::string& name : json.keys()) {
        const char* const key = name.c_str();
        if (name == "word_embedding_dimension" || name == "embedding_dimension" ||
            name == "include_prompt" || !json.has(key))
            continue;
        if (name == "pooling_mode") {
            expect_word("bert", json, file, key, "mean");
        } else if (name == "pooling_mode_mean_tokens") {
            if (!json.required<bool>(key))
                throw load_error("bert", json.place(key), "true", "false");
        } else if (name.starts_with("pooling_mode_")) {
            expect_off("bert", json, file, key);
        } else {
            throw load_error("bert", json.place(key), "mean pooling alone", "a further key");
        }
    }
}

/// The names of the special tokens, with their ids: the numbers of their lines in vocab.txt.
inline std::unordered_map<std::string, idx> special_tokens(const std::string& vocabulary,
                                                           const json_object& config) {
    constexpr idx absent = ~idx{0};
    std::unordered_map<std::string, idx> ids;
    for (const auto& [key, name] :
         {std::pair{"unk_token", "[UNK]"}, std::pair{"cls_token", "[CLS]"},
          std::pair{"sep_token", "[SEP]"}, std::pair{"pad_token", "[PAD]"},
          std::pair{"mask_token", "[MASK]"}})
        ids.emplace(config.value_or<std::string>(key, name), absent);
    const mapped_file file{vocabulary};
    for (line_reader lines{"bert", vocabulary, text_of(file)}; lines.next();)
        if (const auto found = ids.find(std::string{lines.line()}); found != ids.end())
            found->second = lines.number() - 1;
    std::erase_if(ids, [](const auto& token) { return token.second == absent; });
    return ids;
}

/// Tokens that were added to those of vocab.txt would be cut into its pieces.
class added_tokens {
  public:
    added_tokens(const std::string& folder, const json_object& config)
        : special_(special_tokens(folder + "/vocab.txt", config)) {}

    void expect_special(const json_object& token, const std::string& id) const {
        const auto content = token.required<std::string>("content");
        if (!token.required<bool>("special"))
            throw load_error("bert", token.place("content"), "a special token of vocab.txt",
                             in_quotes(content) + ", which is not special");
        expect_known(token.place("content"), content, id);
    }
    void expect_known(const std::string& place, const std::string& content,
                      const std::string& id) const {
        const auto found = special_.find(content);
        if (found == special_.end() || std::to_string(found->second) != id)
            throw load_error("bert", place, "a special token of vocab.txt, and its id",
                             "the added token " + in_quotes(content) + " of the id " + legible(id));
    }

  private:
    std::unordered_map<std::string, idx> special_;
};

/// A switch as a word; unset is `absent`.
inline std::string word_of(const json_object& json, const char* key, const std::string& absent) {
    return !json.has(key) ? absent : json.required<bool>(key) ? "true" : "false";
}

/// What tokenizer.json does to a text is what tokenizer_config.json makes load_wordpiece do.
inline void expect_same_normalizer(const json_object& json, const std::string& file,
                                   const json_object& config) {
    const json_object normalizer = json.child("normalizer");
    expect_word("bert", normalizer, key_of(file, "normalizer"), "type", "BertNormalizer");
    const auto expect_same = [&](const char* key, const std::string& actual,
                                 const std::string& expected) {
        if (actual != expected)
            throw load_error("bert", normalizer.place(key), expected + ", as reckon reads a text",
                             actual);
    };
    const auto lower = word_of(config, "do_lower_case", "true");
    expect_same("lowercase", word_of(normalizer, "lowercase", "true"), lower);
    expect_same("strip_accents", word_of(normalizer, "strip_accents", lower),
                word_of(config, "strip_accents", lower));
    expect_same("handle_chinese_chars", word_of(normalizer, "handle_chinese_chars", "true"),
                word_of(config, "tokenize_chinese_chars", "true"));
    expect_same("clean_text", word_of(normalizer, "clean_text", "true"), "true");
}

/// tokenizer.json, added_tokens.json and tokenizer_config.json, each where it is there.
inline void expect_plain_tokenizer(const std::string& folder) {
    const std::string config_file = folder + "/tokenizer_config.json";
    const json_object config = read_or_empty(config_file);
    expect_word("bert", config, config_file, "truncation_side", "right", "right");

    const added_tokens added{folder, config};
    if (config.has("added_tokens_decoder")) {
        const json_object tokens = config.child("added_tokens_decoder");
        for (const std::string& id : tokens.keys())
            added.expect_special(tokens.child(id.c_str()), id);
    }
    const json_object older = read_or_empty(folder + "/added_tokens.json");
    for (const std::string& token : older.keys())
        added.expect_known(older.place(token.c_str()), token,
                           std::to_string(older.required<idx>(token.c_str())));

    const std::string file = folder + "/tokenizer.json";
    if (!is_there(file)) return;
    const json_object json = json_object::read(file);
    for (const json_object& token : json.children("added_tokens"))
        added.expect_special(token, std::to_string(token.required<idx>("id")));
    if (json.has("truncation"))
        expect_word("bert", json.child("truncation"), key_of(file, "truncation"), "direction",
                    "Right", "Right");
    expect_same_normalizer(json, file, config);
}

/// Prompts are there to be asked for; a default one would stand in front of every text.
inline void expect_no_default_prompt(const std::string& folder) {
    const json_object json = read_or_empty(folder + "/config_sentence_transformers.json");
    constexpr const char* key = "default_prompt_name";
    if (json.has(key))
        throw load_error("bert", json.place(key), "null",
                         in_quotes(json.required<std::string>(key)));
}

}  // namespace sentence

/// Refuses a sentence encoder that asks for anything but the above; read_text_limit calls it.
inline void expect_plain_sentence_encoder(const std::string& folder) {
    const std::string modules = folder + "/modules.json";
    if (!sentence::is_there(modules)) return;
    const std::string pooling = sentence::expect_modules(modules);
    sentence::expect_mean(folder + "/" + pooling + "/config.json");
    sentence::expect_no_default_prompt(folder);
    sentence::expect_plain_tokenizer(folder);

    const std::string file = folder + "/sentence_bert_config.json";
    const json_object json = sentence::read_or_empty(file);
    expect_off("bert", json, file, "do_lower_case");
    for (const std::string& key : json.keys())
        if (key != "max_seq_length" && key != "do_lower_case")
            throw load_error("bert", json.place(key.c_str()), "max_seq_length alone",
                             "a further key");
}

/// How many ids of a text a sentence encoder reads, the first and the last token included:
/// `max_seq_length` of sentence_bert_config.json, and never more than the model has positions. A
/// folder that asks for other vectors than `reckon::embed` makes is refused here, so that whoever
/// reads the limit can't forget to ask.
inline idx read_text_limit(const std::string& folder, const config& size) {
    expect_plain_sentence_encoder(folder);
    const std::string file = folder + "/sentence_bert_config.json";
    const idx limit = json_object::read(file).required<idx>("max_seq_length");
    if (limit < 2)
        throw load_error("bert", key_of(file, "max_seq_length"), "at least 2",
                         std::to_string(limit));
    return std::min(limit, size.positions);
}

}}}}  // namespace reckon::v0::RECKON_ISA::bert
