// Softmax attention over the keys that the mask shows, one query row and head at a time:
// y = sum_j exp(score_j - top) v_j / sum_j exp(score_j - top). A row that sees no key gives zeros.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/core/dropout.hpp>
#include <reckon/core/gradient.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// One score per key of the longest sequence.
template <class E, class K, class M>
constexpr idx attention_scratch(const cpu_reference&, const attention_problem<E, K, M>& p, idx) {
    return p.longest_keys() * sizeof(double);
}

namespace detail {

/// What one query row and head reads.
template <class E, class K> struct attention_row {
    idx sequence, position, row, head;  // position within the sequence, row of the batch
    idx first_key;
    intervals visible;
    const E* query;
    cache_view<const K> keys, values;  // of that head, of the sequence

    template <class Sum> Sum score(idx key, float scale) const {
        Sum sum = 0;
        for (idx c = 0; c < keys.cols; ++c) sum += Sum(query[c]) * Sum(keys(key, c));
        return sum * Sum(scale);
    }
};

/// f(row) for every query row and head.
template <class E, class K, class M, class F>
void each_attention_row(const attention_problem<E, K, M>& p, const F& f) {
    const idx width = p.key_width(), value_width = p.value_width();
    for (idx s = 0; s < p.sequences.count(); ++s) {
        const auto mask = p.mask.at(s);
        const auto keys = p.source.keys.slice(p.first_key(s), p.keys(s));
        const auto values = p.source.values.slice(p.first_key(s), p.keys(s));
        for (idx i = 0; i < p.sequences.length(s); ++i) {
            const idx position = p.options.first_position[s] + i, row = p.sequences.begin(s) + i;
            const intervals visible = mask.keys_of(position, p.keys(s));
            for (idx h = 0; h < p.options.heads; ++h)
                f(attention_row<E, K>{s, position, row, h, p.first_key(s), visible,
                                      p.query.row(row) + h * width,
                                      keys.columns(p.key_head(h) * width, width),
                                      values.columns(p.key_head(h) * value_width, value_width)});
        }
    }
}

/// `log_totals` [rows, heads], or none.
template <class Sum, class E, class K, class M>
void attend(const attention_problem<E, K, M>& p, const dropout_mask& dropped, std::byte* scratch,
            view<E> y, view<E> log_totals) {
    auto* scores = reinterpret_cast<Sum*>(scratch);
    const idx value_width = p.value_width();
    each_attention_row(p, [&](const attention_row<E, K>& r) {
        E* out = y.row(r.row) + r.head * value_width;
        Sum top = -HUGE_VALF, total = 0;
        each(r.visible, [&](idx j) {
            scores[j] = r.template score<Sum>(j, p.options.scale);
            top = scores[j] > top ? scores[j] : top;
        });
        each(r.visible, [&](idx j) { total += scores[j] = std::exp(scores[j] - top); });
        if (log_totals.data != nullptr)
            log_totals(r.row, r.head) = total == 0 ? E(HUGE_VALF) : E(top + std::log(total));
        if (dropped.drops())
            each(r.visible, [&](idx j) {
                scores[j] *=
                    Sum(dropped.of_head(r.head).factor(dropped.example(r.sequence), r.position, j));
            });
        for (idx c = 0; c < value_width; ++c) {
            Sum sum = 0;
            each(r.visible, [&](idx j) { sum += scores[j] * Sum(r.values(j, c)); });
            out[c] = total == 0 ? E(0) : E(sum / total);
        }
    });
}

}  // namespace detail

template <class C, class E, class K, class M>
void attention_kernel(const cpu_reference&, C&, const attention_problem<E, K, M>& p,
                      std::byte* scratch, view<E> y) {
    detail::attend<typename C::sum>(p, dropout_mask{}, scratch, y, view<E>{});
}

