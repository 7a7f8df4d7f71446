// What the tests of backward kernels share: every gradient of a function on a backend, beside those
// of the reference.
#pragma once

#include "conformance.hpp"

#include <reckon/backend/tape.hpp>
#include <reckon/ops/add.hpp>

namespace conformance {

/// What a function reads: activations and parameters.
struct inputs {
    std::vector<numbers> x, w;
};

template <class C> struct given {
    std::vector<tensor_of<C>> x;
    std::vector<view<const float>> w;
};

/// y, then the gradients of all inputs, for a slope of y that is random.
using gradients = std::vector<std::vector<float>>;

/// Where the gradients of parameters gather.
struct parameter_gradients {
    gradients all;
    std::vector<gradient_range<float>> ranges;

    explicit parameter_gradients(std::vector<numbers>& parameters) {
        for (auto& w : parameters) {
            all.emplace_back(w.data.size());
            ranges.push_back({w.data.data(), w.data.data() + w.data.size(), all.back().data()});
        }
        std::sort(ranges.begin(), ranges.end(),
                  [](const auto& a, const auto& b) { return a.begin < b.begin; });
    }
};

/// f(ctx, given), on a tape that is replayed.
template <class Tag, class F>
gradients gradients_of(inputs& in, const F& f, context_options options = {}) {
    using recorder = recording_context<Tag>;
    parameter_gradients dw{in.w};
    recorder ctx{dw.ranges, options};
    given<recorder> all;
    for (auto& x : in.x) {
        all.x.push_back(copy(ctx, x.look()));
        ctx.track(all.x.back());
    }
    for (auto& w : in.w) all.w.push_back(w.look());
    const auto own = all.x;
    gradients found;
    const auto y = f(ctx, all);
    if constexpr (std::is_arithmetic_v<std::remove_const_t<decltype(y)>>) {
        found.push_back({float(y)});
    } else {
        found.push_back(values_of(y));
        const auto dy = ctx.gradient(y);
        for (idx r = 0; r < y.rows; ++r)
            for (idx c = 0; c < y.cols; ++c) dy(r, c) = philox{99}.uniform(r * y.cols + c, -1, 1);
    }
    ctx.replay();
    for (const auto& x : own) found.push_back(values_of(ctx.gradient(x)));
    found.insert(found.end(), dw.all.begin(), dw.all.end());
    return found;
}

/// Of f, and of f + f, where gradients add up.
template <class F> void gradients_agree(const context_options& how, inputs in, const F& f) {
    const auto twice = [&](auto& ctx, auto& all) {
        const auto a = f(ctx, all);
        if constexpr (std::is_arithmetic_v<std::remove_const_t<decltype(a)>>)
            return a + f(ctx, all);
        else
            return ops::add(ctx, a, f(ctx, all));
    };
    const auto agree = [&](const gradients& actual, const gradients& expected) {
        REQUIRE(actual.size() == expected.size());
        for (idx i = 0; i < actual.size(); ++i) {
            INFO("result, then inputs: " << i);
            CHECK(test_support::relative_difference<float>(actual[i], expected[i]) <=
                  test_support::tolerance::gradient);
        }
    };
    const auto own = gradients_of<cpu>(in, f, how);
    agree(own, gradients_of<cpu_reference>(in, f));
    agree(gradients_of<cpu>(in, twice, how), gradients_of<cpu_reference>(in, twice));
    context_options three = how;
    three.threads = 3;
    CHECK((gradients_of<cpu>(in, f, three) == own));
}

/// Gradients of the parameters from a batch that is replayed part by part.
template <class F>
gradients in_parts(const context_options& how, inputs in, const F& run, std::vector<idx> ends) {
    using recorder = recording_context<cpu>;
    parameter_gradients dw{in.w};
    recorder ctx{dw.ranges, how};
    given<recorder> given_w;
    for (auto& w : in.w) given_w.w.push_back(w.look());
    idx first = 0;
    for (const idx end : ends) {
        const auto scope = ctx.scope();
        const auto y = run(ctx, given_w.w, first, end);
        const auto dy = ctx.gradient(y);
        for (idx r = 0; r < y.rows; ++r)
            for (idx c = 0; c < y.cols; ++c)
                dy(r, c) = philox{99}.uniform((first + r) * y.cols + c, -1, 1);
        ctx.replay();
        first = end;
    }
    return dw.all;
}

}  // namespace conformance
