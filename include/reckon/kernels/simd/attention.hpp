// Softmax attention of one head for a block of queries that stand in the lanes of vectors:
//     scores [keys, queries] = keys (scale query)^T,   a register tile whose rows are the keys;
//     weights = exp(scores - the highest so far), 0 where the mask hides the key;
//     sums [queries, width] += weights^T values,       a register tile whose rows are the queries.
// Keys come in chunks; when a chunk raises a query's maximum, its sums so far are scaled down
// (Milakov and Gimelshein 2018), so the scratch does not grow with the keys. Chunks that no query
// of the block sees are skipped. A query's result does not depend on the others in its block, as
// long as keys and values that a neighbour sees and it does not are finite.
#pragma once

#include <reckon/kernels/simd/math.hpp>
#include <reckon/kernels/simd/tile.hpp>

#include <limits>

namespace reckon::inline v0::simd::RECKON_ISA {

/// The mask of a block: what each lane's query sees, and what all of them see.
template <class Arch> struct lane_masks {
    static constexpr idx width = panel_vectors * Arch::lanes;
    static constexpr idx ends = 5;  // prefix, first, second

    alignas(64) float bound[ends][width];
    interval seen_by_any{}, seen_by_all{0, ~idx{0}};

    explicit lane_masks(const attention_block& c) {
        for (idx r = 0; r < width; ++r) {  // lanes without a query repeat the last
            const intervals& v = c.visible[r < c.query.rows ? r : c.query.rows - 1];
            const idx numbers[ends] = {v.prefix, v.first.begin, v.first.end, v.second.begin,
                                       v.second.end};
            for (idx e = 0; e < ends; ++e) bound[e][r] = float(numbers[e]);
            widen({0, v.prefix});
            widen(v.first);
            widen(v.second);
            const bool joined = v.first.size() != 0 && v.first.begin <= v.prefix;
            const interval run =
                v.prefix == 0 ? v.first : interval{0, joined ? v.first.end : v.prefix};
            seen_by_all = overlap(seen_by_all, run);
        }
    }

    void widen(interval seen) {
        if (seen.size() == 0) return;
        if (seen_by_any.size() == 0) seen_by_any = seen;
        if (seen.begin < seen_by_any.begin) seen_by_any.begin = seen.begin;
        if (seen.end > seen_by_any.end) seen_by_any.end = seen.end;
    }

    flags<Arch> shows(idx key, idx lane) const {
        const auto number = float(key);  // exact up to 2^24 keys
        const vec<Arch> j(number);
        const auto end = [&](idx e) { return load<Arch>(bound[e] + lane); };
        return (j < end(0)) | ((j >= end(1)) & (j < end(2))) | ((j >= end(3)) & (j < end(4)));
    }
};

/// Some query of the block sees some key of the chunk.
inline bool shows_any(const attention_block& c, interval chunk) {
    for (idx r = 0; r < c.query.rows; ++r) {
        const intervals& v = c.visible[r];
        if (chunk.begin < v.prefix || overlap(chunk, v.first).size() != 0 ||
            overlap(chunk, v.second).size() != 0)
            return true;
    }
    return false;
}

template <class Arch> void run(const attention_block& c) {
    constexpr idx lanes = Arch::lanes, width = panel_vectors * lanes;
    const idx vectors = (c.query.rows + lanes - 1) / lanes, used = vectors * lanes;
    const idx padded = round_up(c.values.cols, lanes);
    float* const queries = c.scratch;                      // [key_width, used]
    float* const scores = queries + c.query.cols * width;  // [keys of the chunk, used]
    float* const sums = scores + attention_chunk * width;  // [rows, padded]
    float* const values = sums + width * padded;           // [keys of the chunk, padded]

    for (idx k = 0; k < c.query.cols; ++k)
        for (idx r = 0; r < used; ++r)
            queries[k * used + r] = r < c.query.rows ? c.query(r, k) * c.scale : 0;
    for (idx i = 0; i < c.query.rows * padded; ++i) sums[i] = 0;

    const lane_masks<Arch> masks(c);
    alignas(64) const float zeros[width] = {};
    alignas(64) float scale[width];  // of a query's sums: after a new maximum, and at the end
    vec<Arch> top[panel_vectors], total[panel_vectors];
    for (idx v = 0; v < panel_vectors; ++v) {
        top[v] = vec<Arch>(std::numeric_limits<float>::lowest());
        total[v] = vec<Arch>(0);
    }
    const auto scale_sums = [&] {
        for (idx r = 0; r < c.query.rows; ++r)
            for (idx i = 0; i < padded; i += lanes) {
                float* const at = sums + r * padded + i;
                store<Arch>(load<Arch>(at) * vec<Arch>(scale[r]), at);
            }
    };

    const interval any = masks.seen_by_any;
    for (idx begin = any.begin / attention_chunk * attention_chunk; begin < any.end;
         begin += attention_chunk) {
        const interval chunk = overlap({begin, begin + attention_chunk}, any);
        if (!shows_any(c, chunk)) continue;
        const view<const float> k = c.keys.slice(chunk.begin, chunk.size());
        run_product<Arch>({k.data, k.stride, 1, queries, used, k.cols, zeros, 0, scores, used},
                          k.rows, vectors);

        for (idx v = 0; v < vectors; ++v) {
            float* const column = scores + v * lanes;
            vec<Arch> highest = top[v], subtotal(0);
            for (idx j = 0; j < k.rows; ++j) {
                float* const at = column + j * used;
                vec<Arch> score = load<Arch>(at);
                if (!masks.seen_by_all.holds(chunk.begin + j)) {
                    score = xsimd::select(masks.shows(chunk.begin + j, v * lanes), score,
                                          vec<Arch>(-std::numeric_limits<float>::infinity()));
                    store<Arch>(score, at);
                }
                highest = xsimd::max(highest, score);
            }
            for (idx j = 0; j < k.rows; ++j) {
                float* const at = column + j * used;
                const vec<Arch> weight = exp<Arch>(load<Arch>(at) - highest);
                store<Arch>(weight, at);
                subtotal += weight;
            }
            const vec<Arch> correction = exp<Arch>(top[v] - highest);
            store<Arch>(correction, scale + v * lanes);
            total[v] = fused<Arch>(total[v], correction, subtotal);
            top[v] = highest;
        }
        scale_sums();

        view<const float> own = c.values.slice(chunk.begin, chunk.size());
        if (padded != own.cols) {
            for (idx j = 0; j < own.rows; ++j)
                for (idx i = 0; i < padded; ++i)
                    values[j * padded + i] = i < own.cols ? own(j, i) : 0;
            own = {values, own.rows, padded};
        }
        balanced<panel_vectors>(padded / lanes, [&](idx first, idx count) {
            float* const at = sums + first * lanes;
            run_product<Arch>({scores, 1, used, own.data + first * lanes, own.stride, own.rows, at,
                               padded, at, padded},
                              c.query.rows, count);
        });
    }

    for (idx v = 0; v < vectors; ++v)  // a query that sees no key gives zeros
        store<Arch>(xsimd::select(total[v] > vec<Arch>(0), vec<Arch>(1) / total[v], vec<Arch>(0)),
                    scale + v * lanes);
    scale_sums();
    for (idx r = 0; r < c.query.rows; ++r)
        for (idx i = 0; i < c.y.cols; ++i) c.y(r, i) = sums[r * padded + i];
}

}  // namespace reckon::inline v0::simd::RECKON_ISA
