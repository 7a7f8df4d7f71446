// What the demo prints, within 80 columns.
#pragma once

#include "evaluation.hpp"
#include "films.hpp"

#include <reckon/retrieval/exact_index.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

using film_list = std::vector<reckon::film>;

/// The films whose vectors lie nearest to those of three that everybody knows.
inline void print_similar(auto& ctx, const reckon::exact_index& index, const film_list& films) {
    for (const char* known : {"Star Wars", "Toy Story", "Godfather, The"})
        for (reckon::idx row = 0; row < films.size(); ++row) {
            if (films[row].title != known) continue;
            const std::vector<std::int32_t> itself[] = {{static_cast<std::int32_t>(row)}};
            const auto found = index.search(ctx, index.vectors().slice(row, 1), 4, itself);
            std::printf("\nMost like %s\n", name_of(films[row]).c_str());
            for (reckon::idx i = 0; i < 4; ++i)
                std::printf("  %.2f  %.70s\n", double(found.scores.look()(0, i)),
                            name_of(films[reckon::idx(found.items.look()(0, i))]).c_str());
        }
}

/// What three people liked last, beside what they are recommended.
inline void print_recommendations(const reckon::leave_one_out& split, const film_list& films,
                                  const reckon::neighbours& recommended) {
    const auto name = [&](std::int32_t film) { return name_of(films[reckon::idx(film)]); };
    for (const reckon::idx row : {7u, 15u, 20u}) {
        if (row >= split.users().size()) continue;
        const auto& person = split.users()[row];
        const auto liked = liked_before(split, person);
        std::printf("\nPerson %-3d liked last                     and is recommended\n",
                    split.target(person).user);
        for (reckon::idx i = 0; i < std::min(liked.size(), reckon::idx{5}); ++i)
            std::printf("  %-36.36s    %-.38s\n", name(liked[i]).c_str(),
                        name(recommended.items.look()(row, i)).c_str());
    }
}

inline void print_comparison(const comparison& result) {
    const auto line = [](const char* method, const outcome& o) {
        std::printf("  %-14s      %.4f   %.4f         %.4f   %.4f\n", method, o.all.hit_rate(),
                    o.all.ndcg(), o.rare.hit_rate(), o.rare.ndcg());
    };
    std::printf(
        "\nIs the film a person liked last among ten recommended from what came before?\n\n"
        "                      all %zu targets         %zu with under %zu ratings\n"
        "                      HR@10    NDCG@10        HR@10    NDCG@10\n",
        result.text.all.targets(), result.text.rare.targets(), few_ratings);
    line("text retrieval", result.text);
    line("popularity", result.popularity);
    line("random", result.random);
    std::puts(
        "\nRatings are counted up to the target's own time, for popularity and for \"under\n"
        "20\". Counting wins wherever there is something to count; a text needs no\n"
        "ratings, and that is what helps a new film.");
}
