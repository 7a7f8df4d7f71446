#include <catch2/catch.hpp>
#include <cstdlib>
#include <reckon/core/arena.hpp>
#include <vector>

using namespace reckon;

namespace {

/// A source that counts its blocks and may run dry.
idx blocks_given, blocks_alive, blocks_left;
block_source counting_source(idx most = 1000) {
    blocks_given = blocks_alive = 0;
    blocks_left = most;
    return {[](idx bytes) -> void* {
                if (blocks_left == 0) return nullptr;
                --blocks_left, ++blocks_given, ++blocks_alive;
                return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
            },
            [](void* block, idx) {
                --blocks_alive;
                std::free(block);
            }};
}

bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 64 == 0; }

}  // namespace

TEST_CASE("what is taken is aligned, disjoint and counted in steps of 64") {
    arena memory{heap_blocks()};
    std::byte* a = memory.take(1);
    std::byte* b = memory.take(65);
    std::byte* c = memory.take(64);
    CHECK((aligned(a) && aligned(b) && aligned(c)));
    CHECK(b - a >= 64);
    CHECK(c - b >= 128);
    CHECK(memory.used() == 64 + 128 + 64);
}

TEST_CASE("a released mark gives the same place again and leaves the high-water mark") {
    arena memory{heap_blocks()};
    memory.take(100);
    const auto mark = memory.here();
    std::byte* first = memory.take(1000);
    memory.release(mark);
    CHECK(memory.used() == 128);
    CHECK(memory.take(10) == first);
    CHECK(memory.high_water() == 128 + 1024);
}

TEST_CASE("a growing arena merges its blocks when it is empty, and then allocates no more") {
    {
        arena memory{counting_source()};
        const auto fill = [&](idx pieces) {
            const auto mark = memory.here();
            for (idx i = 0; i < pieces; ++i) memory.take(40000);
            memory.release(mark);
        };
        fill(20);
        const idx warm = blocks_given;
        CHECK(warm > 2);  // several blocks, and the one they were merged into
        CHECK(blocks_alive == 1);
        for (idx pieces = 0; pieces <= 20; ++pieces) fill(pieces);
        CHECK(blocks_given == warm);
    }
    CHECK(blocks_alive == 0);
}

TEST_CASE("marks hold across blocks") {
    arena memory{counting_source()};
    memory.take(60000);
    const auto mark = memory.here();
    std::byte* b = memory.take(60000);  // another block
    memory.take(300000);                // and one more
    memory.release(mark);
    CHECK(memory.used() == 60032);
    CHECK(memory.take(60000) == b);
}

TEST_CASE("blocks that cannot be merged for want of memory simply stay") {
    arena memory{counting_source(2)};
    const auto mark = memory.here();
    memory.take(60000);
    memory.take(60000);
    memory.release(mark);
    CHECK(blocks_alive == 2);
    CHECK_NOTHROW(memory.take(60000));
    CHECK_NOTHROW(memory.take(60000));
    CHECK_THROWS_WITH(memory.take(1 << 20),
                      "workspace: bytes: expected memory for one more block, "
                      "got 1048576");
}

TEST_CASE("a fixed arena gives what it has and then says how much was asked") {
    alignas(64) std::byte bytes[256];
    arena memory{std::span{bytes}};
    CHECK(memory.take(128) == bytes);
    const auto mark = memory.here();
    CHECK(memory.take(128) == bytes + 128);
    CHECK_THROWS_WITH(memory.take(1), "workspace: bytes: expected 256, got 320");
    memory.release(mark);
    CHECK(memory.take(100) == bytes + 128);
    CHECK(memory.high_water() == 256);
}

TEST_CASE("a fixed workspace must be aligned") {
    alignas(64) std::byte bytes[256];
    CHECK_THROWS_WITH(arena{std::span{bytes}.subspan(8)},
                      "workspace: address: expected a multiple of 64, got 8");
}

TEST_CASE("a counting arena adds up what would be taken, in constant expressions too") {
    constexpr auto most = [] {
        arena counting;
        const auto mark = counting.here();
        counting.take(100);
        counting.release(mark);
        counting.take(40);
        return counting.high_water();
    };
    static_assert(most() == 128);
    CHECK(arena{}.take(10) == nullptr);
}

#ifdef RECKON_POISON
TEST_CASE("memory is poisoned once it is released and clean once it is taken again") {
    arena memory{heap_blocks()};
    const auto mark = memory.here();
    std::byte* a = memory.take(128);
    CHECK_FALSE(__asan_address_is_poisoned(a));
    CHECK(__asan_address_is_poisoned(a + 128));
    memory.release(mark);
    CHECK(__asan_address_is_poisoned(a));
    std::byte* b = memory.take(64);
    CHECK(b == a);
    CHECK_FALSE(__asan_address_is_poisoned(b));
    CHECK(__asan_address_is_poisoned(b + 64));
}
#endif

TEST_CASE("what is reserved is one block, and nothing more is allocated up to it") {
    {
        arena memory{counting_source()};
        const auto mark = memory.here();
        memory.take(1 << 18);
        CHECK_THROWS_WITH(memory.reserve(1 << 20),
                          "workspace: reserve: expected none in use, got 262144");
        memory.release(mark);
        memory.reserve(1 << 20);
        CHECK(memory.high_water() == 0);  // counted anew
        CHECK(blocks_alive == 1);
        const idx given = blocks_given;
        for (int i = 0; i < 16; ++i) memory.take(1 << 16);
        memory.release(mark);
        memory.reserve(1000);  // there is room already
        CHECK(blocks_given == given);
    }
    CHECK(blocks_alive == 0);
    arena poor{counting_source(0)};
    CHECK_THROWS_WITH(poor.reserve(64), "workspace: bytes: expected memory for the block, got 64");
}
