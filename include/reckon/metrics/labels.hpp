// What the metrics of binary classification ask of their inputs: a label for each score, each label
// 0 or 1, each score a number. Refusals name the value and its place.
#pragma once

#include <reckon/core/error.hpp>

#include <cstdio>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace detail {

/// "0.5 at 3".
inline error_text value_at(float value, idx place) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", static_cast<double>(value));
    error_text text{digits};
    text.append(" at ");
    text.append(place);
    return text;
}

/// Whether the label at a place is 1; an error where it is neither 0 nor 1.
inline bool is_positive(const char* op, std::span<const float> labels, idx place) {
    const float label = labels[place];
    if (label != 0 && label != 1) fail(op, "labels", "0 or 1", value_at(label, place));
    return label == 1;
}

/// What is defined with both classes alone.
inline void expect_both(const char* op, idx examples, idx positives) {
    expect_that(examples > 0, op, "labels", "0s and 1s", "no examples");
    expect_that(positives > 0, op, "labels", "0s and 1s", "only 0s");
    expect_that(positives < examples, op, "labels", "0s and 1s", "only 1s");
}

}}}}  // namespace reckon::v0::RECKON_ISA::detail
