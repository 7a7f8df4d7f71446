#include <reckon/core/heap_array.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <thread>
#include <vector>

using namespace reckon;

namespace {
std::uintptr_t address(const heap_array<float>& a) {
    return reinterpret_cast<std::uintptr_t>(a.data());
}
}  // namespace

TEST_CASE("large arrays are aligned, zero and apart, whatever their size") {
    std::vector<heap_array<float>> all;
    for (idx count : {idx{1}, idx{16383}, idx{16384}, idx{100001}, idx{3000000}, idx{9000000}})
        for (int copies = 0; copies < 3; ++copies) {
            all.emplace_back(count);
            CHECK(address(all.back()) % 64 == 0);
            CHECK(all.back()[0] == 0);
            CHECK(all.back()[count - 1] == 0);
            for (float& x : all.back()) x = float(all.size());
        }
    for (idx i = 0; i < all.size(); ++i) {
        CHECK(all[i][0] == float(i + 1));
        CHECK(all[i][all[i].size() - 1] == float(i + 1));
    }
}

TEST_CASE("an array outlives the thread that made it and is freed by another") {
    std::vector<heap_array<float>> all(4);
    for (int round = 0; round < 3; ++round) {
        std::vector<std::thread> makers;
        for (heap_array<float>& a : all)
            makers.emplace_back([&a, round] { a = heap_array<float>(200000, float(round)); });
        for (std::thread& t : makers) t.join();
        for (const heap_array<float>& a : all) CHECK(a[199999] == float(round));
    }
}

#if RECKON_LARGE_PAGES
TEST_CASE("arrays that are made and freed again reuse no more than a slab") {
    const heap_array<float> kept(50000);
    idx slabs = 0;
    std::uintptr_t last = 0;
    for (int i = 0; i < 2000; ++i) {  // 400 MB in all
        const heap_array<float> passing(50000);
        const std::uintptr_t slab = address(passing) >> 24;
        slabs += slab != last ? 1 : 0;
        last = slab;
    }
    CHECK(slabs > 1);  // a full slab is left behind and given back
    CHECK(slabs < 40);
}
#endif
