// A WordPiece tokenizer from a model's folder: vocab.txt and tokenizer_config.json. Keys that are
// missing, or the whole second file, take the defaults of the original's BertTokenizer; what would
// make it another tokenizer is refused by name. Needs reckon::json beside reckon::utf8proc.
#pragma once

#include <reckon/io/json.hpp>
#include <reckon/io/lines.hpp>
#include <reckon/text/wordpiece.hpp>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <system_error>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {
inline void expect_bert_tokenizer(const json_object& config, const std::string& file) {
    const auto refuse = [&](const char* key, const char* expected, const std::string& actual) {
        throw load_error("wordpiece", file + ": \"" + key + "\"", expected, actual);
    };
    // Tokenizers that are BERT's by another name, each in a slow and a fast make.
    std::string name = config.value_or<std::string>("tokenizer_class", "BertTokenizer");
    const std::string shown = in_quotes(name);
    if (name.ends_with("Fast")) name.resize(name.size() - 4);
    const auto known = {"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer",
                        "MobileBertTokenizer"};
    if (std::find(known.begin(), known.end(), name) == known.end())
        refuse("tokenizer_class", "BertTokenizer or one that is the same", shown);
    if (!config.value_or<bool>("do_basic_tokenize", true))
        refuse("do_basic_tokenize", "true", "false");
    if (config.has("never_split")) refuse("never_split", "null", "a list");
}

inline wordpiece_options wordpiece_options_from(const json_object& config) {
    wordpiece_options options;
    options.lower_case = config.value_or<bool>("do_lower_case", options.lower_case);
    if (config.has("strip_accents")) options.strip_accents = config.required<bool>("strip_accents");
    options.chinese_characters =
        config.value_or<bool>("tokenize_chinese_chars", options.chinese_characters);
    options.unknown = config.value_or<std::string>("unk_token", options.unknown);
    options.classify = config.value_or<std::string>("cls_token", options.classify);
    options.separator = config.value_or<std::string>("sep_token", options.separator);
    options.padding = config.value_or<std::string>("pad_token", options.padding);
    options.mask = config.value_or<std::string>("mask_token", options.mask);
    return options;
}
}  // namespace detail

inline wordpiece load_wordpiece(const std::string& folder) {
    const std::string vocabulary = folder + "/vocab.txt",
                      config = folder + "/tokenizer_config.json";
    wordpiece_options options;
    std::error_code unreachable;  // then vocab.txt is so too, and says why
    if (std::filesystem::exists(config, unreachable)) {
        const json_object object = json_object::read(config);
        detail::expect_bert_tokenizer(object, config);
        options = detail::wordpiece_options_from(object);
    }
    const mapped_file file{vocabulary};
    return wordpiece{text_of(file), options, vocabulary};
}

}}}  // namespace reckon::v0::RECKON_ISA
