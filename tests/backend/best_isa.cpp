#include <catch2/catch.hpp>
#include <reckon/backend/best_isa.hpp>

using namespace reckon;

TEST_CASE("the best instruction set is the strongest that the CPU has") {
    const isa best = best_isa();
    CHECK(avx512::here() == (best == isa::avx512));
    CHECK(neon64::here() == (best == isa::neon64));
    if (best == isa::avx2) CHECK(avx2::here());
    if (best == isa::sse4_2) CHECK((sse4_2::here() && !avx2::here()));
}

TEST_CASE("a cap lowers the best instruction set and never raises it") {
    for (const char* cap : {"sse4_2", "avx2", "avx512"}) CHECK(best_isa(cap) <= best_isa());
    if (avx2::here()) CHECK(best_isa("avx2") == isa::avx2);
    if (sse4_2::here()) CHECK(best_isa("sse4_2") == isa::sse4_2);
    CHECK(best_isa("") == best_isa());
}

TEST_CASE("a cap that is no instruction set is refused by name") {
    for (const char* wrong : {"avx", "AVX2", "neon64", "none", "avx512 ", "native"})
        CHECK_THROWS_WITH(best_isa(wrong),
                          Catch::Contains(wrong) && Catch::Contains("sse4_2, avx2 or avx512"));
}
