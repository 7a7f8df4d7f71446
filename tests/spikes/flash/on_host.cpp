// Without heap, exceptions and RTTI: the scores equal those of the run-time model bit for bit, and
// the workspace is used up to its last byte.
#include "recommender.hpp"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <new>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "compile this with -fno-exceptions -fno-rtti"
#endif

namespace {
int taken = 0;  // from the heap
}

extern "C" {
void* malloc(std::size_t) noexcept { return ++taken, nullptr; }
void* calloc(std::size_t, std::size_t) noexcept { return ++taken, nullptr; }
void* realloc(void*, std::size_t) noexcept { return ++taken, nullptr; }
void free(void*) noexcept {}
}
void* operator new(std::size_t) { std::_Exit(3); }
void* operator new(std::size_t, std::align_val_t) { std::_Exit(3); }
void* operator new(std::size_t, const std::nothrow_t&) noexcept { return ++taken, nullptr; }
void* operator new(std::size_t, std::align_val_t, const std::nothrow_t&) noexcept {
    return ++taken, nullptr;
}
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
void operator delete(void*, std::align_val_t) noexcept {}

void reckon::on_error(const reckon::error& e) {
    std::fputs(e.what(), stderr);
    std::_Exit(2);
}

int main() {
    taken = 0;
    flash::chip ctx{std::span{flash::workspace}};
    const auto scores = flash::model.scores(ctx, flash::batch());
    const int from_heap = taken;

    static char buffer[256];
    std::setvbuf(stdout, buffer, _IOLBF, sizeof buffer);
    std::printf("workspace: %zu bytes counted, %zu used; from the heap: %d times\n",
                flash::workspace_bytes, ctx.workspace().high_water(), from_heap);
    reckon::idx differing = 0;
    for (reckon::idx i = 0; i < scores.size(); ++i)
        differing += std::bit_cast<std::uint32_t>(scores.data[i]) != flash::score_bits[i];
    std::printf("scores: %zu, of which %zu differ from the run-time model's\n", scores.size(),
                differing);
    const bool whole = scores.size() == std::size(flash::score_bits);
    return whole && differing == 0 && from_heap == 0 &&
                   ctx.workspace().high_water() == flash::workspace_bytes
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
