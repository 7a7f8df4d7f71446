// Softmax attention of a block of queries that read the same keys and values. Many queries stand in
// the lanes of vectors:
//     scores [keys, queries] = keys (scale query)^T,   a register tile whose rows are the keys;
//     weights = exp(scores - the highest so far), 0 where the mask hides the key;
//     sums [queries, width] += weights^T values,       a register tile whose rows are the queries.
// Few, as where a text grows token by token, would leave most lanes empty: their scores are dot
// products [queries, keys], the keys stand in the lanes.
// Keys come in chunks; when a chunk raises a query's maximum, its sums so far are scaled down
// (Milakov and Gimelshein 2018), so the scratch does not grow with the keys. Chunks that no query
// of the block sees are skipped. A query's result depends on its own sequence alone and, among
// many, not even on the others of its block, as long as keys and values that a neighbour sees and
// it does not are finite.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/core/cache_view.hpp>
#include <reckon/kernels/simd/attention_visible.hpp>
#include <reckon/kernels/simd/linear.hpp>
#include <reckon/kernels/simd/panels.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/int8.hpp>

#include <cstring>
#include <limits>
#include <optional>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// Up to panel_vectors * lanes queries of a sequence, of all heads that read these keys.
template <class K> struct attention_block {
    const attention_query* queries;
    idx count;
    cache_view<const K> keys, values;
    float scale;
    float* scratch;  // attention_floats(..) numbers
};

/// Keys between two corrections of the running maximum.
inline constexpr idx attention_chunk = 256;

/// The scratch of one attention_block: queries, scores, sums of values; then keys and values where
/// they are stored as something else than float, values also where they are no whole vectors.
template <class K> constexpr idx attention_floats(idx lanes, idx key_width, idx value_width) {
    const idx rows = panel_vectors * lanes, padded = round_up(value_width, lanes);
    constexpr bool floats = std::same_as<K, float>;
    return rows * (key_width + attention_chunk + padded) +
           attention_chunk *
               ((floats ? 0 : key_width) + (floats && padded == value_width ? 0 : padded));
}

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// The element types that a cache of keys and values may have here.
template <class K>
concept cacheable = std::same_as<K, float> || std::same_as<K, bf16> || std::same_as<K, std::int8_t>;

/// Where each sequence's blocks of queries begin, then the kernel's scratch for each worker.
struct attention_plan {
    idx table_bytes, worker_bytes;
};

template <class Arch, class K, class M>
constexpr attention_plan plan_attention(const attention_problem<float, K, M>& p) {
    return {round_up((p.sequences.count() + 1) * sizeof(idx), 64),
            round_up(attention_floats<K>(Arch::lanes, p.key_width(), p.value_width()), 16) *
                sizeof(float)};
}

