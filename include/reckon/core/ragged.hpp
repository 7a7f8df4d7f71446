// Ragged batches: packed rows [tokens, width] plus offsets [sequences + 1]. Nothing is padded. The
// offsets are checked once, here; kernels loop over them and never check again. A device batch
// keeps the host's offsets beside its own, since the host plans the launches.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/core/view.hpp>

#include <span>

namespace reckon { inline namespace v0 {

inline namespace RECKON_ISA {

/// The longest sequence of offsets that begin at 0 and never fall.
constexpr idx longest_of(std::span<const std::int32_t> offsets) {
    expect_that(!offsets.empty(), "ragged", "offsets", "sequences + 1 numbers", idx{0});
    expect_that(offsets[0] == 0, "ragged", "offsets[0]", "0", offsets[0]);
    idx longest = 0;
    for (idx s = 1; s < offsets.size(); ++s) {
        if (offsets[s] < offsets[s - 1])
            fail("ragged", "offsets", "numbers that never fall", offsets[s]);
        const idx length = idx(offsets[s] - offsets[s - 1]);
        if (length > longest) longest = length;
    }
    return longest;
}

}  // namespace RECKON_ISA

struct ragged {
    constexpr ragged() = default;
    /// Offsets begin at 0 and never fall. They are looked at, not copied: keep them alive.
    RECKON_INLINE constexpr explicit ragged(std::span<const std::int32_t> offsets)
        : offsets_(offsets.data()), count_(offsets.size() - 1), longest_(longest_of(offsets)) {}

    RECKON_INLINE constexpr idx count() const { return count_; }
    RECKON_INLINE constexpr idx rows() const { return count_ == 0 ? 0 : idx(offsets_[count_]); }
    RECKON_INLINE constexpr idx begin(idx sequence) const { return idx(offsets_[sequence]); }
    RECKON_INLINE constexpr idx length(idx sequence) const {
        return idx(offsets_[sequence + 1] - offsets_[sequence]);
    }
    RECKON_INLINE constexpr idx longest() const { return longest_; }
    RECKON_INLINE constexpr const std::int32_t* offsets() const { return offsets_; }

    /// The same offsets in an accelerator's memory, for its kernels; null on the host.
    RECKON_INLINE constexpr const std::int32_t* device_offsets() const { return device_offsets_; }
    RECKON_INLINE constexpr ragged with_device_offsets(const std::int32_t* offsets) const {
        ragged both = *this;
        both.device_offsets_ = offsets;
        return both;
    }

  private:
    const std::int32_t* offsets_ = nullptr;  // [sequences + 1]
    const std::int32_t* device_offsets_ = nullptr;
    idx count_ = 0, longest_ = 0;
};

}}  // namespace reckon::v0
