// SentencePiece models of every kind (BPE, Unigram, with bytes or a character map), by the library
// itself: the only header that meets it (component reckon::sentencepiece, 0.1.97 or later).
// Ids and texts are the library's, so Python's `sentencepiece` gives the same.
//
// Odd input: each byte that belongs to no character of UTF-8 reads as U+FFFD, and a zero byte is a
// character like any other; whether the vocabulary has pieces for them is the model's affair. A
// spelling such as "<s>" is text; a symbol that the model itself declares as user-defined is a
// piece of text too, and never bos() or eos().
#pragma once

#include <reckon/io/lines.hpp>
#include <reckon/text/sentencepiece_file.hpp>
#include <reckon/text/tokenizer.hpp>

#include <sentencepiece_processor.h>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class sentencepiece_tokenizer {
  public:
    /// The library counts in 32 bits what a character map may make of a text.
    static constexpr idx longest_text = idx{1} << 26;  // bytes

    /// `model` is the content of a model's file, which `file` names in errors; it is copied.
    explicit sentencepiece_tokenizer(std::string_view model, std::string_view file = "model") {
        detail::expect_sentencepiece_model(model, file);
        auto pieces = std::make_shared<sentencepiece::SentencePieceProcessor>();
        const std::string why = refusal([&] { return pieces->LoadFromSerializedProto(model); });
        if (!why.empty()) throw load_error("sentencepiece", file, "a SentencePiece model", why);
        pieces_ = std::move(pieces);
    }
    static sentencepiece_tokenizer load(const std::string& file) {
        return sentencepiece_tokenizer{text_of(mapped_file{file}), file};
    }

    /// The ids of a text's pieces: no special id is among them, but unknown() for what the
    /// vocabulary lacks.
    std::vector<std::int32_t> encode(std::string_view text) const {
        expect_that(text.size() <= longest_text, "sentencepiece", "text", "at most 67108864 bytes",
                    text.size());
        std::vector<std::int32_t> ids;
        expect_done("text", [&] { return pieces_->Encode(text, &ids); });
        return ids;
    }

    /// The text of ids: control ids have none, unknown() has the model's own (" ⁇ "), and bytes
    /// that are not UTF-8 become U+FFFD. A space that encode put in front is stripped.
    std::string decode(std::span<const std::int32_t> ids) const {
        for (const std::int32_t id : ids)
            if (id < 0 || idx(id) >= vocabulary())
                detail::refuse_id("sentencepiece", vocabulary(), id);
        std::string text;
        expect_done("ids",
                    [&] { return pieces_->Decode(std::vector(ids.begin(), ids.end()), &text); });
        return text;
    }

    idx vocabulary() const { return idx(pieces_->GetPieceSize()); }
    std::optional<std::int32_t> bos() const { return id_or_nothing(pieces_->bos_id()); }
    std::optional<std::int32_t> eos() const { return id_or_nothing(pieces_->eos_id()); }
    std::optional<std::int32_t> unknown() const { return id_or_nothing(pieces_->unk_id()); }

  private:
    static_assert(std::is_same_v<int, std::int32_t>, "the library's ids are ints");

    // What the library has against it, empty if nothing; some of its parts return a status, others
    // throw.
    template <class Call> static std::string refusal(const Call& call) {
        try {
            const auto status = call();
            return status.ok() ? "" : in_quotes(status.error_message());
        } catch (const std::exception& thrown) {
            return in_quotes(thrown.what());
        }
    }
    template <class Call> static void expect_done(const char* argument, const Call& call) {
        const std::string why = refusal(call);
        if (!why.empty()) throw load_error("sentencepiece", argument, "what the model takes", why);
    }
    static std::optional<std::int32_t> id_or_nothing(int id) {
        return id < 0 ? std::nullopt : std::optional{id};
    }

    std::shared_ptr<const sentencepiece::SentencePieceProcessor> pieces_;  // shared by copies
};

}}}  // namespace reckon::v0::RECKON_ISA
