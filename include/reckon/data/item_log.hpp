// Logs of who met which item when, in the forms that people have, as sequences of item numbers in
// time order. `lines` (user item item ..) states the numbers itself; elsewhere items are named, and
// get the numbers 1, 2 .. in the order in which the log first names them; the names are kept, so
// that a model's folder can tell what its numbers mean.
//     recbole      an atomic file with user_id, item_id and timestamp, tab separated, with its
//     header movielens    u.data (tabs), ratings.dat (::) or ratings.csv (commas, with a header)
#pragma once

#include <reckon/data/recbole_table.hpp>
#include <reckon/data/sequences.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct item_log {
    std::vector<std::int32_t> items;  // of all users, packed
    std::vector<idx> offsets = {0};   // [users + 1]
    std::int32_t last_item = 0;       // numbers are 1 .. last_item
    std::vector<std::string> names;   // of item i + 1; none where the file numbers its items

    idx users() const { return offsets.size() - 1; }
    std::span<const std::int32_t> operator[](idx user) const {
        return std::span{items}.subspan(offsets[user], offsets[user + 1] - offsets[user]);
    }
};

namespace detail {

/// Events as they come, by user and then time, of equal times in the order of the file.
class item_log_builder {
  public:
    void add(std::string_view user, std::string_view item, double time) {
        events_.push_back({number_of(users_, user), number_of(items_, item), time});
        if (idx(events_.back().item) > names_.size()) names_.emplace_back(item);
    }
    item_log log() && {
        std::stable_sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.user, a.time) < std::tie(b.user, b.time);
        });
        item_log made;
        for (idx i = 0; i < events_.size(); ++i) {
            made.items.push_back(events_[i].item);
            if (i + 1 == events_.size() || events_[i + 1].user != events_[i].user)
                made.offsets.push_back(i + 1);
        }
        made.last_item = std::int32_t(names_.size());
        made.names = std::move(names_);
        return made;
    }

  private:
    struct event {
        std::int32_t user, item;
        double time;
    };
    using numbers = std::unordered_map<std::string, std::int32_t>;
    static std::int32_t number_of(numbers& all, std::string_view name) {
        return all.emplace(std::string{name}, std::int32_t(all.size() + 1)).first->second;
    }

    numbers users_, items_;
    std::vector<std::string> names_;
    std::vector<event> events_;
};

/// Users of any length stay: how many items are too few is the task's business.
inline item_log parse_item_lines(std::string_view text, std::string_view file) {
    constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max() - 2;
    item_log made;
    each_item_line(text, file, most, [&](std::span<const std::int32_t> items) {
        for (const std::int32_t item : items) made.last_item = std::max(made.last_item, item);
        made.items.insert(made.items.end(), items.begin(), items.end());
        made.offsets.push_back(made.items.size());
    });
    return made;
}

inline item_log parse_recbole_events(std::string_view text, std::string_view file) {
    recbole_table table(text, file);
    const idx user = table.column("user_id:token"), item = table.column("item_id:token"),
              time = table.column("timestamp:float");
    item_log_builder made;
    while (table.next()) made.add(table.text(user), table.text(item), table.number<double>(time));
    return std::move(made).log();
}

/// user, item, rating, time, separated as the first line is.
inline item_log parse_movielens_ratings(std::string_view text, std::string_view file) {
    line_reader lines("movielens", file, text);
    item_log_builder made;
    std::string_view separator;
    while (lines.next()) {
        if (lines.line().empty()) continue;
        if (separator.empty()) {
            for (const std::string_view one : {"::", "\t", ","})
                if (separator.empty() && lines.line().find(one) != std::string_view::npos)
                    separator = one;
            if (separator.empty())
                lines.refuse("user, item, rating and time, separated by tabs, :: or commas",
                             in_quotes(lines.line()));
            if (separator == "," && lines.line().starts_with("userId,")) continue;
        }
        std::array<std::string_view, 4> fields;
        std::string_view rest = lines.line();
        idx found = 0;
        for (bool more = true; more; ++found) {
            const auto end = rest.find(separator);
            more = end != rest.npos;
            if (found < fields.size()) fields[found] = rest.substr(0, end);
            rest.remove_prefix(more ? end + separator.size() : rest.size());
        }
        if (found != fields.size()) lines.refuse("4 fields", std::to_string(found));
        const auto time = number_from<double>(fields[3]);
        if (!time) lines.refuse("a time", in_quotes(fields[3]));
        if (fields[0].empty() || fields[1].empty())
            lines.refuse("a user and an item", in_quotes(lines.line()));
        made.add(fields[0], fields[1], *time);
    }
    return std::move(made).log();
}

}  // namespace detail

/// `format`: lines, recbole or movielens.
inline item_log parse_item_log(std::string_view format, std::string_view text,
                               std::string_view file) {
    if (format == "lines") return detail::parse_item_lines(text, file);
    if (format == "recbole") return detail::parse_recbole_events(text, file);
    if (format == "movielens") return detail::parse_movielens_ratings(text, file);
    throw load_error("item_log", "format", "lines, recbole or movielens", in_quotes(format));
}

inline item_log read_item_log(std::string_view format, const std::string& path) {
    const mapped_file file{path};
    return parse_item_log(format, text_of(file), path);
}

}}}  // namespace reckon::v0::RECKON_ISA
