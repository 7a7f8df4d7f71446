// BERT's WordPiece tokenizer (Devlin et al. 2019): words of the basic tokenizer, each cut greedily
// into the longest pieces of a vocabulary. A text cannot forge a special token: "[SEP]" in a text
// is the plain pieces "[", "sep", "]", where the original would insert the separator's id.
#pragma once

#include <reckon/io/lines.hpp>
#include <reckon/text/basic_tokenizer.hpp>
#include <reckon/text/token_batch.hpp>

#include <concepts>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct wordpiece_options {
    bool lower_case = true;
    std::optional<bool> strip_accents = {};  // unset: as `lower_case`
    bool chinese_characters = true;          // each a word of its own
    idx max_word = 100;                      // a word of more characters is unknown
    std::string unknown = "[UNK]", classify = "[CLS]", separator = "[SEP]";  // must be there
    std::string padding = "[PAD]", mask = "[MASK]";                          // may be missing
};

/// A range of what reads as std::string_view.
template <class T>
concept text_range = requires(const T& texts) {
    { *std::begin(texts) } -> std::convertible_to<std::string_view>;
    std::end(texts);
};

class wordpiece {
  public:
    static constexpr idx unlimited = std::numeric_limits<idx>::max();

    /// `vocabulary` is the text of a vocab.txt: a piece a line, its id the line's number from 0,
    /// pieces that continue a word behind "##". `file` names it in errors.
    explicit wordpiece(std::string_view vocabulary, const wordpiece_options& options = {},
                       std::string_view file = "vocabulary")
        : words_{options.lower_case, options.strip_accents.value_or(options.lower_case),
                 options.chinese_characters},
          max_word_(options.max_word) {
        read(vocabulary, file);
        unknown_ = reserve(options.unknown, file);
        classify_ = reserve(options.classify, file);
        separator_ = reserve(options.separator, file);
        openings_.erase(options.padding);
        openings_.erase(options.mask);
    }

    /// How many ids there are: 0 .. size() - 1.
    idx size() const { return size_; }

    /// [CLS], the pieces of the text, [SEP]: at most `max_length` ids, the last pieces being cut.
    std::vector<std::int32_t> encode(std::string_view text, idx max_length = unlimited) const {
        std::vector<std::int32_t> ids;
        append(ids, text, max_length);
        return ids;
    }

    /// The same for each text, packed.
    template <text_range Texts>
    token_batch encode(const Texts& texts, idx max_length = unlimited) const {
        token_batch batch;
        for (const auto& text : texts) {
            append(batch.ids, text, max_length);
            expect_that(batch.ids.size() <= idx{std::numeric_limits<std::int32_t>::max()},
                        "wordpiece", "texts", "at most 2147483647 ids in one batch",
                        batch.ids.size());
            batch.offsets.push_back(static_cast<std::int32_t>(batch.ids.size()));
        }
        return batch;
    }
    token_batch encode(std::initializer_list<std::string_view> texts,
                       idx max_length = unlimited) const {
        return encode<>(texts, max_length);
    }

  private:
    // Looked up by views of the word, without a string for each candidate.
    struct text_hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using piece_ids = std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>>;

    void read(std::string_view vocabulary, std::string_view file) {
        constexpr std::string_view mark = "##";
        line_reader lines("wordpiece", file, vocabulary);
        for (; lines.next(); ++size_) {
            const std::string_view piece = lines.line();
            if (piece.empty()) lines.refuse("a piece", "an empty line");
            // Elsewhere it would end the line, and shift the id of every piece behind it.
            if (piece.find('\r') != piece.npos) lines.refuse("a piece", "a carriage return in it");
            if (!unicode::is_utf8(piece)) lines.refuse("a piece in UTF-8", "other bytes");
            const bool opens = !piece.starts_with(mark);
            const auto [place, is_new] =
                opens ? openings_.emplace(piece, static_cast<std::int32_t>(size_))
                      : continuations_.emplace(piece.substr(mark.size()),
                                               static_cast<std::int32_t>(size_));
            if (!is_new)
                lines.refuse("a new piece", in_quotes(piece) + ", which line " +
                                                std::to_string(place->second + 1) + " has");
        }
    }

    // The id of a special token, which from now on no text can match.
    std::int32_t reserve(const std::string& token, std::string_view file) {
        const auto found = openings_.extract(token);
        if (found.empty())
            throw load_error("wordpiece", file, "the special token " + in_quotes(token),
                             std::to_string(size_) + " pieces without it");
        return found.mapped();
    }

    void append(std::vector<std::int32_t>& ids, std::string_view text, idx max_length) const {
        expect_that(max_length >= 2, "wordpiece", "max_length",
                    "at least 2, one each for the first and the last token", max_length);
        const idx before = ids.size();
        const auto is_full = [&] { return ids.size() - before >= max_length - 1; };
        ids.push_back(classify_);
        word_buffer buffer;
        words_(text, [&](std::u32string_view word) {
            append_word(ids, word, buffer);
            return !is_full();  // a long text is read no further than it counts
        });
        if (is_full()) ids.resize(before + max_length - 1);
        ids.push_back(separator_);
    }

    struct word_buffer {
        std::string text;         // the word in UTF-8
        std::vector<idx> begins;  // of each character in it, and its end
    };

    void append_word(std::vector<std::int32_t>& ids, std::u32string_view word,
                     word_buffer& buffer) const {
        if (word.size() > max_word_) return ids.push_back(unknown_);
        buffer.text.clear();
        buffer.begins.assign(1, 0);
        for (char32_t c : word) {
            unicode::append_utf8(buffer.text, c);
            buffer.begins.push_back(buffer.text.size());
        }
        const idx before = ids.size();
        for (idx begin = 0; begin < word.size();) {
            const auto [id, end] = longest_piece(buffer, begin);
            if (end == begin) {  // one hole makes the whole word unknown
                ids.resize(before);
                return ids.push_back(unknown_);
            }
            ids.push_back(id);
            begin = end;
        }
    }

    // The longest piece that the word has at its character `begin`, and the character behind it.
    std::pair<std::int32_t, idx> longest_piece(const word_buffer& word, idx begin) const {
        const piece_ids& pieces = begin == 0 ? openings_ : continuations_;
        const std::string_view rest = std::string_view{word.text}.substr(word.begins[begin]);
        for (idx end = word.begins.size() - 1; end > begin; --end) {
            const auto found = pieces.find(rest.substr(0, word.begins[end] - word.begins[begin]));
            if (found != pieces.end()) return {found->second, end};
        }
        return {unknown_, begin};
    }

    basic_tokenizer words_;
    idx max_word_;
    idx size_ = 0;
    piece_ids openings_, continuations_;  // of words; the second without their "##"
    std::int32_t unknown_ = 0, classify_ = 0, separator_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
