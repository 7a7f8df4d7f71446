#include <catch2/catch.hpp>
#include <cmath>
#include <reckon/core/dropout.hpp>

using namespace reckon;

namespace {

constexpr dropout_step step{dropout_rates::all(.3f), 7, 4, nullptr};

/// The share of a place's first numbers that are dropped.
double dropped_share(const dropout_mask& mask) {
    int dropped = 0;
    for (idx row = 0; row < 40; ++row)
        for (idx c = 0; c < 250; ++c) dropped += mask.factor(3, row, c) == 0;
    return dropped / 10000.;
}

/// The share of numbers that two masks treat alike.
double alike(const dropout_mask& a, const dropout_mask& b, std::uint64_t in_a = 3,
             std::uint64_t in_b = 3) {
    int same = 0;
    for (idx row = 0; row < 40; ++row)
        for (idx c = 0; c < 250; ++c) same += a.keeps(in_a, row, c) == b.keeps(in_b, row, c);
    return same / 10000.;
}

}  // namespace

TEST_CASE("a mask drops its rate and scales what it keeps, so that the mean stays") {
    for (const float rate : {.1f, .3f, .5f, .9f}) {
        const auto mask = dropout_step{dropout_rates::all(rate), 7, 4}.at(dropout_place::hidden, 2);
        CHECK(mask.drops());
        CHECK(std::abs(dropped_share(mask) - double(rate)) < .02);
        CHECK(mask.scale == Approx(1 / (1 - rate)).epsilon(1e-4));
        CHECK(mask.scale * float(65536 - mask.below) == 65536);
    }
}

TEST_CASE("without a rate nothing is dropped, and the table has a rate of its own") {
    CHECK(!dropout_step{}.at(dropout_place::hidden, 2).drops());
    CHECK(!step.at(dropout_place::table, 0).drops());
    CHECK(dropout_mask{}.factor(0, 0, 0) == 1);
    const dropout_step table{{.table = .2f}, 7, 4};
    CHECK(table.at(dropout_place::table, 0).drops());
    CHECK(!table.at(dropout_place::ffn_out, 0).drops());
}

TEST_CASE("another seed, step, place, layer, head, example or row is another mask") {
    const auto mask = step.at(dropout_place::attention, 2);
    const double chance = .7 * .7 + .3 * .3;
    CHECK(alike(mask, mask) == 1);
    const auto differs = [&](double share) { CHECK(std::abs(share - chance) < .02); };
    differs(alike(mask, dropout_step{step.rates, 8, 4}.at(dropout_place::attention, 2)));
    differs(alike(mask, dropout_step{step.rates, 7, 5}.at(dropout_place::attention, 2)));
    differs(alike(mask, step.at(dropout_place::hidden, 2)));
    differs(alike(mask, step.at(dropout_place::attention, 3)));
    differs(alike(mask, mask.of_head(1)));
    differs(alike(mask, mask, 3, 4));
    int same = 0;
    for (idx c = 0; c < 10000; ++c) same += mask.keeps(3, 0, c) == mask.keeps(3, 1, c);
    differs(same / 10000.);
}

TEST_CASE("examples are what a mask counts by, wherever they stand in a batch") {
    constexpr std::int64_t examples[]{5, 2}, turned[]{2, 5};
    const auto one = dropout_step{step.rates, 7, 4, examples}.at(dropout_place::hidden, 0);
    const auto other = dropout_step{step.rates, 7, 4, turned}.at(dropout_place::hidden, 0);
    CHECK(one.example(0) == other.example(1));
    CHECK(one.example(1) == other.example(0));
    CHECK(step.at(dropout_place::hidden, 0).example(6) == 6);
}
