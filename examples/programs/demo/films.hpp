// What the language model reads: a film as "The Usual Suspects (1995) Crime Thriller", a person as
// the last ten films liked.
#pragma once

#include <reckon/data/leave_one_out.hpp>
#include <reckon/data/movielens.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

/// "Usual Suspects, The" is how a catalogue sorts it, not how anybody writes.
inline std::string spoken_title(const std::string& title) {
    for (const std::string_view article :
         {"The", "A", "An", "Les", "La", "Le", "Il", "El", "Das"}) {
        const auto length = article.size() + 2;
        if (title.ends_with(article) && title.size() > length &&
            title.compare(title.size() - length, 2, ", ") == 0)
            return std::string{article} + ' ' + title.substr(0, title.size() - length);
    }
    return title;
}

inline std::string name_of(const reckon::film& film) {
    return spoken_title(film.title) + " (" + film.year + ")";
}

inline std::vector<std::string> texts_of(const std::vector<reckon::film>& films) {
    std::vector<std::string> texts;
    for (const auto& film : films) texts.push_back(name_of(film) + ' ' + film.genres);
    return texts;
}

/// The films a person liked before the target, the last one first, ten at most.
inline std::vector<std::int32_t> liked_before(const reckon::leave_one_out& split,
                                              const reckon::leave_one_out::held_out& person) {
    std::vector<std::int32_t> films;
    const auto history = split.history(person);
    for (auto event = history.rbegin(); event != history.rend() && films.size() < 10; ++event)
        if (event->rating >= 4) films.push_back(event->item);
    return films;
}

/// A text for each person who has a target.
inline std::vector<std::string> texts_of(const reckon::leave_one_out& split,
                                         const std::vector<std::string>& films) {
    std::vector<std::string> texts;
    for (const auto& person : split.users()) {
        std::string& text = texts.emplace_back();
        for (const auto film : liked_before(split, person)) text += films[std::size_t(film)] + "; ";
    }
    return texts;
}
