// Where targets stand among the candidates of one list: how many score better, and how many score
// the same. What the equal ones cost is the reader's choice (`ties`), since a model that gives
// every candidate one score ranks each target first when ties are in the target's favour.
#pragma once

#include <reckon/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Which rank a target has among candidates of its own score.
enum class ties {
    in_favour,  // the best, as in the published evaluations: 1 + better
    half,       // the mean over all orders of the equal ones: 1 + better + equal / 2
};

/// Candidates before and beside a target. Targets of one list and one score stand one behind
/// another, so they count as better than the later ones and never as equal: n targets hold n
/// different ranks.
struct standing {
    idx better = 0;  // candidates that score strictly more, and equal targets that come before
    idx equal = 0;   // candidates of the target's score that are no targets

    /// From 1 on. With `ties::half` it may end in a half.
    double rank(ties how) const {
        const double first = 1 + static_cast<double>(better);
        return how == ties::half ? first + static_cast<double>(equal) / 2 : first;
    }
    bool operator==(const standing&) const = default;
};

namespace detail {

/// Checks all of one list: `targets` ascend without repeats, `excluded` with or without.
template <class Id>
void check_list(const char* op, const char* name, std::span<const float> scores,
                std::span<const Id> targets, std::span<const std::int32_t> excluded) {
    for (idx i = 0; i < targets.size(); ++i) {
        if (idx(targets[i]) >= scores.size())  // so is what was negative
            fail(op, name, "an index of scores", targets[i]);
        if (i > 0 && targets[i] <= targets[i - 1])
            fail(op, name, "ascending indices without repeats", "others");
    }
    for (const float score : scores)
        if (std::isnan(score)) fail(op, "scores", "numbers", "NaN");
    for (idx i = 0; i < excluded.size(); ++i) {
        if (idx(excluded[i]) >= scores.size())
            fail(op, "excluded", "indices of scores", "one outside");
        if (i > 0 && excluded[i] < excluded[i - 1])
            fail(op, "excluded", "ascending indices", "one that falls");
    }
}

/// Of target `which`, in a list that was checked.
template <class Id>
standing standing_in(std::span<const float> scores, std::span<const Id> targets, idx which,
                     std::span<const std::int32_t> excluded) {
    const float bar = scores[idx(targets[which])];
    idx better = 0, equal = 0;
    for (const float score : scores) {
        better += score > bar;
        equal += score == bar;
    }
    for (idx i = 0; i < targets.size(); ++i)
        if (scores[idx(targets[i])] == bar) {
            --equal;
            better += i < which;
        }
    for (idx i = 0; i < excluded.size(); ++i) {
        if (i > 0 && excluded[i] == excluded[i - 1]) continue;
        if (std::binary_search(targets.begin(), targets.end(), Id(excluded[i]))) continue;
        better -= scores[idx(excluded[i])] > bar;
        equal -= scores[idx(excluded[i])] == bar;
    }
    return {better, equal};
}

}  // namespace detail

/// Of one target among all candidates but the `excluded`, which ascend (repeats are fine); the
/// target itself competes even where it is among them. A NaN anywhere is an error.
inline standing standing_of(std::span<const float> scores, idx target,
                            std::span<const std::int32_t> excluded = {}) {
    const std::span<const idx> one{&target, 1};
    detail::check_list("standing_of", "target", scores, one, excluded);
    return detail::standing_in(scores, one, 0, excluded);
}

/// Of each target of one list, into as many `standings`, in their order. Targets ascend without
/// repeats and compete even where they are excluded. One pass over the scores a target.
inline void standings_of(std::span<const float> scores, std::span<const std::int32_t> targets,
                         std::span<const std::int32_t> excluded, std::span<standing> standings) {
    expect("standings_of", "standings", targets.size(), standings.size());
    detail::check_list("standings_of", "targets", scores, targets, excluded);
    for (idx i = 0; i < targets.size(); ++i)
        standings[i] = detail::standing_in(scores, targets, i, excluded);
}

}}}  // namespace reckon::v0::RECKON_ISA
