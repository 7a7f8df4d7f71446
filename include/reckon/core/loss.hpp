// What losses are told besides the scores: which column of each row is right, and what else the
// rows' softmax takes into account.
#pragma once

#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 {

/// Row i's target is column columns(0, i); a row whose column is `ignored` counts for nothing.
/// Where columns stand for items, which may come more than once or by chance be the target, their
/// ids hide them: column j is left out of row i if column_ids(i or 0, j) = target_ids(0, i) and j
/// is not the target's column.
struct softmax_targets {
    view<const std::int32_t> columns;       // [1, rows]
    view<const std::int32_t> column_ids{};  // [rows or 1, columns], or none
    view<const std::int32_t> target_ids{};  // [1, rows], with column_ids
    std::int32_t ignored = -1;

    /// Rows [first, first + count).
    RECKON_BOTH constexpr softmax_targets slice(idx first, idx count) const {
        softmax_targets own = *this;
        own.columns = columns.columns(first, count);
        if (column_ids.rows > 1) own.column_ids = column_ids.slice(first, count);
        if (target_ids.cols != 0) own.target_ids = target_ids.columns(first, count);
        return own;
    }
};

/// Rows whose scores exist at a time where a product and its cross-entropy are one.
inline constexpr idx cross_entropy_band = 144;

template <class E> struct softmax_options {
    double weight = 1;    // of every row's loss and gradient: 1 / all targets of the step
    E scale = 1;          // 1 / temperature: what scores are multiplied by first
    float smoothing = 0;  // e: the target is (1 - e) onehot + e / columns (Szegedy et al. 2016)
    view<const E> class_weights{};  // [1, columns], of each target's loss, or none
    view<const E> log_shares{};  // [rows or 1, columns]: log of how often a column is drawn, which
                                 // is taken off its score (Bengio and Senecal 2008), or none

    /// Rows [first, first + count).
    RECKON_BOTH constexpr softmax_options slice(idx first, idx count) const {
        softmax_options own = *this;
        if (log_shares.rows > 1) own.log_shares = log_shares.slice(first, count);
        return own;
    }
};

}}  // namespace reckon::v0
