// Memory of large arrays of numbers, such as weights. On Linux they stand together in slabs that
// ask for pages of 2 MB: a core reads half as much again from them as from pages of 4 KB. An array
// keeps its slab alive; each thread fills its own. A slab comes from the system and goes back to
// it, so what is cut from it is zero, and takes no memory until it is written.
#pragma once

#include <reckon/core/error.hpp>

#include <new>

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#include <sys/mman.h>
#define RECKON_LARGE_PAGES 1
#else
#define RECKON_LARGE_PAGES 0
#endif

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace detail {

class page_slab {
  public:
    /// Arrays below this many bytes gain nothing.
    static constexpr idx least = 64 * 1024;

    static void* take(idx bytes) {
        bytes = (bytes + alignment - 1) / alignment * alignment;
        if (bytes > own_from) return made(bytes)->cut(bytes);
        filler& mine = filling();
        if (mine.slab == nullptr || mine.slab->left() < bytes) {
            page_slab* const next = made(size - header);
            if (mine.slab != nullptr) mine.slab->release();
            mine.slab = next;
        }
        mine.slab->retain();
        return mine.slab->cut(bytes);
    }
    static void give_back(void* memory) {
        const auto at = reinterpret_cast<std::uintptr_t>(memory);
        reinterpret_cast<page_slab*>(at / size * size)->release();
    }

  private:
    static constexpr idx alignment = 64, header = 64;
    static constexpr idx size = idx{16} << 20, page = idx{2} << 20;
    static constexpr idx own_from = size / 4;  // so that less than a quarter of a slab stays unused

    struct filler {
        page_slab* slab = nullptr;
        ~filler() {
            if (slab != nullptr) slab->release();
            slab = nullptr;
        }
    };
    static filler& filling() {
        static thread_local filler mine;
        return mine;
    }

    explicit page_slab(idx room) : bytes_(header + room) {}
    static page_slab* made(idx room) {
        const idx whole = (header + room + page - 1) / page * page;
        return ::new (mapped(whole)) page_slab(whole - header);
    }
#if RECKON_LARGE_PAGES
    /// Whole pages at a multiple of `size`: more is asked for, and both ends are given back.
    static void* mapped(idx bytes) {
        const int access = PROT_READ | PROT_WRITE, kind = MAP_PRIVATE | MAP_ANONYMOUS;
        void* const all = mmap(nullptr, bytes + size, access, kind, -1, 0);
        if (all == MAP_FAILED) fail("heap_array", "bytes", "as many as the system has", bytes);
        const auto from = reinterpret_cast<std::uintptr_t>(all);
        const auto at = (from + size - 1) / size * size;
        if (at != from) munmap(all, at - from);
        if (at != from + size) munmap(reinterpret_cast<void*>(at + bytes), from + size - at);
        void* const memory = reinterpret_cast<void*>(at);
        madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: without it the pages are small
        return memory;
    }
    static void unmap(page_slab* slab) { munmap(slab, slab->bytes_); }
#else
    static void* mapped(idx) { return nullptr; }  // heap_array asks for none
    static void unmap(page_slab*) {}
#endif
    idx left() const { return bytes_ - used_; }
    void* cut(idx bytes) {
        void* const memory = reinterpret_cast<char*>(this) + used_;
        used_ += bytes;
        return memory;
    }
    void retain() { __atomic_add_fetch(&users_, 1, __ATOMIC_RELAXED); }
    void release() {
        if (__atomic_sub_fetch(&users_, 1, __ATOMIC_ACQ_REL) == 0) unmap(this);
    }

    idx bytes_, used_ = header;
    idx users_ = 1;  // the arrays, and the thread that fills it
};

}}}}  // namespace reckon::v0::RECKON_ISA::detail
