// The vector functions themselves, where the flags of this file make them native: exp, the upper
// tail of the normal distribution, and the activation functions, over the range of floats in steps,
// held against long double.
#include "support/backends.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

using namespace reckon;

namespace {

namespace bodies = simd::RECKON_ISA;

template <class F> void each_native(const F& f) {
    const auto once = [&]<class Arch>() {
        if constexpr (bodies::native<Arch>) {
            INFO(Arch::name);
            if (Arch::here()) f.template operator()<Arch>();
        }
    };
    once.template operator()<sse4_2>();
    once.template operator()<avx2>();
    once.template operator()<avx512>();
    once.template operator()<neon64>();
}

/// The first lane of a vector function.
template <class Arch, class F> auto first_lane(const F& f) {
    return [&f](float x) {
        float lanes[Arch::lanes];
        bodies::store<Arch>(f(bodies::vec<Arch>(x)), lanes);
        return lanes[0];
    };
}

/// The largest |f(x) - exact(x)|: in units of a float's last place where the exact value has all
/// its digits, as a number where it is a denormal.
struct deviation {
    double ulps = 0, of_denormals = 0;
};

/// Over one float in 2053 of [low, high], and its ends.
template <class F, class Exact>
deviation largest(float low, float high, const F& f, const Exact& exact) {
    deviation most;
    const auto at = [&](float x) {
        if (!(x >= low && x <= high)) return;
        const long double right = exact(static_cast<long double>(x));
        const auto off = double(std::abs(f(x) - right));
        if (std::abs(right) < std::numeric_limits<float>::min())
            most.of_denormals = std::max(most.of_denormals, off);
        else
            most.ulps = std::max(most.ulps, std::ldexp(off, 23 - std::ilogb(right)));
    };
    for (std::uint32_t bits = 0; bits < 0x7F800000u; bits += 2053) {
        float size;
        std::memcpy(&size, &bits, sizeof size);
        at(size);
        at(-size);
    }
    for (const float edge : {low, high, std::numeric_limits<float>::min()}) at(edge);
    return most;
}

constexpr float all = std::numeric_limits<float>::max();
constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

long double tail_above(long double x) { return std::erfc(x / std::sqrt(2.0L)) / 2; }
long double gelu(long double x) { return x * tail_above(-x); }
long double silu(long double x) { return x / (1 + std::exp(-x)); }
long double gelu_tanh(long double x) {
    const long double u = std::sqrt(2 / 3.14159265358979323846L) * (x + 0.044715L * x * x * x);
    return x / (1 + std::exp(-2 * u));
}

}  // namespace

TEST_CASE("exp is right to 1 unit in the last place, and 0 where a float would be a denormal") {
    each_native([]<class Arch>() {
        const auto exp = first_lane<Arch>([](auto x) { return bodies::exp<Arch>(x); });
        const auto exact = [](long double x) { return std::exp(x); };
        CHECK(largest(-87.3f, 88.3f, exp, exact).ulps < 1);
        CHECK(exp(0) == 1);
        CHECK(exp(std::numeric_limits<float>::denorm_min()) == 1);
        CHECK(exp(-87.4f) == 0);
        CHECK(exp(-infinite) == 0);
        CHECK(exp(infinite) > 2e38f);
        CHECK(std::isnan(exp(no_number)));
    });
}

TEST_CASE("the upper tail of the normal distribution is right to 64 units in the last place") {
    each_native([]<class Arch>() {
        const auto tail = first_lane<Arch>([](auto x) { return bodies::upper_tail<Arch>(x); });
        CHECK(largest(0, 1, tail, tail_above).ulps < 8);
        CHECK(largest(0, 13, tail, tail_above).ulps < 64);
        CHECK(std::isnan(tail(no_number)));
    });
}

TEST_CASE("activation functions keep their bounds over all floats") {
    each_native([]<class Arch>() {
        const auto check = [&]<activation F>(auto exact, float low, double ulps, float lowest,
                                             double far_ulps) {
            INFO(int(F));
            const auto f = first_lane<Arch>([](auto x) { return bodies::activated<Arch, F>(x); });
            const deviation near = largest(low, all, f, exact);
            CHECK(near.ulps < ulps);
            CHECK(near.of_denormals < 1.5e-45);
            CHECK(largest(lowest, low, f, exact).ulps < far_ulps);
            double below = 0;  // and here it is the number that counts
            for (float x = lowest; x > -infinite; x *= 1.001f)
                below = std::max(below, std::abs(double(f(x)) - double(exact(x))));
            CHECK(below < 5e-36);
            CHECK(std::isnan(f(no_number)));
            CHECK(f(infinite) == infinite);
            CHECK(std::abs(f(-infinite)) < 5e-36f);
        };
        check.template operator()<activation::gelu>(gelu, -1, 8, -13, 64);
        check.template operator()<activation::gelu_tanh>(gelu_tanh, -1, 4, -10, 256);
        check.template operator()<activation::silu>(silu, -1, 3, -87, 3);
    });
}
