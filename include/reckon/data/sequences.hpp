// Interaction sequences as sequential recommenders publish them: a user a line, `user item item
// ...` in time order, separated by blanks. Users with fewer than two items are counted, not kept:
// there is nothing to predict from, or nothing to predict.
#pragma once

#include <reckon/data/number.hpp>
#include <reckon/io/lines.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct sequences {
    std::vector<std::int32_t> items;  // of all users, packed
    std::vector<idx> offsets = {0};   // [users + 1]
    idx skipped = 0;                  // users with fewer than two items

    idx users() const { return offsets.size() - 1; }
    std::span<const std::int32_t> operator[](idx user) const {
        return std::span{items}.subspan(offsets[user], offsets[user + 1] - offsets[user]);
    }
};

/// take(items) for each line of such a text, `file` in errors: item ids are 1 .. `last_item`, for 0
/// is padding; the user's id, any number from 0, is checked and dropped. Lines of blanks only are
/// passed over.
template <class Take>
void each_item_line(std::string_view text, std::string_view file, std::int32_t last_item,
                    const Take& take) {
    constexpr std::string_view blanks = " \t";
    std::vector<std::int32_t> items;
    line_reader lines("sequences", file, text);
    while (lines.next()) {
        std::string_view rest = lines.line();
        const auto next_word = [&] {
            rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
            const std::string_view word = rest.substr(0, rest.find_first_of(blanks));
            rest.remove_prefix(word.size());
            return word;
        };
        const std::string_view user = next_word();
        if (user.empty()) continue;
        if (!number_from<std::uint64_t>(user)) lines.refuse("a user's number", in_quotes(user));
        items.clear();
        for (auto word = next_word(); !word.empty(); word = next_word()) {
            const auto item = number_from<std::int32_t>(word);
            if (!item || *item < 1 || *item > last_item)
                lines.refuse("an item's number, 1 to " + std::to_string(last_item),
                             in_quotes(word));
            items.push_back(*item);
        }
        take(std::span<const std::int32_t>{items});
    }
}

inline sequences parse_sequences(std::string_view text, std::int32_t last_item,
                                 std::string_view file = "sequences") {
    sequences read;
    each_item_line(text, file, last_item, [&](std::span<const std::int32_t> items) {
        if (items.size() < 2) {
            ++read.skipped;
            return;
        }
        read.items.insert(read.items.end(), items.begin(), items.end());
        read.offsets.push_back(read.items.size());
    });
    return read;
}

inline sequences read_sequences(const std::string& path, std::int32_t last_item) {
    const mapped_file file{path};
    return parse_sequences(text_of(file), last_item, path);
}

}}}  // namespace reckon::v0::RECKON_ISA
