// The vocabulary of M6-Rec: a tokenizer's pieces and seven special tokens behind the last of them.
// Only their ids stand for them: "[EOS]" in a text is text, and what the pieces lack is the pieces'
// own unknown(), not [UNK], which is for what a caller leaves out.
#pragma once

#include <reckon/text/tokenizer.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// In the order of their ids. Those of the context mark the first region, [BOS'] and [EOS'].
enum class m6_token { padding, unknown, context_begin, context_end, begin, end, mask };
inline constexpr std::string_view m6_token_names[] = {"[PAD]", "[UNK]", "[BOS']", "[EOS']",
                                                      "[BOS]", "[EOS]", "[MASK]"};

template <tokenizer Pieces> class m6_tokenizer {
  public:
    explicit m6_tokenizer(Pieces pieces) : pieces_(std::move(pieces)) {}

    std::int32_t id(m6_token token) const {
        return static_cast<std::int32_t>(pieces_.vocabulary()) + static_cast<std::int32_t>(token);
    }
    idx vocabulary() const { return pieces_.vocabulary() + std::size(m6_token_names); }

    std::vector<std::int32_t> encode(std::string_view text) const { return pieces_.encode(text); }

    /// The text of ids without the special tokens, as one text.
    std::string decode(std::span<const std::int32_t> ids) const {
        std::vector<std::int32_t> pieces;
        for (const std::int32_t id : ids)
            if (!is_special(id)) pieces.push_back(id);
        return pieces_.decode(pieces);
    }
    /// For people: special tokens by their names, and between two of them a text of its own. No
    /// inverse of encode.
    std::string show(std::span<const std::int32_t> ids) const {
        std::string text;
        while (!ids.empty()) {
            idx end = 0;
            while (end < ids.size() && !is_special(ids[end])) ++end;
            text += pieces_.decode(ids.first(end));
            if (end < ids.size()) text += m6_token_names[idx(ids[end++] - id(m6_token::padding))];
            ids = ids.subspan(end);
        }
        return text;
    }

    std::optional<std::int32_t> bos() const { return id(m6_token::begin); }
    std::optional<std::int32_t> eos() const { return id(m6_token::end); }
    std::optional<std::int32_t> unknown() const { return pieces_.unknown(); }

  private:
    bool is_special(std::int32_t id) const {
        return id >= this->id(m6_token::padding) && id <= this->id(m6_token::mask);
    }

    Pieces pieces_;
};

}}}  // namespace reckon::v0::RECKON_ISA
