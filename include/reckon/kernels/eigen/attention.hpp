// Softmax attention, a query row and head at a time: scores and values are products of a matrix of
// keys with a vector, interval by interval. A task is one head of one sequence.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/kernels/eigen/map.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace eigen {
/// Where a worker's scores begin depends on no other: sums over them start at equal alignments, or
/// two threads would not give the bits of one.
constexpr idx aligned_floats(idx count) { return (count + 15) / 16 * 16; }
}  // namespace eigen

/// One score per key of the longest sequence, for each worker.
template <class N, class M>
constexpr idx attention_scratch(cpu_eigen<N>, const attention_problem<float, float, M>& p,
                                idx threads) {
    return eigen::aligned_floats(p.longest_keys()) * sizeof(float) * threads;
}

template <class N, class C, class M>
void attention_kernel(cpu_eigen<N>, C& ctx, const attention_problem<float, float, M>& p,
                      std::byte* scratch, view<float> y) {
    const idx width = p.key_width(), value_width = p.value_width();
    const idx longest = eigen::aligned_floats(p.longest_keys());
    ctx.parallel(p.sequences.count() * p.options.heads, [&](idx task, idx worker) {
        const idx s = task / p.options.heads, h = task % p.options.heads;
        const idx first = p.first_key(s), count = p.keys(s), head = p.key_head(h);
        const auto keys = p.source.keys.slice(first, count).columns(head * width, width);
        const auto values =
            p.source.values.slice(first, count).columns(head * value_width, value_width);
        float* const memory = reinterpret_cast<float*>(scratch) + worker * longest;
        const auto mask = p.mask.at(s);

        for (idx i = 0; i < p.sequences.length(s); ++i) {
            const idx row = p.sequences.begin(s) + i;
            const intervals shown = mask.keys_of(p.options.first_position[s] + i, count);
            const interval parts[] = {{0, shown.prefix}, shown.first, shown.second};
            const auto scores = [&](interval part) {
                return eigen::vector_map(memory + part.begin, eigen::index(part.size()));
            };
            const eigen::const_vector_map q(p.query.row(row) + h * width, eigen::index(width));
            eigen::vector_map out(y.row(row) + h * value_width, eigen::index(value_width));

            float top = -HUGE_VALF, total = 0;
            for (const interval part : parts) {
                if (part.size() == 0) continue;
                auto score = scores(part);
                score.noalias() = eigen::map(keys.slice(part.begin, part.size())) * q;
                score *= p.options.scale;
                top = std::max(top, score.maxCoeff());
            }
            out.setZero();
            for (const interval part : parts) {
                if (part.size() == 0) continue;
                auto score = scores(part);
                score = (score.array() - top).exp();
                total += score.sum();
                out.noalias() +=
                    eigen::map(values.slice(part.begin, part.size())).transpose() * score;
            }
            if (total != 0) out /= total;
        }
    });
}

}}}  // namespace reckon::v0::RECKON_ISA
