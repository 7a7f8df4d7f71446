// What the queries of a block of attention see: the keys of each, of any and of all of them, and
// the mask of queries that stand in the lanes of vectors.
#pragma once

#include <reckon/core/mask.hpp>
#include <reckon/kernels/simd/sizes.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/vector.hpp>

#include <limits>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// A query's row of one head, the keys it sees, and where its sum of values goes.
struct attention_query {
    const float* row;
    intervals visible;
    float* y;
};

}}}  // namespace reckon::v0::simd

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// f(intervals) for what each query sees, once for neighbours that see the same.
template <class F> void each_visible(const attention_query* queries, idx count, const F& f) {
    for (idx r = 0; r < count; ++r)
        if (r == 0 || queries[r].visible != queries[r - 1].visible) f(queries[r].visible);
}

/// From the first key that some query sees to the last.
inline interval seen_by_any(const attention_query* queries, idx count) {
    interval all{};
    each_visible(queries, count, [&](const intervals& v) {
        for (const interval seen : {interval{0, v.prefix}, v.first, v.second}) {
            if (seen.size() == 0) continue;
            if (all.size() == 0) all = seen;
            if (seen.begin < all.begin) all.begin = seen.begin;
            if (seen.end > all.end) all.end = seen.end;
        }
    });
    return all;
}

/// The longest run of keys from some key on that every query sees.
inline interval seen_by_all(const attention_query* queries, idx count) {
    interval all{0, ~idx{0}};
    each_visible(queries, count, [&](const intervals& v) {
        const bool joined = v.first.size() != 0 && v.first.begin <= v.prefix;
        all = overlap(all, v.prefix == 0 ? v.first : interval{0, joined ? v.first.end : v.prefix});
    });
    return all;
}

/// Some query sees some key of the chunk.
inline bool shows_any(const attention_query* queries, idx count, interval chunk) {
    bool shows = false;
    each_visible(queries, count, [&](const intervals& v) {
        shows = shows || chunk.begin < v.prefix || overlap(chunk, v.first).size() != 0 ||
                overlap(chunk, v.second).size() != 0;
    });
    return shows;
}

/// No weight for the keys of a chunk that a query does not see, nor for what pads them to `end`.
inline void hide(float* scores, const intervals& visible, interval chunk, idx end) {
    idx at = chunk.begin;
    const auto hide_to = [&](idx to) {
        for (; at < to; ++at) scores[at - chunk.begin] = -std::numeric_limits<float>::infinity();
    };
    for (const interval seen : {interval{0, visible.prefix}, visible.first, visible.second}) {
        const interval here = overlap(seen, chunk);
        if (here.size() == 0) continue;
        hide_to(here.begin);
        at = here.end;
    }
    hide_to(end);
}

/// The mask of a block: what each lane's query sees.
template <class Arch> struct lane_masks {
    static constexpr idx width = panel_vectors * Arch::lanes;
    static constexpr idx ends = 5;  // prefix, first, second

    alignas(64) float bound[ends][width];

    lane_masks(const attention_query* queries, idx count) {
        for (idx r = 0; r < width; ++r) {  // lanes without a query repeat the last
            const intervals& v = queries[r < count ? r : count - 1].visible;
            const idx numbers[ends] = {v.prefix, v.first.begin, v.first.end, v.second.begin,
                                       v.second.end};
            for (idx e = 0; e < ends; ++e) bound[e][r] = float(numbers[e]);
        }
    }

    flags<Arch> shows(idx key, idx lane) const {
        const auto number = float(key);  // exact up to 2^24 keys
        const vec<Arch> j(number);
        const auto end = [&](idx e) { return load<Arch>(bound[e] + lane); };
        return (j < end(0)) | ((j >= end(1)) & (j < end(2))) | ((j >= end(3)) & (j < end(4)));
    }
};

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
