// What the flat indices share: every item is scored against every query by ops::linear, so vectors
// may be stored in any way a backend has a kernel for, and the best are kept. Items come in blocks
// whose scores stay in the cache; each block is read once for all queries.
#pragma once

#include <reckon/convert/prepare.hpp>
#include <reckon/ops/linear.hpp>
#include <reckon/ops/top_k.hpp>
#include <reckon/retrieval/index.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace retrieval {

/// The layout that an index takes on for a context: one that can be read in blocks of rows, it may
/// be that of a backend below, or `Own`, as it is.
template <class Packing, class Own> struct scanned { using type = Own; };
template <class Packing, class Own>
requires requires { typename Packing::below; }
struct scanned<Packing, Own> : scanned<typename Packing::below, Own> {};
template <class Packing, class Own>
requires requires(typename Packing::view v) { v.slice(idx{}, idx{}); }
struct scanned<Packing, Own> {
    using type = typename Packing::matrix;
};

template <class C, class Linear, class Own>
using scanned_by =
    typename scanned<typename detail::packing_of<typename C::kernels::packing, Linear>::type,
                     Own>::type;

/// Vectors in another layout.
template <class To, any_context C, class View> To packed_as(C& ctx, View vectors) {
    To to(vectors.rows, vectors.cols);
    To::packing::pack(ctx, vectors, to);
    return to;
}

inline void expect_finite(const char* op, const char* argument, view<const float> rows) {
    for (idx r = 0; r < rows.rows; ++r) {
        float odd = 0;  // x - x is 0 but for infinities and NaN
        for (idx i = 0; i < rows.cols; ++i) odd += rows(r, i) - rows(r, i);
        if (odd == 0) continue;
        error_text actual{"others in row "};
        actual.append(r);
        fail(op, argument, "finite numbers", actual);
    }
}

/// Pairs of an excluded item and its query, in the order of the items.
inline std::vector<std::pair<std::int32_t, idx>> in_order(const char* op, exclusions without,
                                                          idx items) {
    std::vector<std::pair<std::int32_t, idx>> pairs;
    for (idx q = 0; q < without.size(); ++q)
        for (const std::int32_t item : without[q]) {
            if (item < 0 || idx(item) >= items)
                fail(op, "excluded items", "items of the index", "others");
            pairs.emplace_back(item, q);
        }
    std::sort(pairs.begin(), pairs.end());
    return pairs;
}

/// The k best of all items, excluded ones behind all others with a score of -infinity.
template <any_context C, weight_view W>
neighbours scan(C& ctx, const char* op, view<const float> queries, const W& vectors, idx k,
                exclusions without) {
    constexpr idx block = 84 * 48;  // items: whole panels of every layout
    constexpr idx batch = 64;       // queries: with a block of items they bound the workspace
    expect(op, "queries.cols", vectors.cols, queries.cols);
    expect_that(k != 0 && k <= vectors.rows, op, "k", "between 1 and the number of items", k);
    if (!without.empty()) expect(op, "lists of excluded items", queries.rows, without.size());
    expect_finite(op, "queries", queries);
    const auto excluded = in_order(op, without, vectors.rows);

    neighbours found{matrix<std::int32_t>(queries.rows, k), matrix<float>(queries.rows, k)};
    const auto scope = ctx.scope();
    const auto asked = ctx.make(queries.rows, queries.cols);
    for (idx q = 0; q < queries.rows; ++q) std::copy_n(queries.row(q), queries.cols, asked.row(q));
    auto next = excluded.begin();
    for (idx first = 0; first < vectors.rows; first += block) {
        const idx items = std::min(block, vectors.rows - first);
        const auto own = next;
        while (next != excluded.end() && idx(next->first) < first + items) ++next;
        for (idx q = 0; q < queries.rows; q += batch) {
            const idx count = std::min(batch, queries.rows - q);
            const auto part = ctx.scope();
            const auto scores =
                ops::linear(ctx, asked.slice(q, count), vectors.slice(first, items));
            for (auto at = own; at != next; ++at)
                if (at->second >= q && at->second - q < count)
                    scores(at->second - q, idx(at->first) - first) =
                        -std::numeric_limits<float>::infinity();
            ops::top_k_next(
                ctx, scores, first,
                {found.scores.look().slice(q, count), found.items.look().slice(q, count)});
        }
    }
    return found;
}

}}}}  // namespace reckon::v0::RECKON_ISA::retrieval
