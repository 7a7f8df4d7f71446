// A user's text and an item's as the ids that a model reads, at most `limit` of them: what is too
// long loses the beginning of the user's text, which is the oldest, and never any of the item's.
//     encoders, by WordPiece:  [CLS] user [SEP] item [SEP], types 0 and, from the item on, 1
//     decoders:                <s> user item </s>
#pragma once

#include <reckon/text/tokenizer.hpp>
#include <reckon/text/wordpiece.hpp>

#include <algorithm>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct encoded_pair {
    std::vector<std::int32_t> ids, types;  // no types: all are 0
    idx source = 0;                        // ids of the user's part
    idx cut = 0;                           // ids of the user's text that were left out
};

/// The special tokens that a pair is made with.
struct pair_tokens {
    std::optional<std::int32_t> begin, middle, end;
};
inline pair_tokens pair_tokens_of(const wordpiece& t) {
    const auto ids = t.encode("");
    return {ids.front(), ids.back(), ids.back()};
}
template <tokenizer T> pair_tokens pair_tokens_of(const T& t) { return {t.bos(), {}, t.eos()}; }

/// A text alone.
inline std::vector<std::int32_t> ids_without_marks(const wordpiece& t, std::string_view text) {
    auto ids = t.encode(text);
    ids.pop_back();
    ids.erase(ids.begin());
    return ids;
}
template <tokenizer T>
std::vector<std::int32_t> ids_without_marks(const T& t, std::string_view text) {
    return t.encode(text);
}

/// `place` is for the error about an item that is too long by itself.
template <class Tokenizer>
encoded_pair encode_pair(const Tokenizer& t, std::string_view user, std::string_view item,
                         idx limit, std::string_view place = "item") {
    const pair_tokens marks = pair_tokens_of(t);
    const auto users = ids_without_marks(t, user), items = ids_without_marks(t, item);
    const idx fixed = idx(marks.begin.has_value()) + idx(marks.middle.has_value()) +
                      idx(marks.end.has_value()) + items.size();
    if (fixed > limit || fixed == 0)
        throw load_error("encode_pair", place,
                         "an item of 1 to " + std::to_string(limit) + " ids with its marks",
                         std::to_string(fixed));
    encoded_pair pair;
    pair.cut = users.size() - std::min(users.size(), limit - fixed);
    const auto put = [&](const std::optional<std::int32_t>& id) {
        if (id) pair.ids.push_back(*id);
    };
    put(marks.begin);
    pair.ids.insert(pair.ids.end(), users.begin() + std::ptrdiff_t(pair.cut), users.end());
    put(marks.middle);
    pair.source = pair.ids.size();
    pair.ids.insert(pair.ids.end(), items.begin(), items.end());
    put(marks.end);
    if (marks.middle) {
        pair.types.assign(pair.ids.size(), 1);
        std::fill_n(pair.types.begin(), pair.source, 0);
    }
    return pair;
}

}}}  // namespace reckon::v0::RECKON_ISA
