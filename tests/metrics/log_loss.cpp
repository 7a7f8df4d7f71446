#include "golden.hpp"

#include <reckon/metrics/log_loss.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using floats = std::vector<float>;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

log_loss of(const floats& probabilities, const floats& labels) {
    log_loss sum;
    sum.add(probabilities, labels);
    return sum;
}

}  // namespace

TEST_CASE("log loss is the mean of what the labels cost") {
    CHECK(of({0.25f}, {1}).mean() == near(std::log(4)));
    CHECK(of({0.25f}, {0}).mean() == near(std::log(4) - std::log(3)));
    CHECK(of({0.5f, 0.25f, 0.25f, 0.5f}, {1, 1, 0, 0}).mean() ==
          near((6 * std::log(2) - std::log(3)) / 4));
}

TEST_CASE("certainty is clipped to 2^-23") {
    const double clip = std::ldexp(1.0, -23);
    CHECK(of({0}, {1}).mean() == near(-std::log(clip)));
    CHECK(of({1}, {0}).mean() == near(-std::log(clip)));
    CHECK(of({0}, {0}).mean() == near(-std::log1p(-clip)));
    CHECK(of({1}, {1}).mean() == near(-std::log1p(-clip)));
    CHECK(of({1e-6f}, {1}).mean() == near(-std::log(double(1e-6f))));  // is not
}

TEST_CASE("logits cost what their probabilities do, however certain") {
    const floats logits{-3, -1, 0, 2, 5}, labels{0, 1, 1, 0, 1};
    double expected = 0;
    for (idx i = 0; i < logits.size(); ++i) {
        const double p = 1 / (1 + std::exp(-double(logits[i])));
        expected -= std::log(labels[i] == 1 ? p : 1 - p);
    }
    log_loss sum;
    sum.add_logits(logits, labels);
    CHECK(sum.mean() == near(expected / 5));
    CHECK(sum.positives() == 3);

    log_loss extreme;
    extreme.add_logits(floats{1000, -1000}, floats{0, 0});
    CHECK(extreme.mean() == 500);
}

TEST_CASE("calls and kinds of input add up") {
    log_loss sum;
    sum.add(floats{0.5f, 0.25f}, floats{1, 1});
    sum.add(floats{}, floats{});
    sum.add_logits(floats{0}, floats{0});
    CHECK(sum.examples() == 3);
    CHECK(sum.positives() == 2);
    CHECK(sum.mean() == near(std::log(16) / 3));
}

TEST_CASE("small losses are not lost in a large sum") {
    const floats half(100'000, 0.5f), labels(100'000, 1);
    log_loss sum;
    for (int i = 0; i < 30; ++i) sum.add(half, labels);
    CHECK(sum.mean() == Approx(std::log(2)).epsilon(1e-10));
}

TEST_CASE("the base rate has a normalised entropy of one") {
    CHECK(of({0.25f, 0.25f, 0.25f, 0.25f}, {0, 1, 0, 0}).normalised_entropy() == near(1));
    CHECK(of({0.5f, 0.5f, 0.5f, 0.5f}, {0, 1, 0, 0}).normalised_entropy() ==
          near(std::log(2) / (0.25 * std::log(4) + 0.75 * std::log(4.0 / 3))));
}

TEST_CASE("log loss and normalised entropy equal scikit-learn's") {
    const golden_metrics golden;
    for (const std::string name : {"distinct", "tied"}) {
        const auto sum = of(golden.floats(name + "/scores"), golden.floats(name + "/labels"));
        CHECK(sum.mean() == near(golden.number(name + "/log_loss")));
        CHECK(sum.normalised_entropy() == near(golden.number(name + "/normalised_entropy")));
    }
    log_loss sum;
    sum.add_logits(golden.floats("logits/scores"), golden.floats("logits/labels"));
    CHECK(sum.mean() == near(golden.number("logits/log_loss")));
}

TEST_CASE("what is no probability, logit or label is refused and adds nothing") {
    log_loss sum;
    CHECK_THROWS_WITH(
        sum.add(floats{0.5f, 1.5f}, floats{0, 1}),
        Contains("log_loss: probabilities: expected numbers from 0 to 1, got 1.5 at 1"));
    CHECK_THROWS_WITH(sum.add(floats{-0.25f}, floats{0}), Contains("got -0.25 at 0"));
    CHECK_THROWS_WITH(sum.add(floats{not_a_number}, floats{0}), Contains("probabilities"));
    CHECK_THROWS_WITH(sum.add(floats{0.5f, 0.5f}, floats{1, 3}),
                      Contains("log_loss: labels: expected 0 or 1, got 3 at 1"));
    CHECK_THROWS_WITH(sum.add(floats{0.5f}, floats{1, 0}), Contains("log_loss: labels"));
    CHECK_THROWS_WITH(sum.add_logits(floats{infinity}, floats{1}),
                      Contains("log_loss: logits: expected finite numbers, got inf at 0"));
    CHECK_THROWS_WITH(sum.add_logits(floats{not_a_number}, floats{1}), Contains("logits"));
    CHECK(sum.examples() == 0);
    CHECK(sum.positives() == 0);
    sum.add(floats{0.5f}, floats{0});
    CHECK(sum.mean() == near(std::log(2)));
}

TEST_CASE("means of nothing and the entropy of one class are refused") {
    CHECK_THROWS_WITH(log_loss{}.mean(), Contains("log_loss: examples"));
    CHECK_THROWS_WITH(log_loss{}.normalised_entropy(),
                      Contains("normalised_entropy: labels") && Contains("no examples"));
    CHECK_THROWS_WITH(of({0.5f}, {1}).normalised_entropy(), Contains("only 1s"));
    CHECK_THROWS_WITH(of({0.5f}, {0}).normalised_entropy(), Contains("only 0s"));
}
