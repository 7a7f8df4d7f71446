#include "golden.hpp"

#include <reckon/metrics/accuracy.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using floats = std::vector<float>;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("a score above the threshold says one, the threshold itself says zero") {
    accuracy_at at_half(0.5f), at_zero(0);
    at_half.add(floats{0.75f, 0.75f, 0.5f, 0.5f, 0.25f}, floats{1, 0, 1, 0, 0});
    CHECK(at_half.right() == 3);
    CHECK(at_half.examples() == 5);
    CHECK(at_half.share() == near(0.6));
    at_zero.add(floats{0.25f, -1}, floats{1, 0});
    CHECK(at_zero.share() == 1);
    CHECK(at_zero.threshold() == 0);
}

TEST_CASE("examples of several calls add up") {
    accuracy_at sum(0);
    sum.add(floats{1, 1}, floats{1, 0});
    sum.add(floats{}, floats{});
    sum.add(floats{1, -1}, floats{1, 0});
    CHECK(sum.share() == 0.75);
}

TEST_CASE("the accuracy equals scikit-learn's") {
    const golden_metrics golden;
    for (const std::string name : {"distinct", "tied"}) {
        const auto scores = golden.floats(name + "/scores"),
                   labels = golden.floats(name + "/labels");
        accuracy_at quarter(0.25f), half(0.5f);
        quarter.add(scores, labels);
        half.add(scores, labels);
        CHECK(quarter.share() == near(golden.number(name + "/accuracy_0.25")));
        CHECK(half.share() == near(golden.number(name + "/accuracy_0.5")));
    }
}

TEST_CASE("scores, labels and thresholds that make no sense are refused and add nothing") {
    accuracy_at sum(0.5f);
    CHECK_THROWS_WITH(sum.add(floats{1, not_a_number}, floats{1, 0}),
                      Contains("accuracy_at: scores: expected numbers, got nan at 1"));
    CHECK_THROWS_WITH(sum.add(floats{1, 1}, floats{1, 0.5f}),
                      Contains("accuracy_at: labels: expected 0 or 1, got 0.5 at 1"));
    CHECK_THROWS_WITH(sum.add(floats{1}, floats{1, 0}), Contains("accuracy_at: labels"));
    CHECK(sum.right() == 0);
    CHECK_THROWS_WITH(sum.share(), Contains("accuracy_at: examples"));
    CHECK_THROWS_WITH(accuracy_at(not_a_number), Contains("accuracy_at: threshold"));
}
