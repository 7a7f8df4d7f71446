// An owned array whose length is set once: parameters, and the blocks of a stack. Aligned to 64
// bytes, value-initialised, deep-copied; large arrays of numbers stand on large pages. Stands in
// for std::vector, whose header costs every model 0.2 s of compiling.
#pragma once

#include <reckon/core/dtype.hpp>
#include <reckon/core/error.hpp>
#include <reckon/core/large_pages.hpp>

#include <new>
#include <type_traits>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class T> class heap_array {
  public:
    using value_type = T;

    heap_array() = default;
    /// Each element is T(from...). Large arrays of zeros are not written: see core/large_pages.hpp.
    template <class... From> explicit heap_array(idx count, const From&... from) {
        if constexpr (sizeof...(From) == 0 && element<T>)
            if (on_pages(count)) {
                data_ = taken(count);
                size_ = count;
                return;
            }
        fill(count, [&](void* at, idx) { ::new (at) T(from...); });
    }
    heap_array(const heap_array& other) {
        fill(other.size_, [&](void* at, idx i) { ::new (at) T(other.data_[i]); });
    }
    heap_array(heap_array&& other) noexcept { swap(other); }
    heap_array& operator=(heap_array other) noexcept {
        swap(other);
        return *this;
    }
    ~heap_array() {
        for (idx i = size_; i != 0; --i) data_[i - 1].~T();
        if (on_pages(size_))
            detail::page_slab::give_back(data_);
        else
            ::operator delete(data_, alignment);
    }

    T* data() { return data_; }
    const T* data() const { return data_; }
    idx size() const { return size_; }
    T& operator[](idx i) { return data_[i]; }
    const T& operator[](idx i) const { return data_[i]; }
    T* begin() { return data_; }
    T* end() { return data_ + size_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + size_; }

    void swap(heap_array& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
    }

  private:
    static constexpr std::align_val_t alignment{64};

    // Numbers never throw below, so that the size that was asked for is the size that is freed.
    static constexpr bool on_pages(idx count) {
        return RECKON_LARGE_PAGES && std::is_trivially_copyable_v<T> &&
               count * sizeof(T) >= detail::page_slab::least;
    }

    static T* taken(idx count) {
        constexpr idx most = ~idx{0} / 2 / sizeof(T);
        if (count > most) fail("heap_array", "count", most, count);
        return static_cast<T*>(on_pages(count) ? detail::page_slab::take(count * sizeof(T))
                                               : ::operator new(count * sizeof(T), alignment));
    }

    // An element that throws ends the array there; the destructor of what exists already runs.
    template <class Make> void fill(idx count, Make make) {
        if (count == 0) return;
        heap_array made;
        made.data_ = taken(count);
        for (; made.size_ < count; ++made.size_) make(made.data_ + made.size_, made.size_);
        swap(made);
    }

    T* data_ = nullptr;
    idx size_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
