// The workspace: a bump allocator with marks and a high-water mark. It grows on the heap (or on a
// device) or stays within a fixed span; a counting arena only adds up what would be taken. While a
// growing arena is empty its blocks are merged into one of the high-water size, so that after one
// maximal batch no smaller batch allocates.
#pragma once

#include <reckon/core/error.hpp>

#include <new>
#include <span>
#include <type_traits>

#if defined(__SANITIZE_ADDRESS__)
#define RECKON_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RECKON_POISON 1
#endif
#endif
#ifdef RECKON_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Where a growing arena gets its blocks; `allocate` answers null when there is no memory.
struct block_source {
    void* (*allocate)(idx bytes) = nullptr;
    void (*release)(void* block, idx bytes) = nullptr;
    void (*poison)(void* first, idx bytes) = nullptr;  // under the address sanitizer, on the host:
    void (*unpoison)(void* first,
                     idx bytes) = nullptr;  // a tensor used after its scope is reported
};

inline block_source heap_blocks() {
    block_source source{
        [](idx bytes) { return ::operator new (bytes, std::align_val_t{64}, std::nothrow); },
        [](void* block, idx) { ::operator delete (block, std::align_val_t{64}); }};
#ifdef RECKON_POISON
    source.poison = [](void* first, idx bytes) { __asan_poison_memory_region(first, bytes); };
    source.unpoison = [](void* first, idx bytes) { __asan_unpoison_memory_region(first, bytes); };
#endif
    return source;
}

class arena {
  public:
    static constexpr idx alignment = 64;
    struct mark {
        idx block = 0, block_used = 0, used = 0;
    };

    constexpr arena() = default;  // counts, and owns nothing
    explicit arena(std::span<std::byte> fixed) : blocks_{{fixed.data(), fixed.size()}}, count_(1) {
        const auto address = reinterpret_cast<std::uintptr_t>(fixed.data());
        expect_that(address % alignment == 0, "workspace", "address", "a multiple of 64",
                    idx(address % alignment));
    }
    explicit arena(block_source source) : source_(source) {}
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    constexpr ~arena() {
        if (source_.release != nullptr) free_blocks();
    }

    /// Bytes aligned to 64; null while counting.
    constexpr std::byte* take(idx bytes) {
        const idx wanted = (bytes + alignment - 1) / alignment * alignment;
        std::byte* at = nullptr;
        if (count_ != 0 || source_.allocate != nullptr) at = place(wanted);
        used_ += wanted;
        if (used_ > high_water_) high_water_ = used_;
        return at;
    }

    constexpr mark here() const { return {block_, block_used_, used_}; }
    constexpr idx used() const { return used_; }
    constexpr idx high_water() const { return high_water_; }

    /// One block of at least so many bytes, of an arena that grows and of which nothing is in use;
    /// the high water is counted anew.
    constexpr void reserve(idx bytes) {
        expect_that(used_ == 0, "workspace", "reserve", "none in use", used_);
        high_water_ = 0;
        if (source_.allocate == nullptr || (count_ == 1 && blocks_[0].size >= bytes)) return;
        void* const data = source_.allocate(bytes);
        if (data == nullptr) fail("workspace", "bytes", "memory for the block", bytes);
        free_blocks();
        adopt(data, bytes);
    }

    /// Gives back everything taken since.
    constexpr void release(const mark& to) {
        if (source_.poison != nullptr)
            for (idx b = to.block; b < count_; ++b) {
                const idx first = b == to.block ? to.block_used : 0;
                source_.poison(blocks_[b].data + first, blocks_[b].size - first);
            }
        block_ = to.block;
        block_used_ = to.block_used;
        used_ = to.used;
        if (used_ == 0 && count_ > 1) merge();
    }

  private:
    static constexpr idx most_blocks = 48;
    struct block {
        std::byte* data = nullptr;
        idx size = 0;
    };

    constexpr std::byte* place(idx wanted) {
        while (block_ < count_ && block_used_ + wanted > blocks_[block_].size) {
            if (source_.allocate == nullptr)
                fail("workspace", "bytes", blocks_[block_].size, block_used_ + wanted);
            ++block_;
            block_used_ = 0;
        }
        if (block_ == count_) grow(wanted);
        std::byte* at = blocks_[block_].data + block_used_;
        block_used_ += wanted;
        if (source_.unpoison != nullptr) source_.unpoison(at, wanted);
        return at;
    }

    constexpr void grow(idx wanted) {
        idx size = count_ == 0 ? idx{1} << 16 : 2 * blocks_[count_ - 1].size;
        if (size < wanted) size = wanted;
        void* data = count_ == most_blocks ? nullptr : source_.allocate(size);
        if (data == nullptr) fail("workspace", "bytes", "memory for one more block", size);
        adopt(data, size);
    }

    // Without memory for the one large block the small ones simply stay.
    constexpr void merge() {
        void* data = source_.allocate(high_water_);
        if (data == nullptr) return;
        free_blocks();
        adopt(data, high_water_);
    }

    constexpr void adopt(void* data, idx size) {
        blocks_[count_++] = {static_cast<std::byte*>(data), size};
        if (source_.poison != nullptr) source_.poison(data, size);
    }

    constexpr void free_blocks() {
        for (; count_ != 0; --count_) {
            const block& last = blocks_[count_ - 1];
            if (source_.unpoison != nullptr) source_.unpoison(last.data, last.size);
            source_.release(last.data, last.size);
        }
    }

    block blocks_[most_blocks]{};
    idx count_ = 0, block_ = 0, block_used_ = 0, used_ = 0, high_water_ = 0;
    block_source source_{};
};

}}}  // namespace reckon::v0::RECKON_ISA
