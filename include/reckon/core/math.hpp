// Square root in constant expressions, where std::sqrt is not allowed everywhere.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Newton's iteration from above; exact to the last place or two of a double. x >= 0.
constexpr double square_root(double x) {
    if (!(x > 0)) return 0;
    double root = x > 1 ? x : 1;
    for (double next = (root + x / root) / 2; next < root; next = (root + x / root) / 2)
        root = next;
    return root;
}

}}}  // namespace reckon::v0::RECKON_ISA
