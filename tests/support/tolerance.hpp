// The one table of tolerances, in max |a - b| / max |b|. They are not loosened; a case that needs
// more is named here with its reason.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace test_support {

struct tolerance {
    static constexpr double op = 1e-5;        // a kernel against the reference
    static constexpr double gradient = 1e-5;  // of a backward kernel, whose sums are of either sign
    static constexpr double model = 1e-4;  // a model against its golden, or against another backend
    static constexpr double packed = 1e-5;  // one ragged batch against one sequence at a time
    // llama_tiny behind keys and values rounded to bf16, by up to 2^-9 each, which its peaky
    // attention amplifies: 0.036
    static constexpr double bf16_keys = 5e-2;
    // llama_tiny behind keys and values in int8, off by up to half of 1 / 127 of a head's largest
    // each, which its peaky attention amplifies: 0.124
    static constexpr double int8_keys = 0.15;
    // llama_tiny_bf16 with its weights kept in bf16, over which products round activations as well:
    // 0.035
    static constexpr double bf16_products = 5e-2;
    // m6_tiny_edge with int8 weights, by up to half of 1 / 127 of a row's largest each: 0.017
    static constexpr double int8_weights = 5e-2;
};

/// max |a - b| / max |b|; infinite where the sizes differ or either holds a NaN or an
/// infinity. Zeros equal zeros.
template <class T> double relative_difference(std::span<const T> a, std::span<const T> b) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    if (a.size() != b.size()) return infinite;
    double difference = 0, scale = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double d = std::abs(double(a[i]) - double(b[i]));
        if (!std::isfinite(d)) return infinite;
        difference = std::max(difference, d);
        scale = std::max(scale, std::abs(double(b[i])));
    }
    return difference == 0 ? 0 : difference / scale;
}

inline double relative_difference(std::span<const float> a, std::span<const float> b) {
    return relative_difference<float>(a, b);
}

}  // namespace test_support
