// Gradients by central differences, in double: what the tape gives for every number of every
// activation and parameter that a function reads.
#pragma once

#include <reckon/backend/tape.hpp>
#include <reckon/core/random.hpp>
#include <reckon/kernels/reference.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace test_support {

using namespace reckon;

/// Rows of numbers from a seed.
struct number_rows {
    std::vector<double> data;
    idx rows, cols;

    number_rows(std::uint64_t seed, idx r, idx c, double low = -1, double high = 1)
        : data(r * c), rows(r), cols(c) {
        for (idx i = 0; i < data.size(); ++i)
            data[i] = low + (high - low) * double(philox{seed}.uniform(i));
    }
    view<const double> look() const { return {data.data(), rows, cols}; }
};

/// What a function is given: activations, and parameters.
template <class C> struct given {
    std::vector<tensor_of<C>> x;
    std::vector<view<const double>> w;
};

/// The function under test, f(ctx, given) -> tensor, is multiplied by these and summed.
inline double slope_at(idx i) { return double(philox{50}.uniform(i, -1, 1)); }

template <class C, class F>
double loss_of(C& ctx, const std::vector<number_rows>& x, const std::vector<number_rows>& w,
               const F& f) {
    const auto scope = ctx.scope();
    given<C> all;
    for (const auto& rows : x) {
        all.x.push_back(ctx.make(rows.rows, rows.cols));
        std::copy(rows.data.begin(), rows.data.end(), all.x.back().data);
    }
    for (const auto& rows : w) all.w.push_back(rows.look());
    const auto y = f(ctx, all);
    if constexpr (std::is_arithmetic_v<std::remove_const_t<decltype(y)>>) {
        return y;
    } else {
        double sum = 0;
        for (idx r = 0; r < y.rows; ++r)
            for (idx c = 0; c < y.cols; ++c) sum += slope_at(r * y.cols + c) * y(r, c);
        return sum;
    }
}

/// The largest |gradient - difference quotient| / (0.01 + |difference quotient|). `Context` may be
/// another than the reference's, if it computes in double.
template <class F>
double worst_gradient(std::vector<number_rows> x, std::vector<number_rows> w, const F& f) {
    using recorder = recording_context<cpu_reference, double>;
    std::vector<std::vector<double>> dw;
    std::vector<gradient_range<double>> ranges;
    for (auto& rows : w) dw.emplace_back(rows.data.size());
    for (idx i = 0; i < w.size(); ++i)
        ranges.push_back({w[i].data.data(), w[i].data.data() + w[i].data.size(), dw[i].data()});
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.begin < b.begin; });
    recorder ctx{ranges};
    const auto scope = ctx.scope();
    given<recorder> all;
    for (auto& rows : x) {
        auto t = ctx.make(rows.rows, rows.cols);
        std::copy(rows.data.begin(), rows.data.end(), t.data);
        ctx.track(t);
        all.x.push_back(t);
    }
    for (auto& rows : w) all.w.push_back(rows.look());
    const auto inputs = all.x;
    const auto y = f(ctx, all);
    if constexpr (!std::is_arithmetic_v<std::remove_const_t<decltype(y)>>) {
        const auto dy = ctx.gradient(y);
        for (idx r = 0; r < y.rows; ++r)
            for (idx c = 0; c < y.cols; ++c) dy(r, c) = slope_at(r * y.cols + c);
    }
    ctx.replay();

    double worst = 0;
    const auto compare = [&](double& number, double gradient) {
        const double kept = number, step = 1e-5;
        context<cpu_reference, double> plain;
        number = kept + step;
        const double above = loss_of(plain, x, w, f);
        number = kept - step;
        const double below = loss_of(plain, x, w, f);
        number = kept;
        const double expected = (above - below) / (2 * step);
        worst = std::max(worst, std::abs(gradient - expected) / (0.01 + std::abs(expected)));
    };
    for (idx i = 0; i < x.size(); ++i) {
        const auto dx = ctx.gradient(inputs[i]);
        for (idx n = 0; n < x[i].data.size(); ++n) compare(x[i].data[n], dx.data[n]);
    }
    for (idx i = 0; i < w.size(); ++i)
        for (idx n = 0; n < w[i].data.size(); ++n) compare(w[i].data[n], dw[i][n]);
    return worst;
}

inline constexpr double gradient_tolerance = 1e-6;

}  // namespace test_support
