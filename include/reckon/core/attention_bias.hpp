// The relative attention bias as data (HSTU's rab, Zhai et al. 2024): tables of position and time
// buckets, and times by row. No function crosses to a kernel, so that kernels of any backend read
// it, on a device too; its gradient is a histogram over the same buckets.
#pragma once

#include <reckon/core/view.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

enum class time_scale : std::uint8_t {
    logarithm,    // floor(ln(max(|d| / unit, 1)) / width): HSTU, whose width is 0.301
    square_root,  // floor(sqrt(|d| / unit) / width)
};

/// Which bucket a difference of times falls into; beyond the last one it is the last.
struct time_buckets {
    time_scale scale = time_scale::logarithm;
    float unit = 1;  // seconds
    float width = 0.301f;

    RECKON_BOTH idx of(std::int64_t difference, idx count) const {
        const double units = std::fabs(double(difference)) / double(unit);
        const double scaled =
            scale == time_scale::logarithm ? std::log(units > 1 ? units : 1) : std::sqrt(units);
        const double bucket = std::floor(scaled / double(width));
        return bucket < double(count) ? idx(bucket) : count - 1;
    }
    bool operator==(const time_buckets&) const = default;
};

/// Added to the score of query row i and key j of a sequence, before its weight is taken:
///     positions(h, centre + j - i) + times(h, bucket of row_times[i] - key_times[j])
/// A table has a row for each head, or one for all of them; a place beyond its ends is the end.
template <class E, class Space = host> struct attention_bias {
    view<const E, Space> positions{};  // [heads or 1, buckets]; of no columns: adds nothing
    idx centre = 0;                    // the bucket of a row and itself
    view<const E, Space> times{};      // [heads or 1, buckets]; of no columns: adds nothing
    time_buckets buckets{};
    const std::int64_t* row_times = nullptr;  // seconds, of each row of queries
    const std::int64_t* key_times = nullptr;  // seconds, of each row of keys

    RECKON_BOTH constexpr bool empty() const { return positions.cols == 0 && times.cols == 0; }
};

}}}  // namespace reckon::v0::RECKON_ISA
