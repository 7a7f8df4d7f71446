// Ragged batches: packed rows [tokens, width] plus offsets [sequences + 1]. Nothing is padded. The
// offsets are checked once, here; kernels loop over them and never check again. A device batch
// keeps the host's offsets beside its own, since the host plans the launches.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/core/view.hpp>

#include <span>

namespace reckon::inline v0 {

struct ragged {
    constexpr ragged() = default;
    /// Offsets begin at 0 and never fall. They are looked at, not copied: keep them alive.
    constexpr explicit ragged(std::span<const std::int32_t> offsets)
        : offsets_(offsets.data()), sequences_(offsets.empty() ? 0 : offsets.size() - 1) {
        expect_that(!offsets.empty(), "ragged", "offsets", "sequences + 1 numbers", idx{0});
        expect_that(offsets[0] == 0, "ragged", "offsets[0]", "0", offsets[0]);
        for (idx s = 0; s < sequences_; ++s) {
            if (offsets[s + 1] < offsets[s])
                fail("ragged", "offsets", "numbers that never fall", offsets[s + 1]);
            if (length(s) > longest_) longest_ = length(s);
        }
    }

    constexpr idx sequences() const { return sequences_; }
    constexpr idx rows() const { return sequences_ == 0 ? 0 : idx(offsets_[sequences_]); }
    constexpr idx begin(idx sequence) const { return idx(offsets_[sequence]); }
    constexpr idx length(idx sequence) const {
        return idx(offsets_[sequence + 1] - offsets_[sequence]);
    }
    constexpr idx longest() const { return longest_; }
    constexpr const std::int32_t* offsets() const { return offsets_; }

    /// The same offsets in an accelerator's memory, for its kernels; null on the host.
    constexpr const std::int32_t* device_offsets() const { return device_offsets_; }
    constexpr ragged with_device_offsets(const std::int32_t* offsets) const {
        ragged both = *this;
        both.device_offsets_ = offsets;
        return both;
    }

  private:
    const std::int32_t* offsets_ = nullptr;  // [sequences + 1]
    const std::int32_t* device_offsets_ = nullptr;
    idx sequences_ = 0, longest_ = 0;
};

}  // namespace reckon::inline v0
