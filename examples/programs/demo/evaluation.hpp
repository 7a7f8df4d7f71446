// Leave-one-out: is the film that a person liked last among the ten that a method recommends,
// knowing what came before? Films of the person's history are no candidates.
#pragma once

#include <reckon/core/random.hpp>
#include <reckon/data/leave_one_out.hpp>
#include <reckon/metrics/ranking.hpp>
#include <reckon/retrieval/index.hpp>

#include <algorithm>
#include <span>
#include <vector>

constexpr reckon::idx best = 10;         // films recommended
constexpr reckon::idx few_ratings = 20;  // a target with fewer so far is hard to know by counting

struct outcome {
    reckon::ranking_at all{best}, rare{best};

    void add(reckon::idx rank, bool is_rare) {
        all.add(rank);
        if (is_rare) rare.add(rank);
    }
};

struct comparison {
    outcome text, popularity, random;
};

/// The target's place among the recommended, or the first place behind them.
inline reckon::idx rank_among(std::span<const std::int32_t> recommended, std::int32_t target) {
    return 1 + reckon::idx(std::find(recommended.begin(), recommended.end(), target) -
                           recommended.begin());
}

/// `recommended` [people, best] for the people of the split, in their order. Popularity is the
/// number of ratings before the target's time.
inline comparison compare(const reckon::leave_one_out& split, reckon::idx films,
                          const reckon::neighbours& recommended) {
    std::vector<reckon::event> log(split.events().begin(), split.events().end());
    std::sort(log.begin(), log.end(), [](auto& a, auto& b) { return a.time < b.time; });
    std::vector<reckon::idx> people(split.users().size());
    for (reckon::idx i = 0; i < people.size(); ++i) people[i] = i;
    const auto target = [&](reckon::idx p) { return split.target(split.users()[p]); };
    std::sort(people.begin(), people.end(),
              [&](reckon::idx a, reckon::idx b) { return target(a).time < target(b).time; });

    comparison result;
    std::vector<float> ratings(films), chance(films);
    auto next = log.begin();
    for (const reckon::idx person : people) {
        const auto [user, film, rating, time] = target(person);
        for (; next->time < time; ++next) ++ratings[reckon::idx(next->item)];
        const reckon::philox noise{.seed = 1, .stream = person};
        for (reckon::idx i = 0; i < films; ++i) chance[i] = noise.uniform(i);

        const auto seen = split.seen(split.users()[person]);
        const bool is_rare = ratings[reckon::idx(film)] < few_ratings;
        const std::span row{recommended.items.look().row(person), best};
        result.text.add(rank_among(row, film), is_rare);
        result.popularity.add(reckon::rank_of(ratings, reckon::idx(film), seen), is_rare);
        result.random.add(reckon::rank_of(chance, reckon::idx(film), seen), is_rare);
    }
    return result;
}
