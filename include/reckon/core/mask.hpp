// A mask is intervals. For one query row: an always-visible prefix [0, prefix) (prompts, context)
// plus at most two key intervals; the transpose answers the same for one key row (queries that see
// it), which backward needs. No [rows, rows] matrix exists. Numbers that differ per sequence are
// `per_sequence` data; kernels call `mask.at(sequence)` once and then ask row by row.
//
// Covers the masks of M6-Rec 1.2, 3.2 and 4.4, LUM a.4, M-FALCON, windows, and their compositions
// with prompts. Rows and keys are counted within the sequence.
#pragma once

#include <reckon/core/config.hpp>
#include <reckon/core/error.hpp>

#include <concepts>
#include <type_traits>

namespace reckon { inline namespace v0 {

struct interval {  // [begin, end)
    idx begin = 0, end = 0;

    RECKON_BOTH constexpr idx size() const { return end > begin ? end - begin : 0; }
    RECKON_BOTH constexpr bool holds(idx i) const { return i >= begin && i < end; }
    RECKON_INLINE bool operator==(const interval&) const = default;
};

RECKON_BOTH constexpr interval overlap(interval a, interval b) {
    const interval both{a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
    return both.size() != 0 ? both : interval{};
}

/// [0, prefix), then `first`, then `second`: disjoint and in this order.
struct intervals {
    idx prefix = 0;
    interval first, second;

    RECKON_BOTH constexpr idx size() const { return prefix + first.size() + second.size(); }
    RECKON_BOTH constexpr bool holds(idx i) const {
        return i < prefix || first.holds(i) || second.holds(i);
    }
    RECKON_INLINE bool operator==(const intervals&) const = default;
};

template <class F> constexpr void each(const intervals& visible, F&& f) {
    for (idx i = 0; i < visible.prefix; ++i) f(i);
    for (idx i = visible.first.begin; i < visible.first.end; ++i) f(i);
    for (idx i = visible.second.begin; i < visible.second.end; ++i) f(i);
}

/// What one sequence's mask answers. `count` is the number of keys (or queries) of the sequence.
template <class M>
concept sequence_mask = std::is_trivially_copyable_v<M> && requires(const M m, idx row, idx count) {
    { m.keys_of(row, count) } -> std::same_as<intervals>;
    { m.queries_of(row, count) } -> std::same_as<intervals>;
};

/// What ops take: a mask for every sequence of a batch.
template <class M>
concept mask = std::is_trivially_copyable_v<M> && requires(const M m, idx sequence) {
    { m.at(sequence) } -> sequence_mask;
};

/// The sentence for what is no mask, where one is expected.
template <class M> constexpr bool is_mask() {
    static_assert(
        mask<M>,
        "mask: expected a trivially copyable type whose at(sequence) answers "
        "keys_of(row, count) and queries_of(key, count) with intervals, such as causal{}");
    return mask<M>;
}

/// One number for all sequences, or one each (a view in the batch's memory space).
struct per_sequence {
    idx same = 0;
    const std::int32_t* each = nullptr;

    constexpr per_sequence() = default;
    RECKON_BOTH constexpr per_sequence(std::integral auto number) : same(idx(number)) {}
    RECKON_BOTH constexpr per_sequence(const std::int32_t* numbers) : each(numbers) {}
    RECKON_BOTH constexpr idx operator[](idx sequence) const {
        return each == nullptr ? same : idx(each[sequence]);
    }
};

/// Every row sees every key.
struct bidirectional {
    RECKON_BOTH constexpr bidirectional at(idx) const { return {}; }
    RECKON_BOTH constexpr intervals keys_of(idx, idx count) const { return {0, {0, count}, {}}; }
    RECKON_BOTH constexpr intervals queries_of(idx, idx count) const { return {0, {0, count}, {}}; }
};

/// Every row sees the keys up to itself.
struct causal {
    RECKON_BOTH constexpr causal at(idx) const { return {}; }
    RECKON_BOTH constexpr intervals keys_of(idx row, idx) const { return {0, {0, row + 1}, {}}; }
    RECKON_BOTH constexpr intervals queries_of(idx key, idx count) const {
        return {0, {key, count}, {}};
    }
};

/// Two regions (M6-Rec 1.2): rows before `source` see each other; later rows see the source and
/// themselves causally.
struct prefix_lm {
    per_sequence source;

    struct sequence {
        idx source;
        RECKON_BOTH constexpr intervals keys_of(idx row, idx) const {
            return {0, {0, row < source ? source : row + 1}, {}};
        }
        RECKON_BOTH constexpr intervals queries_of(idx key, idx count) const {
            return {0, {key < source ? 0 : key, count}, {}};
        }
    };
    RECKON_BOTH constexpr sequence at(idx s) const { return {source[s]}; }
};

/// Local attention: a row sees the `width` keys that end at itself.
struct sliding_window {
    per_sequence width;

    struct sequence {
        idx width;
        RECKON_BOTH constexpr intervals keys_of(idx row, idx) const {
            return {0, {row + 1 > width ? row + 1 - width : 0, row + 1}, {}};
        }
        RECKON_BOTH constexpr intervals queries_of(idx key, idx count) const {
            return {0, {key, key + width < count ? key + width : count}, {}};
        }
    };
    RECKON_BOTH constexpr sequence at(idx s) const { return {width[s]}; }
};

/// Segment-local attention (M6-Rec 4.4, lower layers): a row sees its own segment, all of it where
/// the segment lies in the source region, causally behind it. `ends` are the segments' ends,
/// counted within their sequence and ascending; sequence s owns ends[first[s]] .. ends[first[s + 1]
/// - 1].
struct segment_local {
    const std::int32_t* ends = nullptr;
    const std::int32_t* first = nullptr;  // [sequences + 1]
    per_sequence source;                  // rows before it are bidirectional within their segment

    struct sequence {
        const std::int32_t* ends;
        idx segments, source;

        RECKON_BOTH constexpr interval segment_of(idx row) const {
            idx low = 0, high = segments;  // the first segment that ends behind the row
            while (low < high) {
                const idx middle = (low + high) / 2;
                if (idx(ends[middle]) > row)
                    high = middle;
                else
                    low = middle + 1;
            }
            const idx begin = low == 0 ? 0 : idx(ends[low - 1]);
            return {begin, low == segments ? row + 1 : idx(ends[low])};
        }
        RECKON_BOTH constexpr intervals keys_of(idx row, idx) const {
            const interval own = segment_of(row);
            const idx source_end = own.end < source ? own.end : source;
            return {0, {own.begin, row < source ? source_end : row + 1}, {}};
        }
        RECKON_BOTH constexpr intervals queries_of(idx key, idx) const {
            const interval own = segment_of(key);
            return {0, {key < source ? own.begin : key, own.end}, {}};
        }
    };
    RECKON_BOTH constexpr sequence at(idx s) const {
        return {ends + first[s], idx(first[s + 1] - first[s]), source[s]};
    }
};

/// History + own group (LUM's group query, a.4; M-FALCON; candidates over one user): rows before
/// `history` are causal; behind it rows stand in groups of `group` and see the whole history and
/// their own group causally, never another group.
struct history_and_group {
    per_sequence history;
    per_sequence group = 1;

    struct sequence {
        idx history, group;
        RECKON_BOTH constexpr idx begin_of(idx row) const {
            return history + (row - history) / group * group;
        }
        RECKON_BOTH constexpr intervals keys_of(idx row, idx) const {
            if (row < history) return {0, {0, row + 1}, {}};
            return {0, {0, history}, {begin_of(row), row + 1}};
        }
        RECKON_BOTH constexpr intervals queries_of(idx key, idx count) const {
            if (key < history) return {0, {key, count}, {}};
            const idx end = begin_of(key) + group;
            return {0, {key, end < count ? end : count}, {}};
        }
    };
    RECKON_BOTH constexpr sequence at(idx s) const {
        return {history[s], group[s] == 0 ? 1 : group[s]};  // groups of none are groups of one
    }
};

/// A window laid over another mask: of what `Inner` shows, the last `width` keys up to the row.
/// (What Inner shows as a prefix stays visible: prompts and context are never windowed away.)
template <class Inner> struct windowed {
    per_sequence width;
    Inner inner;

    struct sequence {
        idx width;
        decltype(Inner{}.at(0)) inner;
        RECKON_BOTH constexpr intervals keys_of(idx row, idx count) const {
            const intervals k = inner.keys_of(row, count);
            const interval near{row + 1 > width ? row + 1 - width : 0, row + 1};
            return {k.prefix, overlap(k.first, near), overlap(k.second, near)};
        }
        RECKON_BOTH constexpr intervals queries_of(idx key, idx count) const {
            const intervals q = inner.queries_of(key, count);
            if (key < inner.keys_of(key, count).prefix) return q;
            const interval near{key, key + width};
            return {q.prefix, overlap(q.first, near), overlap(q.second, near)};
        }
    };
    RECKON_BOTH constexpr sequence at(idx s) const { return {width[s], inner.at(s)}; }
};

/// Prompts in front of each sequence (M6-Rec 3.2): they see each other, everyone sees them, and
/// behind them `Inner` holds with its rows counted from the first row after the prompts.
template <class Inner> struct prompted {
    per_sequence prompts;
    Inner inner;

    struct sequence {
        idx prompts;
        decltype(Inner{}.at(0)) inner;

        RECKON_BOTH constexpr interval shifted(interval i) const {
            return i.size() == 0 ? interval{} : interval{i.begin + prompts, i.end + prompts};
        }
        RECKON_BOTH constexpr intervals keys_of(idx row, idx count) const {
            if (row < prompts) return {prompts, {}, {}};
            const intervals k = inner.keys_of(row - prompts, count - prompts);
            return {prompts + k.prefix, shifted(k.first), shifted(k.second)};
        }
        RECKON_BOTH constexpr intervals queries_of(idx key, idx count) const {
            if (key < prompts) return {0, {0, count}, {}};
            const intervals q = inner.queries_of(key - prompts, count - prompts);
            if (q.prefix == 0) return {0, shifted(q.first), shifted(q.second)};
            return {0, {prompts, prompts + q.prefix}, shifted(q.first)};
        }
    };
    RECKON_BOTH constexpr sequence at(idx s) const { return {prompts[s], inner.at(s)}; }
};

/// Where the regions of each text end: rows in front of it (prompts), and its source region, which
/// is counted from behind them.
struct regions {
    per_sequence soft_prompts, source;
};

inline namespace RECKON_ISA {

/// Intervals are ordered, disjoint and within `count`, and the transpose agrees cell by cell.
template <sequence_mask M> constexpr bool well_formed(const M& m, idx count) {
    for (idx row = 0; row < count; ++row) {
        for (const intervals& i : {m.keys_of(row, count), m.queries_of(row, count)}) {
            idx reached = i.prefix;
            for (interval part : {i.first, i.second}) {
                if (part.size() == 0) continue;
                if (part.begin < reached) return false;
                reached = part.end;
            }
            if (reached > count) return false;
        }
        for (idx key = 0; key < count; ++key)
            if (m.keys_of(row, count).holds(key) != m.queries_of(key, count).holds(row))
                return false;
    }
    return true;
}

}  // namespace RECKON_ISA

}}  // namespace reckon::v0
