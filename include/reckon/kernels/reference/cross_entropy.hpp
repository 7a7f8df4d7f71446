// Cross-entropy of rows of scores, and its gradient.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/loss.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// With z_c = scale scores_c - log_shares_c, p = softmax(z) over the columns that are not hidden,
/// a = (1 - e) class_weight_target, b_c = e / columns class_weight_c:
///     loss = weight (a (-log p_target) + sum_c b_c (-log p_c))
///     dloss/dz_c = weight (a (p_c - [c is the target]) + p_c sum b - b_c)
template <class C, class E>
void cross_entropy_kernel(const cpu_reference&, C&, view<const E> scores, softmax_targets targets,
                          softmax_options<E> o, view<double> losses, view<double> slopes,
                          gradient_view<E> dscores) {
    using Sum = typename C::sum;
    const auto weight_of = [&](idx c) {
        return o.class_weights.cols == 0 ? Sum(1) : Sum(o.class_weights(0, c));
    };
    for (idx i = 0; i < scores.rows; ++i) {
        if (targets.columns(0, i) == targets.ignored) {
            losses(0, i) = 0;
            if (slopes.data != nullptr) slopes(0, i) = 0;
            for (idx c = 0; c < scores.cols && dscores.wanted(); ++c) dscores.put(i, c, E(0));
            continue;
        }
        const idx target = idx(targets.columns(0, i));
        const auto hidden = [&](idx c) {
            return c != target && targets.column_ids.cols != 0 &&
                   targets.column_ids(targets.column_ids.rows == 1 ? 0 : i, c) ==
                       targets.target_ids(0, i);
        };
        const auto z = [&](idx c) {
            const Sum share = o.log_shares.cols == 0
                                  ? Sum(0)
                                  : Sum(o.log_shares(o.log_shares.rows == 1 ? 0 : i, c));
            return Sum(scores(i, c)) * Sum(o.scale) - share;
        };
        Sum top = -HUGE_VALF, total = 0, smoothed = 0, smooth_weights = 0;
        for (idx c = 0; c < scores.cols; ++c)
            if (!hidden(c)) top = z(c) > top ? z(c) : top;
        for (idx c = 0; c < scores.cols; ++c)
            if (!hidden(c)) total += std::exp(z(c) - top);
        const Sum log_total = top + std::log(total);
        const Sum a = Sum(1 - o.smoothing) * weight_of(target);
        const auto b = [&](idx c) { return Sum(o.smoothing) / Sum(scores.cols) * weight_of(c); };
        for (idx c = 0; c < scores.cols && o.smoothing != 0; ++c) {
            if (hidden(c)) continue;
            smoothed += b(c) * (log_total - z(c));
            smooth_weights += b(c);
        }
        losses(0, i) = o.weight * double(a * (log_total - z(target)) + smoothed);
        Sum slope = 0;
        for (idx c = 0; c < scores.cols; ++c) {
            Sum d = 0;
            if (!hidden(c)) {
                const Sum p = std::exp(z(c) - log_total);
                d = Sum(o.weight) * (a * (p - Sum(c == target)) + p * smooth_weights -
                                     (o.smoothing != 0 ? b(c) : 0));
            }
            slope += d * Sum(scores(i, c));
            if (dscores.wanted()) dscores.put(i, c, E(d * Sum(o.scale)));
        }
        if (slopes.data != nullptr) slopes(0, i) = double(slope);
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
