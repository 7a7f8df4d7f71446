// MovieLens as RecBole's atomic files hold it: who rated which film, and what the films are called.
// Checked at the door: numbers are finite, films unique, and no event names a film that isn't
// there.
#pragma once

#include <reckon/data/event.hpp>
#include <reckon/data/recbole_table.hpp>
#include <reckon/io/lines.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct film {
    std::int32_t id = 0;  // in the files
    std::string title;
    std::string year;    // a text: a few films have none, or something else
    std::string genres;  // separated by blanks
};

struct movielens {
    std::vector<film> films;
    std::vector<event> events;  // in the file's order; `item` is a row of `films`
};

struct file_text {
    std::string_view text, name;  // the name is for errors
};

inline movielens parse_movielens(file_text films, file_text events) {
    movielens read;
    std::unordered_map<std::int32_t, std::int32_t> rows;  // of a film's id
    {
        recbole_table table(films.text, films.name);
        const idx id = table.column("item_id:token"), title = table.column("movie_title:token_seq"),
                  year = table.column("release_year:token"),
                  genres = table.column("class:token_seq");
        while (table.next()) {
            const auto row = static_cast<std::int32_t>(read.films.size());
            read.films.push_back({table.number<std::int32_t>(id), std::string{table.text(title)},
                                  std::string{table.text(year)}, std::string{table.text(genres)}});
            if (!rows.emplace(read.films.back().id, row).second) table.refuse(id, "new");
        }
    }
    recbole_table table(events.text, events.name);
    const idx user = table.column("user_id:token"), item = table.column("item_id:token"),
              rating = table.column("rating:float"), time = table.column("timestamp:float");
    while (table.next()) {
        const auto row = rows.find(table.number<std::int32_t>(item));
        if (row == rows.end()) table.refuse(item, "a film of " + std::string{films.name});
        read.events.push_back({table.number<std::int32_t>(user), row->second,
                               table.number<float>(rating), table.number<double>(time)});
    }
    return read;
}

/// Reads NAME.item and NAME.inter of a folder, such as ml-100k.
inline movielens read_movielens(const std::string& folder, const std::string& name = "ml-100k") {
    const std::string items = folder + "/" + name + ".item",
                      events = folder + "/" + name + ".inter";
    const mapped_file item_file{items}, event_file{events};
    return parse_movielens({text_of(item_file), items}, {text_of(event_file), events});
}

}}}  // namespace reckon::v0::RECKON_ISA