/// log_totals = log(sum_j exp(score_j)); +inf where a row sees no key, so that its weights are 0.
template <class C, class E, class K, class M>
void attention_recorded_kernel(const cpu_reference&, C&, const attention_problem<E, K, M>& p,
                               dropout_mask dropped, std::byte* scratch, view<E> y,
                               view<E> log_totals) {
    detail::attend<typename C::sum>(p, dropped, scratch, y, log_totals);
}

template <class C, class E>
void attention_merge_kernel(const cpu_reference&, C&, view<const E> other,
                            view<const E> other_totals, view<E> y, view<E> log_totals) {
    using Sum = typename C::sum;
    const idx heads = log_totals.cols, width = heads == 0 ? 0 : y.cols / heads;
    for (idx r = 0; r < y.rows; ++r)
        for (idx h = 0; h < heads; ++h) {
            const Sum a = log_totals(r, h), b = other_totals(r, h);
            if (b == HUGE_VALF) continue;
            const Sum top = a == HUGE_VALF || a < b ? b : a;
            const Sum weight = a == HUGE_VALF ? Sum(0) : std::exp(a - top);
            const Sum other_weight = std::exp(b - top), total = weight + other_weight;
            for (idx c = h * width; c < (h + 1) * width; ++c)
                y(r, c) = E((weight * Sum(y(r, c)) + other_weight * Sum(other(r, c))) / total);
            log_totals(r, h) = E(top + std::log(total));
        }
}

template <class E, class K, class M>
constexpr idx attention_backward_scratch(const cpu_reference&, const attention_problem<E, K, M>&,
                                         idx) {
    return 0;
}

/// With weights w_j = exp(score_j - log_total), f_j what dropout multiplies w_j by, and
/// g_j = w_j (f_j dy . v_j - dy . y) scale:
///     dv_j = the sum of w_j f_j dy, dq = sum_j g_j k_j, dk_j = the sum of g_j q
template <class C, class E, class K, class M>
void attention_backward(const cpu_reference&, C&, const attention_problem<E, K, M>& p,
                        dropout_mask dropped, view<const E> y, view<const E> log_totals, std::byte*,
                        view<const E> dy, gradient_view<E> dquery, gradient_view<E> dkeys,
                        gradient_view<E> dvalues) {
    using Sum = typename C::sum;
    for (auto* d : {&dquery, &dkeys, &dvalues}) d->begin_at_zero();
    const idx width = p.key_width(), value_width = p.value_width();
    detail::each_attention_row(p, [&](const detail::attention_row<E, K>& r) {
        const E* const slope = dy.row(r.row) + r.head * value_width;
        const E* const out = y.row(r.row) + r.head * value_width;
        const auto dropped_here = dropped.of_head(r.head);
        const idx k = p.key_head(r.head) * width, v = p.key_head(r.head) * value_width;
        Sum along = 0;
        for (idx c = 0; c < value_width; ++c) along += Sum(slope[c]) * Sum(out[c]);
        each(r.visible, [&](idx j) {
            const Sum score = r.template score<Sum>(j, p.options.scale);
            const Sum weight = std::exp(score - Sum(log_totals(r.row, r.head)));
            const Sum factor =
                dropped.drops()
                    ? Sum(dropped_here.factor(dropped.example(r.sequence), r.position, j))
                    : Sum(1);
            Sum product = 0;
            for (idx c = 0; c < value_width; ++c) product += Sum(slope[c]) * Sum(r.values(j, c));
            const Sum g = weight * (factor * product - along) * Sum(p.options.scale);
            const idx key = r.first_key + j;
            for (idx c = 0; c < value_width && dvalues.wanted(); ++c)
                dvalues(key, v + c) += E(weight * factor * Sum(slope[c]));
            for (idx c = 0; c < width && dquery.wanted(); ++c)
                dquery(r.row, r.head * width + c) += E(g * Sum(r.keys(j, c)));
            for (idx c = 0; c < width && dkeys.wanted(); ++c)
                dkeys(key, k + c) += E(g * Sum(r.query[c]));
        });
    });
}

}}}  // namespace reckon::v0::RECKON_ISA
