// The share of examples that fall on their label's side of a threshold. A score above it says 1;
// the threshold itself and what is below say 0.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/metrics/labels.hpp>

#include <cmath>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Adds up examples at one threshold: 0.5 for probabilities, 0 for logits. An error leaves the sums
/// as they were; nothing is allocated. Examples may come in any number of calls, empty ones too.
class accuracy_at {
  public:
    explicit accuracy_at(float threshold) : threshold_(threshold) {
        expect_that(!std::isnan(threshold), "accuracy_at", "threshold", "a number", "NaN");
    }

    /// Scores are any numbers but NaN; labels are 0 or 1.
    void add(std::span<const float> scores, std::span<const float> labels) {
        constexpr const char* op = "accuracy_at";
        expect(op, "labels", scores.size(), labels.size());
        idx right = 0;
        for (idx i = 0; i < scores.size(); ++i) {
            if (std::isnan(scores[i]))
                fail(op, "scores", "numbers", detail::value_at(scores[i], i));
            right += (scores[i] > threshold_) == detail::is_positive(op, labels, i);
        }
        right_ += right;
        examples_ += scores.size();
    }

    float threshold() const { return threshold_; }
    idx examples() const { return examples_; }
    idx right() const { return right_; }
    /// From 0 to 1; an error before the first example.
    double share() const {
        expect_that(examples_ > 0, "accuracy_at", "examples", "one at least", 0);
        return static_cast<double>(right_) / static_cast<double>(examples_);
    }

  private:
    float threshold_;
    idx right_ = 0, examples_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
