#include <catch2/catch.hpp>
#include <cmath>
#include <reckon/core/math.hpp>

using namespace reckon;

static_assert(square_root(64) == 8);

TEST_CASE("square_root agrees with the library's to the last places") {
    for (const double x : {1e-30, 0.01, 0.5, 1.0, 2.0, 32.0, 48.0, 1e6, 1e300})
        CHECK(std::abs(square_root(x) / std::sqrt(x) - 1) < 4e-16);
    CHECK(square_root(0) == 0);
    CHECK(square_root(-1) == 0);
}