/// f(block, sequence, first of its queries, key head): the queries of a sequence that share a head
/// of keys, row by row and head by head, are cut into blocks; a task is a block.
template <class Arch, class C, class A, class K, class M, class F>
void each_attention_block(C& ctx, const A& arch, const attention_problem<float, K, M>& p,
                          std::byte* scratch, view<float> y, const F& f) {
    const idx most = panel_vectors * arch.lanes;
    const auto plan = plan_attention<Arch>(p);
    const idx sequences = p.sequences.count(), key_heads = p.options.key_heads;
    const idx group = p.options.heads / key_heads;
    auto* const first_block = reinterpret_cast<idx*>(scratch);
    first_block[0] = 0;
    for (idx s = 0; s < sequences; ++s)
        first_block[s + 1] = first_block[s] + (p.sequences.length(s) * group + most - 1) / most;

    ctx.parallel(first_block[sequences] * key_heads, [&](idx task, idx worker) {
        const idx block = task / key_heads, key_head = task % key_heads;
        idx s = 0, beyond = sequences;  // first_block[s] <= block < first_block[beyond]
        while (beyond - s > 1) {
            const idx middle = (s + beyond) / 2;
            (first_block[middle] <= block ? s : beyond) = middle;
        }
        const idx key_width = p.key_width(), value_width = p.value_width();
        const idx first = (block - first_block[s]) * most;
        const idx left = p.sequences.length(s) * group - first, count = left < most ? left : most;
        const auto mask = p.mask.at(s);
        attention_query queries[panel_vectors * Arch::lanes];
        for (idx i = 0; i < count; ++i) {
            const idx own = (first + i) / group, row = p.sequences.begin(s) + own;
            const idx head = key_head * group + (first + i) % group;
            queries[i] = {p.query.row(row) + head * key_width,
                          mask.keys_of(p.options.first_position[s] + own, p.keys(s)),
                          y.row(row) + head * value_width};
        }
        const auto keys = p.source.keys.slice(p.first_key(s), p.keys(s));
        const auto values = p.source.values.slice(p.first_key(s), p.keys(s));
        f(attention_block<K>{queries, count, keys.columns(key_head * key_width, key_width),
                             values.columns(key_head * value_width, value_width), p.options.scale,
                             reinterpret_cast<float*>(scratch + plan.table_bytes +
                                                      worker * plan.worker_bytes)},
          s, first, key_head);
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, simd::cacheable K, class M>
constexpr idx attention_scratch(cpu_simd<Arch, Next>, const attention_problem<float, K, M>& p,
                                idx threads) {
    const auto plan = simd::plan_attention<Arch>(p);
    return plan.table_bytes + plan.worker_bytes * threads;
}

template <class Arch, class Next, class C, simd::cacheable K, class M>
void attention_kernel(cpu_simd<Arch, Next>, C& ctx, const attention_problem<float, K, M>& p,
                      std::byte* scratch, view<float> y) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::each_attention_block<Arch>(
        ctx, arch, p, scratch, y,
        [&](const simd::attention_block<K>& block, idx, idx, idx) { simd::call(arch, block); });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// y = a row of x, which is one head wide.
template <class Arch> void convert_row(view<const bf16> x, idx row, float* y) {
    convert<Arch>(x.row(row), y, x.cols);
}
template <class Arch> void convert_row(view<const float> x, idx row, float* y) {
    std::memcpy(y, x.row(row), x.cols * sizeof(float));
}
template <class Arch>
void convert_row(const int8_heads_view<const std::int8_t>& x, idx row, float* y) {
    const std::int8_t* const q = x.values.row(row);
    const vec<Arch> scale(x.scales(row, 0));
    steps<Arch>(x.cols, [&](idx i, auto size) {
        store<Arch>(widened<Arch>(q + i, size) * scale, y + i, size);
    });
}

/// The same rows as floats, `cols` wide with zeros at their ends: as they lie, or copied to `room`.
template <class Arch, class Rows> view<const float> floats(const Rows& x, idx cols, float* room) {
    if constexpr (std::same_as<Rows, view<const float>>)
        if (cols == x.cols) return x;
    for (idx j = 0; j < x.rows; ++j) {
        float* const row = room + j * cols;
        convert_row<Arch>(x, j, row);
        for (idx i = x.cols; i < cols; ++i) row[i] = 0;
    }
    return {room, x.rows, cols};
}

/// A block's scratch, and what both ways of weighing share.
template <class Arch, class K> struct attention_rooms {
    static constexpr idx width = panel_vectors * Arch::lanes;

    const attention_block<K>& block;
    idx padded;  // width of a row of sums, whole vectors
    float *queries, *scores, *sums, *keys, *values;

    explicit attention_rooms(const attention_block<K>& c)
        : block(c), padded(round_up(c.values.cols, Arch::lanes)) {
        queries = c.scratch;                       // [width, key_width] or its transpose
        scores = queries + width * c.keys.cols;    // [keys of a chunk, width] or its transpose
        sums = scores + width * attention_chunk;   // [count, padded]
        values = sums + width * padded;            // [keys of a chunk, padded]
        keys = values + attention_chunk * padded;  // [keys of a chunk, key_width]
        for (idx i = 0; i < c.count * padded; ++i) sums[i] = 0;
    }

    /// weigh(chunk, its keys, any before) makes the chunk's weights, which stand at
    /// scores[query * row + key * step]; then come its values.
    template <class F> void each_chunk(idx row, idx step, const F& weigh) const {
        const interval any = seen_by_any(block.queries, block.count);
        bool before = false;
        for (idx begin = any.begin / attention_chunk * attention_chunk; begin < any.end;
             begin += attention_chunk) {
            const interval chunk = overlap({begin, begin + attention_chunk}, any);
            if (!shows_any(block.queries, block.count, chunk)) continue;
            weigh(chunk,
                  floats<Arch>(block.keys.slice(chunk.begin, chunk.size()), block.keys.cols, keys),
                  before);
            before = true;
            const view<const float> own =
                floats<Arch>(block.values.slice(chunk.begin, chunk.size()), padded, values);
            balanced<panel_vectors>(padded / Arch::lanes, [&](idx first, idx count) {
                float* const at = sums + first * Arch::lanes;
                run_product<Arch>({scores, row, step, own.data + first * Arch::lanes, own.stride,
                                   own.rows, at, padded, at, padded},
                                  block.count, count);
            });
        }
    }

    void scale_sums(idx query, vec<Arch> by) const {
        float* const row = sums + query * padded;
        for (idx i = 0; i < padded; i += Arch::lanes)
            store<Arch>(load<Arch>(row + i) * by, row + i);
    }

    /// The sums by their total weight; a query that sees no key gives zeros.
    void write(idx query, float total) const {
        const vec<Arch> by(total > 0 ? 1 / total : 0);
        const float* const row = sums + query * padded;
        steps<Arch>(block.values.cols, [&](idx i, auto size) {
            store<Arch>(load<Arch>(row + i) * by, block.queries[query].y + i, size);
        });
    }
};

/// `training.drop(scores, used, chunk)` may change a chunk's weights, `training.write(query, top,
/// total)` is told of what they were made (kernels/simd/attention_recorded.hpp).
struct no_training {
    void drop(float*, idx, interval) const {}
    void write(idx, float, float) const {}
};

template <class Arch, class K, class Training = no_training>
void queries_in_lanes(const attention_block<K>& c, const Training& training = {}) {
    constexpr idx lanes = Arch::lanes;
    const idx vectors = (c.count + lanes - 1) / lanes, used = vectors * lanes;
    const attention_rooms<Arch, K> rooms(c);
    for (idx r = 0; r < used; ++r) {
        const float* const row = c.queries[r < c.count ? r : 0].row;
        const float scale = r < c.count ? c.scale : 0;
        for (idx k = 0; k < c.keys.cols; ++k) rooms.queries[k * used + r] = row[k] * scale;
    }

    const interval all = seen_by_all(c.queries, c.count);
    std::optional<lane_masks<Arch>> masks;  // made where some key is hidden from some query
    alignas(64) const float zeros[rooms.width] = {};
    alignas(64) float scale[rooms.width];  // of a query's sums, after a new maximum
    vec<Arch> top[panel_vectors], total[panel_vectors];
    for (idx v = 0; v < panel_vectors; ++v) {
        top[v] = vec<Arch>(std::numeric_limits<float>::lowest());
        total[v] = vec<Arch>(0);
    }

    rooms.each_chunk(1, used, [&](interval chunk, view<const float> keys, bool before) {
        if (!masks && overlap(all, chunk) != chunk) masks.emplace(c.queries, c.count);
        run_product<Arch>({keys.data, keys.stride, 1, rooms.queries, used, keys.cols, zeros, 0,
                           rooms.scores, used},
                          keys.rows, vectors);
        for (idx v = 0; v < vectors; ++v) {
            float* const column = rooms.scores + v * lanes;
            vec<Arch> highest = top[v], subtotal(0);
            for (idx j = 0; j < keys.rows; ++j) {
                float* const at = column + j * used;
                vec<Arch> score = load<Arch>(at);
                if (!all.holds(chunk.begin + j)) {
                    score = xsimd::select(masks->shows(chunk.begin + j, v * lanes), score,
                                          vec<Arch>(-std::numeric_limits<float>::infinity()));
                    store<Arch>(score, at);
                }
                highest = xsimd::max(highest, score);
            }
            for (idx j = 0; j < keys.rows; ++j) {
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
        for (idx r = 0; r < c.count && before; ++r) rooms.scale_sums(r, vec<Arch>(scale[r]));
        training.drop(rooms.scores, used, chunk);
    });

    alignas(64) float tops[rooms.width];
    for (idx v = 0; v < vectors; ++v) {
        store<Arch>(total[v], scale + v * lanes);
        store<Arch>(top[v], tops + v * lanes);
    }
    for (idx r = 0; r < c.count; ++r) {
        rooms.write(r, scale[r]);
        training.write(r, tops[r], scale[r]);
    }
}

template <class Arch, class K> void keys_in_lanes(const attention_block<K>& c) {
    constexpr idx lanes = Arch::lanes;
    const attention_rooms<Arch, K> rooms(c);
    for (idx r = 0; r < c.count; ++r)
        for (idx k = 0; k < c.keys.cols; ++k)
            rooms.queries[r * c.keys.cols + k] = c.queries[r].row[k] * c.scale;

    float top[lanes];
    vec<Arch> total[lanes];
    for (idx r = 0; r < c.count; ++r) {
        top[r] = std::numeric_limits<float>::lowest();
        total[r] = vec<Arch>(0);
    }

    rooms.each_chunk(attention_chunk, 1, [&](interval chunk, view<const float> keys, bool before) {
        run<Arch>(linear_dense{{rooms.queries, c.count, keys.cols},
                               keys,
                               {},
                               activation::none,
                               {rooms.scores, c.count, keys.rows, attention_chunk}});
        const idx padded = round_up(keys.rows, lanes);
        for (idx r = 0; r < c.count; ++r) {
            float* const scores = rooms.scores + r * attention_chunk;
            hide(scores, c.queries[r].visible, chunk, chunk.begin + padded);
            vec<Arch> highest(top[r]), subtotal(0);
            for (idx j = 0; j < padded; j += lanes)
                highest = xsimd::max(highest, load<Arch>(scores + j));
            const float now = highest_of<Arch>(highest);
            for (idx j = 0; j < padded; j += lanes) {
                const vec<Arch> weight = exp<Arch>(load<Arch>(scores + j) - vec<Arch>(now));
                store<Arch>(weight, scores + j);
                subtotal += weight;
            }
            const vec<Arch> correction = exp<Arch>(vec<Arch>(top[r] - now));
            if (before) rooms.scale_sums(r, correction);
            total[r] = fused<Arch>(total[r], correction, subtotal);
            top[r] = now;
        }
    });
    for (idx r = 0; r < c.count; ++r) rooms.write(r, sum_of<Arch>(total[r]));
}

template <class Arch, class K> void run(const attention_block<K>& c) {
    if (c.count <= Arch::lanes / 2)
        keys_in_lanes<Arch>(c);
    else
        queries_in_lanes<Arch>(c);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
