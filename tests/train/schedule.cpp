// Schedules against their formulas.
#include <catch2/catch.hpp>
#include <reckon/train/schedule.hpp>

#include <cmath>
#include <string_view>
#include <vector>

using namespace reckon;

static_assert(schedule<constant_rate> && schedule<linear_rate> && schedule<cosine_rate>);

namespace {

template <schedule S> std::vector<double> rates(const S& of, idx steps) {
    std::vector<double> all;
    for (idx s = 0; s < steps; ++s) all.push_back(of(s, steps));
    return all;
}

void are(const std::vector<double>& rates, const std::vector<double>& expected) {
    REQUIRE(rates.size() == expected.size());
    for (idx s = 0; s < rates.size(); ++s) {
        INFO("step " << s);
        CHECK(rates[s] == Approx(expected[s]).margin(1e-15));
    }
}

}  // namespace

TEST_CASE("a constant rate is one, after its warm-up") {
    are(rates(constant_rate{}, 3), {1, 1, 1});
    are(rates(constant_rate{.warmup = 4}, 6), {.25, .5, .75, 1, 1, 1});
    are(rates(constant_rate{.warmup = 4}, 2), {.25, .5});
}

TEST_CASE(
    "a linear rate falls by equal parts, and would reach its least in the step after the last") {
    are(rates(linear_rate{}, 4), {1, .75, .5, .25});
    are(rates(linear_rate{.warmup = 2}, 6), {.5, 1, 1, .75, .5, .25});
    are(rates(linear_rate{.warmup = 1, .least = .2}, 5), {1, 1, .8, .6, .4});
    CHECK(linear_rate{.least = .2}(5, 5) == Approx(.2));
}

TEST_CASE("a cosine rate falls along half a wave") {
    const double high = (1 + std::sqrt(.5)) / 2, low = (1 - std::sqrt(.5)) / 2;
    are(rates(cosine_rate{}, 4), {1, high, .5, low});
    are(rates(cosine_rate{.warmup = 2}, 6), {.5, 1, 1, high, .5, low});
    are(rates(cosine_rate{.least = .5}, 4), {1, .5 + high / 2, .75, .5 + low / 2});
    CHECK(cosine_rate{.least = .5}(4, 4) == Approx(.5));
}

TEST_CASE("a run of one step, or of one after the warm-up, learns") {
    are(rates(linear_rate{}, 1), {1});
    are(rates(cosine_rate{}, 1), {1});
    are(rates(linear_rate{.warmup = 2}, 3), {.5, 1, 1});
    are(rates(cosine_rate{.warmup = 2}, 3), {.5, 1, 1});
}

TEST_CASE("a run that ends within its warm-up has nothing to fall from") {
    are(rates(linear_rate{.warmup = 4}, 3), {.25, .5, .75});
    are(rates(cosine_rate{.warmup = 4}, 4), {.25, .5, .75, 1});
    CHECK(linear_rate{.warmup = 4, .least = .1}(4, 4) == Approx(.1));  // a step too many
    CHECK(cosine_rate{.warmup = 4, .least = .1}(5, 3) == Approx(.1));
}

TEST_CASE("a schedule tells its settings, by which a run that goes on is compared") {
    std::string all;
    const auto note = [&](std::string_view name, double value) {
        all += std::string{name} + ' ' + std::to_string(value) + ' ';
    };
    constant_rate{.warmup = 3}.each_setting(note);
    linear_rate{.warmup = 4, .least = .5}.each_setting(note);
    cosine_rate{.warmup = 5, .least = .25}.each_setting(note);
    CHECK(all == "warmup 3.000000 warmup 4.000000 least 0.500000 warmup 5.000000 least 0.250000 ");
}
