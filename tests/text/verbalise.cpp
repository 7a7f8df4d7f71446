// Facts as words.
#include <reckon/text/verbalise.hpp>

#include <catch2/catch.hpp>

using namespace reckon;

TEST_CASE("verbalise: how long ago, in the largest unit that is full") {
    CHECK(ago(0) == "just now");
    CHECK(ago(59.9) == "just now");
    CHECK(ago(60) == "1 minute ago");
    CHECK(ago(7199) == "1 hour ago");
    CHECK(ago(7200) == "2 hours ago");
    CHECK(ago(86400 * 6.9) == "6 days ago");
    CHECK(ago(86400 * 13) == "1 week ago");
    CHECK(ago(86400. * 40) == "1 month ago");
    CHECK(ago(86400. * 800) == "2 years ago");
    CHECK_THROWS_WITH(ago(-1), Catch::Contains("seconds"));
    CHECK_THROWS_WITH(ago(std::nan("")), Catch::Contains("seconds"));
}

TEST_CASE("verbalise: how many") {
    CHECK(times(0) == "never");
    CHECK(times(1) == "once");
    CHECK(times(12) == "12 times");
    CHECK(counted(1, "film", "films") == "1 film");
    CHECK(counted(0, "film", "films") == "0 films");
}

TEST_CASE("verbalise: where a number stands among its like") {
    std::vector<double> seen;
    for (int i = 0; i < 100; ++i) seen.push_back(i);
    const percentiles all{seen};
    CHECK(all.share(-1) == 0);
    CHECK(all.share(100) == 1);
    CHECK(all.share(50) == Approx(.505));
    CHECK(all.words(3) == "very low");
    CHECK(all.words(20) == "low");
    CHECK(all.words(30) == "middling");
    CHECK(all.words(69) == "middling");
    CHECK(all.words(80) == "high");
    CHECK(all.words(95) == "very high");
    CHECK(percentiles{{2, 2, 2}}.share(2) == .5);
    CHECK_THROWS_WITH(percentiles{{}}, Catch::Contains("seen"));
    CHECK_THROWS_WITH((percentiles{{1, std::nan("")}}), Catch::Contains("NaN"));
}
