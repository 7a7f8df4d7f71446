// Words with commas between them, as flags and metadata hold lists.
#pragma once

#include <reckon/core/config.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

inline std::string comma_list(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ",") + word;
    return all;
}

/// An empty text is a list of one empty word.
inline std::vector<std::string> words_of(std::string_view comma_list) {
    std::vector<std::string> words;
    for (idx at = 0; at <= comma_list.size();) {
        const idx end = std::min(comma_list.find(',', at), comma_list.size());
        words.emplace_back(comma_list.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

}}}  // namespace reckon::v0::RECKON_ISA
