// The backward of softmax attention, a task for each sequence and head of keys. Scores are computed
// again, keys by queries as in the forward (kernels/simd/attention.hpp). With the logarithm L of a
// query's total weight, and f what dropout multiplies a weight by,
//     p = exp(score - L), 0 where the mask hides the key       [keys of a chunk, queries of a
//     block] g = p (f dy . v - dy . y) scale dvalues += (p f) dy,  dkeys += g queries,  dqueries +=
//     g^T keys
// each of them by register tiles. Sums over the queries, and over heads that share keys, are taken
// in their order within the task, so they do not depend on threads.
#pragma once

#include <reckon/core/gradient.hpp>
#include <reckon/kernels/simd/attention_recorded.hpp>

#include <cstring>

namespace reckon { inline namespace v0 { namespace simd {

/// What the backward needs of a query besides.
struct attention_slope {
    const float* dy;
    float* dquery;  // none where it is not wanted
};

/// A block of queries, whose share is added to the sums of its sequence's keys and values.
struct attention_backward_block {
    attention_block<float> forward;  // y, and the scratch of this backward
    const attention_place* places;
    const attention_slope* slopes;
    dropout_mask dropped;
    bool dquery_adds;
    float *dkeys, *dvalues;  // [keys, whole vectors]
};

/// d = rows of sums, or d += them.
struct write_sums {
    const float* sums;  // [d.rows, whole vectors]
    gradient_view<float> d;
};

/// Queries and slopes as columns and as rows, the gradient of queries, weights, slopes and factors
/// of a chunk; keys where they are no whole vectors.
constexpr idx attention_backward_floats(idx lanes, idx key_width, idx value_width) {
    const idx rows = panel_vectors * lanes;
    const idx wide_k = round_up(key_width, lanes), wide_v = round_up(value_width, lanes);
    return rows * (key_width + value_width + 2 * wide_k + wide_v + 3 * attention_chunk) +
           attention_chunk * wide_k;
}

inline namespace RECKON_ISA {

/// A worker's scratch: that of a block, then the sums of a sequence's keys and values.
template <class Arch, class M>
constexpr idx attention_backward_bytes(const attention_problem<float, float, M>& p) {
    const idx wide = round_up(p.key_width(), Arch::lanes) + round_up(p.value_width(), Arch::lanes);
    return round_up(attention_backward_floats(Arch::lanes, p.key_width(), p.value_width()) +
                        p.longest_keys() * wide,
                    16) *
           sizeof(float);
}

}  // namespace RECKON_ISA

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class M>
constexpr idx attention_backward_scratch(cpu_simd<Arch, Next>,
                                         const attention_problem<float, float, M>& p, idx threads) {
    return simd::attention_backward_bytes<Arch>(p) * threads;
}

template <class Arch, class Next, class C, class M>
void attention_backward(cpu_simd<Arch, Next>, C& ctx, const attention_problem<float, float, M>& p,
                        dropout_mask dropped, view<const float> y, view<const float> log_totals,
                        std::byte* scratch, view<const float> dy, gradient_view<float> dquery,
                        gradient_view<float> dkeys, gradient_view<float> dvalues) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const idx key_heads = p.options.key_heads, group = p.options.heads / key_heads;
    const idx key_width = p.key_width(), value_width = p.value_width();
    const idx most = simd::panel_vectors * arch.lanes;
    const idx wide_k = simd::round_up(key_width, arch.lanes);
    const idx wide_v = simd::round_up(value_width, arch.lanes);
    if (p.source.first != nullptr)  // rows of keys that no sequence owns get zeros
        for (auto* d : {&dkeys, &dvalues})
            if (d->wanted()) *d = {simd::begun(*d), gradient_use::adds};
    ctx.parallel(p.sequences.count() * key_heads, [&](idx task, idx worker) {
        const idx s = task / key_heads, key_head = task % key_heads, count = p.keys(s);
        auto* const room =
            reinterpret_cast<float*>(scratch + worker * simd::attention_backward_bytes<Arch>(p));
        float* const key_sums =
            room + simd::attention_backward_floats(Arch::lanes, key_width, value_width);
        float* const value_sums = key_sums + count * wide_k;
        std::memset(key_sums, 0, count * (wide_k + wide_v) * sizeof(float));
        const auto mask = p.mask.at(s);
        const auto keys =
            p.source.keys.slice(p.first_key(s), count).columns(key_head * key_width, key_width);
        const auto values = p.source.values.slice(p.first_key(s), count)
                                .columns(key_head * value_width, value_width);
        const idx queries = p.sequences.length(s) * group;
        for (idx first = 0; first < queries; first += most) {
            const idx here = queries - first < most ? queries - first : most;
            simd::attention_query own[simd::panel_vectors * Arch::lanes];
            simd::attention_place places[simd::panel_vectors * Arch::lanes];
            simd::attention_slope slopes[simd::panel_vectors * Arch::lanes];
            for (idx i = 0; i < here; ++i) {
                const idx place = (first + i) / group,
                          head = key_head * group + (first + i) % group;
                const idx row = p.sequences.begin(s) + place;
                const idx position = p.options.first_position[s] + place;
                own[i] = {p.query.row(row) + head * key_width, mask.keys_of(position, count),
                          const_cast<float*>(y.row(row)) + head * value_width};
                places[i] = {dropped.example(s), position, head,
                             const_cast<float*>(log_totals.row(row)) + head};
                slopes[i] = {dy.row(row) + head * value_width,
                             dquery.wanted() ? dquery.row(row) + head * key_width : nullptr};
            }
            simd::call(arch, simd::attention_backward_block{
                                 {own, here, keys, values, p.options.scale, room},
                                 places,
                                 slopes,
                                 dropped,
                                 dquery.adds(),
                                 key_sums,
                                 value_sums});
        }
        if (dkeys.wanted())
            simd::call(
                arch,
                simd::write_sums{
                    key_sums,
                    dkeys.slice(p.first_key(s), count).columns(key_head * key_width, key_width)});
        if (dvalues.wanted())
            simd::call(arch, simd::write_sums{value_sums,
                                              dvalues.slice(p.first_key(s), count)
                                                  .columns(key_head * value_width, value_width)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// y [rows, columns] += x panel, with x[r * x_row + k * x_step].
template <class Arch>
void add_product(const float* x, idx x_row, idx x_step, idx rows, view<const float> panel, float* y,
                 idx columns) {
    balanced<panel_vectors>(columns / Arch::lanes, [&](idx first, idx count) {
        float* const at = y + first * Arch::lanes;
        run_product<Arch>({x, x_row, x_step, panel.data + first * Arch::lanes, panel.stride,
                           panel.rows, at, columns, at, columns},
                          rows, count);
    });
}

template <class Arch> void run(const attention_backward_block& c) {
    constexpr idx lanes = Arch::lanes, width = panel_vectors * lanes;
    const attention_block<float>& f = c.forward;
    const idx key_width = f.keys.cols, value_width = f.values.cols;
    const idx wide_k = round_up(key_width, lanes), wide_v = round_up(value_width, lanes);
    const idx vectors = (f.count + lanes - 1) / lanes, used = vectors * lanes;
    float* const columns = f.scratch;                          // [key_width, used], scaled
    float* const slope_columns = columns + width * key_width;  // [value_width, used]
    float* const rows = slope_columns + width * value_width;   // [count, wide_k]
    float* const slope_rows = rows + width * wide_k;           // [count, wide_v]
    float* const dquery = slope_rows + width * wide_v;         // [count, wide_k]
    float* const weights = dquery + width * wide_k;            // [keys of a chunk, used]
    float* const slopes = weights + width * attention_chunk;
    float* const factors = slopes + width * attention_chunk;
    float* const key_room = factors + width * attention_chunk;  // [keys of a chunk, wide_k]

    alignas(64) float log_total[width], along[width];
    std::memset(rows, 0, f.count * wide_k * sizeof(float));
    std::memset(slope_rows, 0, f.count * wide_v * sizeof(float));
    std::memset(dquery, 0, f.count * wide_k * sizeof(float));
    for (idx r = 0; r < used; ++r) {
        const bool there = r < f.count;
        const attention_query& query = f.queries[there ? r : 0];
        const float* const dy = c.slopes[there ? r : 0].dy;
        log_total[r] = there ? *c.places[r].log_total : std::numeric_limits<float>::infinity();
        for (idx k = 0; k < key_width; ++k)
            columns[k * used + r] = there ? query.row[k] * f.scale : 0;
        for (idx k = 0; k < value_width; ++k) slope_columns[k * used + r] = there ? dy[k] : 0;
        along[r] = 0;
        if (!there) continue;
        std::memcpy(rows + r * wide_k, query.row, key_width * sizeof(float));
        std::memcpy(slope_rows + r * wide_v, dy, value_width * sizeof(float));
        vec<Arch> sum(0);
        steps<Arch>(value_width, [&](idx i, auto size) {
            sum = fused<Arch>(load<Arch>(dy + i, size), load<Arch>(query.y + i, size), sum);
        });
        along[r] = sum_of<Arch>(sum);
    }

    const interval any = seen_by_any(f.queries, f.count), all = seen_by_all(f.queries, f.count);
    std::optional<lane_masks<Arch>> masks;
    alignas(64) const float zeros[width] = {};
    const bool drops = c.dropped.drops();
    for (idx begin = any.begin / attention_chunk * attention_chunk; begin < any.end;
         begin += attention_chunk) {
        const interval chunk = overlap({begin, begin + attention_chunk}, any);
        if (!shows_any(f.queries, f.count, chunk)) continue;
        if (!masks && overlap(all, chunk) != chunk) masks.emplace(f.queries, f.count);
        const auto own_keys = f.keys.slice(chunk.begin, chunk.size());
        const auto own_values = f.values.slice(chunk.begin, chunk.size());
        const view<const float> keys = floats<Arch>(own_keys, wide_k, key_room);
        run_product<Arch>(
            {own_keys.data, own_keys.stride, 1, columns, used, key_width, zeros, 0, weights, used},
            keys.rows, vectors);
        run_product<Arch>({own_values.data, own_values.stride, 1, slope_columns, used, value_width,
                           zeros, 0, slopes, used},
                          keys.rows, vectors);
        if (drops) attention_factors(c.dropped, c.places, f.count, chunk, used, factors);
        for (idx j = 0; j < keys.rows; ++j)
            for (idx v = 0; v < used; v += lanes) {
                float* const weight_at = weights + j * used + v;
                float* const slope_at = slopes + j * used + v;
                vec<Arch> p = exp<Arch>(load<Arch>(weight_at) - load<Arch>(log_total + v));
                vec<Arch> slope = load<Arch>(slope_at);
                vec<Arch> kept = p;
                if (drops) {
                    const vec<Arch> factor = load<Arch>(factors + j * used + v);
                    kept = p * factor;
                    slope = slope * factor;
                }
                vec<Arch> g = p * (slope - load<Arch>(along + v)) * vec<Arch>(f.scale);
                if (!all.holds(chunk.begin + j)) {
                    const auto shown = masks->shows(chunk.begin + j, v);
                    kept = xsimd::select(shown, kept, vec<Arch>(0));
                    g = xsimd::select(shown, g, vec<Arch>(0));
                }
                store<Arch>(kept, weight_at);
                store<Arch>(g, slope_at);
            }
        add_product<Arch>(weights, used, 1, keys.rows, {slope_rows, f.count, wide_v},
                          c.dvalues + chunk.begin * wide_v, wide_v);
        add_product<Arch>(slopes, used, 1, keys.rows, {rows, f.count, wide_k},
                          c.dkeys + chunk.begin * wide_k, wide_k);
        add_product<Arch>(slopes, 1, used, f.count, {keys.data, keys.rows, wide_k, keys.stride},
                          dquery, wide_k);
    }
    for (idx r = 0; r < f.count; ++r)
        if (float* const to = c.slopes[r].dquery; to != nullptr)
            run<Arch>(write_sums{
                dquery + r * wide_k,
                {{to, 1, key_width}, c.dquery_adds ? gradient_use::adds : gradient_use::first}});
}

template <class Arch> void run(const write_sums& c) {
    const idx wide = round_up(c.d.cols, Arch::lanes);
    for (idx r = 0; r < c.d.rows; ++r)
        steps<Arch>(c.d.cols, [&](idx i, auto size) {
            vec<Arch> sum = load<Arch>(c.sums + r * wide + i, size);
            float* const to = c.d.row(r) + i;
            if (c.d.adds()) sum += load<Arch>(to, size);
            store<Arch>(sum, to, size);
        });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
