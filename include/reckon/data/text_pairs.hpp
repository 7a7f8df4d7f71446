// What a task is tuned and asked with, a JSON object a line:
//     {"user": "liked Alien (1979), ..", "item": "Heat (1995)", "label": 1, "task": "clicks"}
// `user` and `item` are texts; `label`, from 0 on, and `task` may be missing. Another key is an
// error that names line and key.
#pragma once

#include <reckon/io/json.hpp>
#include <reckon/io/lines.hpp>

#include <optional>
#include <string>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct text_pair {
    std::string user, item, task;
    std::optional<idx> label;
    idx line = 0;  // from 1
};

/// `file` is for errors.
inline std::vector<text_pair> parse_text_pairs(std::string_view text, const std::string& file) {
    std::vector<text_pair> all;
    for (line_reader lines{"text_pairs", file, text}; lines.next();) {
        const std::string place = file + ": line " + std::to_string(lines.number());
        if (lines.line().find_first_not_of(" \t") == std::string_view::npos)
            lines.refuse("an object", "an empty line");
        const auto json = json_object::parse(lines.line(), place);
        for (const std::string& key : json.keys())
            if (key != "user" && key != "item" && key != "label" && key != "task")
                throw load_error("text_pairs", json.place(key.c_str()), "user, item, label or task",
                                 "another key");
        text_pair& pair = all.emplace_back();
        pair.user = json.required<std::string>("user");
        pair.item = json.required<std::string>("item");
        pair.task = json.value_or<std::string>("task", "");
        if (json.has("label")) pair.label = json.required<idx>("label");
        pair.line = lines.number();
    }
    if (all.empty()) throw load_error("text_pairs", file, "a line or more", "none");
    return all;
}

inline std::vector<text_pair> read_text_pairs(const std::string& file) {
    const mapped_file mapped{file};
    return parse_text_pairs(text_of(mapped), file);
}

}}}  // namespace reckon::v0::RECKON_ISA
