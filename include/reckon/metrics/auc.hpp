// The area under the ROC curve: the share of pairs of a positive and a negative in which the
// positive scores more, where a pair of equal scores counts half (Hanley and McNeil 1982). Exact:
// the pairs are counted in integers, over sorted scores.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/metrics/labels.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

struct scored {
    float score;
    bool positive;
};

inline scored scored_at(const char* op, std::span<const float> scores,
                        std::span<const float> labels, idx place) {
    if (std::isnan(scores[place])) fail(op, "scores", "numbers", value_at(scores[place], place));
    return {scores[place], is_positive(op, labels, place)};
}

inline idx positives_of(std::span<const scored> examples) {
    return idx(std::count_if(examples.begin(), examples.end(),
                             [](const scored& e) { return e.positive; }));
}

/// Sorts the examples, which hold both classes. Twice the area is a number of half pairs, below
/// 2^64 for up to 2^32 examples.
inline double area_under_roc(std::span<scored> examples) {
    std::sort(examples.begin(), examples.end(),
              [](const scored& a, const scored& b) { return a.score < b.score; });
    std::uint64_t half_pairs = 0, positives = 0, negatives = 0;
    for (idx i = 0; i < examples.size();) {
        const float score = examples[i].score;
        std::uint64_t equal[2] = {};  // negatives, positives
        for (; i < examples.size() && examples[i].score == score; ++i)
            ++equal[examples[i].positive];
        half_pairs += equal[1] * (2 * negatives + equal[0]);
        negatives += equal[0];
        positives += equal[1];
    }
    return static_cast<double>(half_pairs) / (2 * static_cast<double>(positives * negatives));
}

}  // namespace detail

/// From 0 to 1, 0.5 for scores that say nothing. Scores are any numbers, infinite ones too, of
/// which only the order counts; labels are 0 or 1. One class alone has no area: an error, as are no
/// examples and a NaN. O(n log n); allocates 8 bytes an example.
inline double auc(std::span<const float> scores, std::span<const float> labels) {
    expect("auc", "labels", scores.size(), labels.size());
    std::vector<detail::scored> examples(scores.size());
    for (idx i = 0; i < examples.size(); ++i)
        examples[i] = detail::scored_at("auc", scores, labels, i);
    detail::expect_both("auc", examples.size(), detail::positives_of(examples));
    return detail::area_under_roc(examples);
}

}}}  // namespace reckon::v0::RECKON_ISA
