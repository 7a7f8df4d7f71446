#include "allocation_guard.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace {
thread_local allocations seen;
}

allocations take_allocations() { return std::exchange(seen, {}); }

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    seen.largest = std::max(seen.largest, bytes);
    ++seen.living;
    return std::malloc(bytes);
}
void* operator new(std::size_t bytes) {
    if (void* made = operator new(bytes, std::nothrow)) return made;
    throw std::bad_alloc();
}
void operator delete(void* made) noexcept {
    if (made != nullptr) --seen.living;
    std::free(made);
}
void operator delete(void* made, std::size_t) noexcept { operator delete(made); }
