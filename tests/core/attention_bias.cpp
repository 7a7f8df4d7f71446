// Buckets of time, against the fixtures of HSTU's public code (specs of HSTU c.2).
#include <catch2/catch.hpp>
#include <reckon/core/attention_bias.hpp>

using namespace reckon;

TEST_CASE("time buckets are those of HSTU's public code") {
    const time_buckets hstu;
    const std::pair<std::int64_t, idx> expected[]{
        {0, 0}, {1, 0}, {60, 13}, {3600, 27}, {86400, 37}, {604800, 44}, {31536000, 57}};
    for (const auto& [seconds, bucket] : expected) {
        CHECK(hstu.of(seconds, 129) == bucket);
        CHECK(hstu.of(-seconds, 129) == bucket);
    }
    CHECK(hstu.of(31536000, 40) == 39);  // beyond the last bucket
}

TEST_CASE("time buckets of square roots count minutes") {
    const time_buckets roots{.scale = time_scale::square_root, .unit = 60, .width = 1};
    CHECK(roots.of(59, 2048) == 0);
    CHECK(roots.of(60, 2048) == 1);
    CHECK(roots.of(60 * 100, 2048) == 10);
    CHECK(roots.of(std::int64_t{60} * 2048 * 2048, 2048) == 2047);
}
