#include <reckon/metrics/labels.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

TEST_CASE("a label is one or zero of either sign, and nothing between, beyond or else") {
    const std::vector<float> labels{
        1, 0, -0.0f, 0.5f, 2, -1, std::numeric_limits<float>::infinity()};
    CHECK(detail::is_positive("op", labels, 0));
    CHECK_FALSE(detail::is_positive("op", labels, 1));
    CHECK_FALSE(detail::is_positive("op", labels, 2));
    for (idx place = 3; place < labels.size(); ++place)
        CHECK_THROWS_AS(detail::is_positive("op", labels, place), error);
}

TEST_CASE("a refusal names the value and its place") {
    CHECK(detail::value_at(0.5f, 3).view() == "0.5 at 3");
    CHECK(detail::value_at(-std::numeric_limits<float>::max(), 12'345'678).view() ==
          "-3.40282e+38 at 12345678");
}

TEST_CASE("both classes are there when neither count is zero") {
    CHECK_NOTHROW(detail::expect_both("op", 2, 1));
    CHECK_THROWS_WITH(detail::expect_both("op", 0, 0), Contains("no examples"));
    CHECK_THROWS_WITH(detail::expect_both("op", 2, 0), Contains("only 0s"));
    CHECK_THROWS_WITH(detail::expect_both("op", 2, 2), Contains("only 1s"));
}
