// Scores from the events before.
#include <reckon/tasks/running_means.hpp>

#include <catch2/catch.hpp>

using namespace reckon;

TEST_CASE("running means of items and users are drawn to the mean of all") {
    running_means means{2};
    CHECK(means.mean_of_all() == 0);
    CHECK(means.popularity(7) == 0);
    means.add({1, 7, 0, 0}, 1);
    means.add({1, 8, 0, 0}, 0);
    means.add({2, 7, 0, 0}, 1);
    means.add({3, 9, 0, 0}, 0);
    CHECK(means.mean_of_all() == .5);
    CHECK(means.popularity(7) == 2);
    CHECK(means.item_mean(7) == Approx((2 + 2 * .5) / 4));
    CHECK(means.user_mean(3) == Approx((0 + 2 * .5) / 3));
    CHECK(means.user_mean(99) == .5);
    CHECK(means.history(1) == 2);
    CHECK_THROWS_WITH(running_means{0}, Catch::Contains("weight"));
}
