#include <reckon/data/number.hpp>

#include <catch2/catch.hpp>
#include <cstdint>

using reckon::number_from;

TEST_CASE("a number is read whole or not at all") {
    CHECK(number_from<std::int32_t>("0") == 0);
    CHECK(number_from<std::int32_t>("-12") == -12);
    CHECK(number_from<std::int32_t>("2147483647") == 2147483647);
    CHECK(number_from<float>("3.5") == 3.5f);
    CHECK(number_from<double>("1e3") == 1000.0);
    for (const char* wrong :
         {"", " 1", "1 ", "+1", "1a", "a", "1.0", "2147483648", "0x1", "--1", "1,5"})
        CHECK_FALSE(number_from<std::int32_t>(wrong));
    CHECK_FALSE(number_from<std::uint64_t>("-1"));
    CHECK_FALSE(number_from<std::int32_t>({"1\0", 2}));
}

TEST_CASE("NaN and infinity are no numbers, nor is what overflows to one") {
    for (const char* wrong : {"nan", "NaN", "inf", "-inf", "infinity", "1e99", "-1e99"})
        CHECK_FALSE(number_from<float>(wrong));
}
