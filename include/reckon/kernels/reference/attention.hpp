// Softmax attention over the keys that the mask shows, one query row and head at a time:
// y = sum_j exp(score_j - top) v_j / sum_j exp(score_j - top). A row that sees no key gives zeros.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/attention.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// One score per key of the longest sequence.
template <class E, class K, class M>
constexpr idx attention_scratch(const cpu_reference&, const attention_problem<E, K, M>& p, idx) {
    return p.longest_keys() * sizeof(double);
}

template <class C, class E, class K, class M>
void attention_kernel(const cpu_reference&, C&, const attention_problem<E, K, M>& p,
                      std::byte* scratch, view<E> y) {
    using Sum = typename C::sum;
    auto* scores = reinterpret_cast<Sum*>(scratch);
    const idx width = p.key_width(), value_width = p.value_width();
    for (idx s = 0; s < p.sequences.count(); ++s) {
        const auto mask = p.mask.at(s);
        const auto keys = p.source.keys.slice(p.first_key(s), p.keys(s));
        const auto values = p.source.values.slice(p.first_key(s), p.keys(s));
        for (idx i = 0; i < p.sequences.length(s); ++i) {
            const intervals visible = mask.keys_of(p.options.first_position[s] + i, p.keys(s));
            for (idx h = 0; h < p.options.heads; ++h) {
                const E* q = p.query.row(p.sequences.begin(s) + i) + h * width;
                const auto k = keys.columns(p.key_head(h) * width, width);
                const auto v = values.columns(p.key_head(h) * value_width, value_width);
                E* out = y.row(p.sequences.begin(s) + i) + h * value_width;

                Sum top = -HUGE_VALF, total = 0;
                each(visible, [&](idx j) {
                    Sum score = 0;
                    for (idx c = 0; c < width; ++c) score += Sum(q[c]) * Sum(k(j, c));
                    scores[j] = score * Sum(p.options.scale);
                    top = scores[j] > top ? scores[j] : top;
                });
                each(visible, [&](idx j) { total += scores[j] = std::exp(scores[j] - top); });
                for (idx c = 0; c < value_width; ++c) {
                    Sum sum = 0;
                    each(visible, [&](idx j) { sum += scores[j] * Sum(v(j, c)); });
                    out[c] = total == 0 ? E(0) : E(sum / total);
                }
            }
        }
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
