// Rates as functions of (step, steps): what the rate of an optimiser is multiplied by in step 0, 1
// .. steps - 1. With a warm-up of w steps the first w factors are 1/w, 2/w .. 1 (transformers,
// which begins at 0, is one step behind).
#pragma once

#include <reckon/core/config.hpp>

#include <cmath>
#include <concepts>
#include <numbers>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

/// The part of the way after the warm-up, from 0 to 1.
inline double after_warmup(idx step, idx warmup, idx steps) {
    if (steps <= warmup) return 1;
    return double(step - warmup) / double(steps - warmup);
}

}  // namespace detail

struct constant_rate {
    static constexpr const char* name = "constant";
    idx warmup = 0;

    double operator()(idx step, idx) const {
        return step < warmup ? double(step + 1) / double(warmup) : 1;
    }
    void each_setting(const auto& f) const { f("warmup", double(warmup)); }
};

/// Down to `least` in a straight line.
struct linear_rate {
    static constexpr const char* name = "linear";
    idx warmup = 0;
    double least = 0;

    double operator()(idx step, idx steps) const {
        if (step < warmup) return double(step + 1) / double(warmup);
        return 1 - (1 - least) * detail::after_warmup(step, warmup, steps);
    }
    void each_setting(const auto& f) const {
        f("warmup", double(warmup));
        f("least", least);
    }
};

/// Down to `least` along half a cosine (Loshchilov and Hutter 2017).
struct cosine_rate {
    static constexpr const char* name = "cosine";
    idx warmup = 0;
    double least = 0;

    double operator()(idx step, idx steps) const {
        if (step < warmup) return double(step + 1) / double(warmup);
        const double way = detail::after_warmup(step, warmup, steps);
        return least + (1 - least) * (1 + std::cos(std::numbers::pi * way)) / 2;
    }
    void each_setting(const auto& f) const {
        f("warmup", double(warmup));
        f("least", least);
    }
};

template <class S>
concept schedule = requires(const S s, idx step) {
    { s(step, step) } -> std::convertible_to<double>;
    { S::name } -> std::convertible_to<const char*>;
};

}}}  // namespace reckon::v0::RECKON_ISA
