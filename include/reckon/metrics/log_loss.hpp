// The mean of -log p(label), in nats, and the normalised entropy: that mean divided by the one of a
// model that gives every example the share b of positives (He et al. 2014),
//     NE = mean / -(b log b + (1 - b) log(1 - b)),
// below 1 for a model that knows more than the base rate.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/metrics/labels.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Adds up examples; sums are in double and nothing is allocated. An error leaves them as they
/// were. Examples may come in any number of calls, empty ones too.
class log_loss {
  public:
    /// Probabilities of 1 are clipped to [clip, 1 - clip], so no example costs more than 15.94:
    /// a float that should be 1 - 1e-9 is 1. scikit-learn clips floats to the same.
    static constexpr double clip = 0x1p-23;

    /// Probabilities from 0 to 1; labels 0 or 1.
    void add(std::span<const float> probabilities, std::span<const float> labels) {
        add_each(
            "probabilities", "numbers from 0 to 1", probabilities, labels,
            [](float p) { return p >= 0 && p <= 1; },
            [](float p, bool positive) {
                const double clipped = std::clamp(static_cast<double>(p), clip, 1 - clip);
                return -std::log(positive ? clipped : 1 - clipped);
            });
    }

    /// Finite logits: the probability is 1 / (1 + exp(-x)), and the loss is computed from x, so
    /// nothing is clipped.
    void add_logits(std::span<const float> logits, std::span<const float> labels) {
        add_each(
            "logits", "finite numbers", logits, labels, [](float x) { return std::isfinite(x); },
            [](float x, bool positive) {
                const double against = positive ? -static_cast<double>(x) : double(x);
                return std::max(against, 0.0) + std::log1p(std::exp(-std::abs(against)));
            });
    }

    idx examples() const { return examples_; }
    idx positives() const { return positives_; }

    /// From 0 on; an error before the first example.
    double mean() const {
        expect_that(examples_ > 0, "log_loss", "examples", "one at least", 0);
        return sum_ / static_cast<double>(examples_);
    }

    /// From 0 on; 1 for the base rate. One class alone has no entropy to divide by: an error.
    double normalised_entropy() const {
        detail::expect_both("normalised_entropy", examples_, positives_);
        const double base = static_cast<double>(positives_) / static_cast<double>(examples_);
        return mean() / -(base * std::log(base) + (1 - base) * std::log1p(-base));
    }

  private:
    template <class Allowed, class Loss>
    void add_each(const char* argument, const char* expected, std::span<const float> values,
                  std::span<const float> labels, Allowed allowed, Loss loss) {
        expect("log_loss", "labels", values.size(), labels.size());
        log_loss sum = *this;
        for (idx i = 0; i < values.size(); ++i) {
            if (!allowed(values[i]))
                fail("log_loss", argument, expected, detail::value_at(values[i], i));
            const bool positive = detail::is_positive("log_loss", labels, i);
            sum.sum_ += loss(values[i], positive);
            sum.positives_ += positive;
        }
        sum.examples_ += values.size();
        *this = sum;
    }

    double sum_ = 0;
    idx examples_ = 0, positives_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
