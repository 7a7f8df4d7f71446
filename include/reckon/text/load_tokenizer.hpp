// A tokenizer from a file of either kind, told by its content. What comes back is a `tokenizer`:
//     const reckon::any_tokenizer t = reckon::load_tokenizer("F.model");
//     t.encode(std::string_view) -> std::vector<std::int32_t>      without <s> and </s>
//     t.decode(std::span<const std::int32_t>) -> std::string       skips them, and the space in
//     front t.vocabulary() -> idx;   t.bos(), t.eos(), t.unknown() -> std::optional<std::int32_t>
// Needs reckon::sentencepiece. Errors are reckon::load_error, which name the file.
#pragma once

#include <reckon/text/llama2c_vocabulary.hpp>
#include <reckon/text/sentencepiece.hpp>
#include <reckon/text/tokenizer.hpp>

#include <string>
#include <utility>
#include <variant>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class any_tokenizer {
  public:
    any_tokenizer(sentencepiece_tokenizer t) : held_(std::move(t)) {}
    any_tokenizer(llama2c_vocabulary t) : held_(std::move(t)) {}

    std::vector<std::int32_t> encode(std::string_view text) const {
        return std::visit([&](const auto& t) { return t.encode(text); }, held_);
    }
    std::string decode(std::span<const std::int32_t> ids) const {
        return std::visit([&](const auto& t) { return t.decode(ids); }, held_);
    }
    idx vocabulary() const {
        return std::visit([](const auto& t) { return t.vocabulary(); }, held_);
    }
    std::optional<std::int32_t> bos() const {
        return std::visit([](const auto& t) { return t.bos(); }, held_);
    }
    std::optional<std::int32_t> eos() const {
        return std::visit([](const auto& t) { return t.eos(); }, held_);
    }
    std::optional<std::int32_t> unknown() const {
        return std::visit([](const auto& t) { return t.unknown(); }, held_);
    }

  private:
    std::variant<sentencepiece_tokenizer, llama2c_vocabulary> held_;
};

/// A SentencePiece model, or llama2.c's vocabulary: that one begins with a small number in four
/// bytes, where a model has the tag and the beginning of a piece.
inline any_tokenizer load_tokenizer(const std::string& file) {
    const mapped_file mapped{file};
    const std::string_view content = text_of(mapped);
    if (content.size() > 4 && content[2] == 0 && content[3] == 0)
        return llama2c_vocabulary{content, file};
    return sentencepiece_tokenizer{content, file};
}

}}}  // namespace reckon::v0::RECKON_ISA
