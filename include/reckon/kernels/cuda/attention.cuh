// Softmax attention over the keys that the mask shows, a warp for each query row and head. The
// visible keys come in tiles of 32: a lane scores one of them, then all lanes add the tile's values
// to the columns of the result that are theirs, rescaled whenever a higher score turns up (Milakov
// and Gimelshein 2018). Nothing is kept but the result's row, so sequences and heads may be of any
// size. A row that sees no key gives zeros.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/kernels/cuda/launch.cuh>
#include <reckon/kernels/cuda/sequences.cuh>
#include <reckon/kernels/cuda/warp.cuh>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace cuda {

template <class K, class M> struct attending_rows {
    view<const float, device> query;
    device_sequences sequences;
    key_values<K, device> source;
    M mask;
    per_sequence first_position;
    idx heads, key_heads, key_width, value_width;
    float scale;
    view<float, device> y;
    index_check first_there, count_there, position_there, shown_there;

    struct running {  // over the keys so far
        float top = -INFINITY, total = 0;
    };

    __device__ void operator()(idx item, idx lane) const {
        const idx row = item / heads, head = item % heads, key_head = head * key_heads / heads;
        const idx s = sequences.sequence_of(row), begin = sequences.begin(s);
        const idx first = source.first == nullptr ? begin : idx(source.first[s]);
        const idx count = keys_there(s, first);
        const float* q = query.row(row) + head * key_width;
        const auto keys = source.keys.slice(first, count).columns(key_head * key_width, key_width);
        const auto values =
            source.values.slice(first, count).columns(key_head * value_width, value_width);
        float* out = y.row(row) + head * value_width;

        for (idx c = lane; c < value_width; c += lanes) out[c] = 0;
        const auto visible = mask.at(s).keys_of(position_of(s) + (row - begin), count);
        const interval parts[] = {{0, visible.prefix}, visible.first, visible.second};
        running sums;
        for (const interval& part : parts) {
            if (part.end > count) shown_there.refuse(count, std::int64_t(part.end), row);
            const idx end = part.end > count ? count : part.end;
            for (idx j = part.begin; j < end; j += lanes)
                add_tile(q, keys, values, {j, end}, lane, sums, out);
        }
        for (idx c = lane; c < value_width; c += lanes)
            out[c] = sums.total == 0 ? 0 : out[c] / sums.total;
    }

    /// The mask's row number of the first query of sequence s.
    __device__ idx position_of(idx s) const {
        constexpr idx most = ~idx{0} / 2;
        const idx position = first_position[s];
        if (position <= most) return position;
        position_there.refuse(most, std::int64_t(position), s);
        return 0;
    }

    /// How many keys sequence s has, as far as they lie inside the source.
    __device__ idx keys_there(idx s, idx first) const {
        const idx count = source.count == nullptr ? sequences.length(s) : idx(source.count[s]);
        const idx stored = source.keys.rows;
        if (first > stored) {
            first_there.refuse(stored, std::int64_t(first), s);
            return 0;
        }
        if (count > stored - first) {
            count_there.refuse(stored - first, std::int64_t(count), s);
            return stored - first;
        }
        return count;
    }

    /// The first 32 keys of [tile.begin, tile.end), or fewer.
    __device__ void add_tile(const float* q, view<const K, device> keys,
                             view<const K, device> values, interval tile, idx lane, running& sums,
                             float* out) const {
        const idx own = tile.begin + lane;
        float score = -INFINITY;
        if (own < tile.end) {
            score = 0;
            for (idx c = 0; c < key_width; ++c) score += q[c] * float(keys(own, c));
            score *= scale;
        }
        const float top = fmaxf(sums.top, warp_max(score));
        const float kept = expf(sums.top - top), weight = own < tile.end ? expf(score - top) : 0;
        sums.total = sums.total * kept + warp_sum(weight);
        sums.top = top;

        const idx here = tile.end - tile.begin < lanes ? tile.end - tile.begin : lanes;
        for (idx c = lane; c - lane < value_width; c += lanes) {  // all lanes stay for the shuffles
            float sum = 0;
            for (idx i = 0; i < here; ++i) {
                const float w = __shfl_sync(all_lanes, weight, int(i));
                if (c < value_width) sum += w * float(values(tile.begin + i, c));
            }
            if (c < value_width) out[c] = out[c] * kept + sum;
        }
    }
};

}  // namespace cuda

template <class N, class K, class M>
constexpr idx attention_scratch(gpu_cuda<N>, const attention_problem<float, K, M, device>&, idx) {
    return 0;
}

/// Over floats and bf16; caches in int8 stand on the host.
template <class N, class C, class K, class M>
requires(!std::same_as<K, std::int8_t>) void attention_kernel(
    gpu_cuda<N>, C& ctx, const attention_problem<float, K, M, device>& p, std::byte*,
    view<float, device> y) {
    cuda_handles& gpu = ctx.state();
    const auto check_of = [&](const char* what) {
        return gpu.check_of("attention", what, "at most ");
    };
    const cuda::attending_rows<K, M> work{p.query,
                                          cuda::on_device("attention", p.sequences),
                                          p.source,
                                          p.mask,
                                          p.options.first_position,
                                          p.options.heads,
                                          p.options.key_heads,
                                          p.key_width(),
                                          p.value_width(),
                                          p.options.scale,
                                          y,
                                          check_of("source.first"),
                                          check_of("source.count"),
                                          check_of("first_position"),
                                          check_of("mask, keys shown to a row")};
    cuda::for_rows(gpu, "attention", y.rows * p.options.heads, work);
}

}}}  // namespace reckon::v0::RECKON_ISA
