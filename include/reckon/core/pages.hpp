// Memory of large arrays of numbers, such as weights. On Linux they stand together in slabs that
// ask for pages of 2 MB: a core reads half as much again from them as from pages of 4 KB. An array
// keeps its slab alive; each thread fills its own.
#pragma once

#include <reckon/core/config.hpp>

#include <new>

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#include <sys/mman.h>
#define RECKON_LARGE_PAGES 1
#else
#define RECKON_LARGE_PAGES 0
#endif

namespace reckon::inline v0::detail::inline RECKON_ISA {

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
        void* const memory = ::operator new (whole, std::align_val_t{size});
#if RECKON_LARGE_PAGES
        madvise(memory, whole, MADV_HUGEPAGE);  // a wish: without it the pages are small
#endif
        return ::new (memory) page_slab(whole - header);
    }
    idx left() const { return bytes_ - used_; }
    void* cut(idx bytes) {
        void* const memory = reinterpret_cast<char*>(this) + used_;
        used_ += bytes;
        return memory;
    }
    void retain() { __atomic_add_fetch(&users_, 1, __ATOMIC_RELAXED); }
    void release() {
        if (__atomic_sub_fetch(&users_, 1, __ATOMIC_ACQ_REL) == 0)
            ::operator delete (this, std::align_val_t{size});
    }

    idx bytes_, used_ = header;
    idx users_ = 1;  // the arrays, and the thread that fills it
};

}  // namespace reckon::inline v0::detail::inline RECKON_ISA
