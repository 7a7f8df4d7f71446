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

/// max |f(x) - exact(x)| / scale(x, exact(x)) over one float in 2^14 of [low, high].
template <class F, class Exact, class Scale>
double worst(float low, float high, const F& f, const Exact& exact, const Scale& scale) {
    double largest = 0;
    for (std::uint32_t bits = 0; bits < 0x7F800000u; bits += 0x3FFF) {
        float size;
        std::memcpy(&size, &bits, sizeof size);
        for (float x : {size, -size}) {
            if (x < low || x > high) continue;
            const long double right = exact(static_cast<long double>(x));
            const long double error = std::abs(f(x) - right);
            if (!(error == 0)) largest = std::max(largest, double(error / scale(x, right)));
        }
    }
    return largest;
}

constexpr float all = std::numeric_limits<float>::max();
const auto own_size = [](long double, long double right) { return std::abs(right); };

long double tail_above(long double x) { return std::erfc(x / std::sqrt(2.0L)) / 2; }
long double gelu(long double x) { return x * tail_above(-x); }
long double silu(long double x) { return x / (1 + std::exp(-x)); }
long double gelu_tanh(long double x) {
    const long double u = std::sqrt(2 / 3.14159265358979323846L) * (x + 0.044715L * x * x * x);
    return x / (1 + std::exp(-2 * u));
}

}  // namespace

TEST_CASE("exp is right to 2e-7 of its value, and 0 where a float would be a denormal") {
    each_native([]<class Arch>() {
        const auto exp = first_lane<Arch>([](auto x) { return bodies::exp<Arch>(x); });
        const auto exact = [](long double x) { return std::exp(x); };
        CHECK(worst(-87.3f, 88.3f, exp, exact, own_size) < 2e-7);
        CHECK(exp(0) == 1);
        CHECK(exp(-87.4f) == 0);
        CHECK(exp(-std::numeric_limits<float>::infinity()) == 0);
        CHECK(exp(std::numeric_limits<float>::infinity()) > 2e38f);
        CHECK(std::isnan(exp(std::numeric_limits<float>::quiet_NaN())));
    });
}

TEST_CASE("the upper tail of the normal distribution is right to 4e-7 (1 + x^2) of its value") {
    each_native([]<class Arch>() {
        const auto tail = first_lane<Arch>([](auto x) { return bodies::upper_tail<Arch>(x); });
        const auto scale = [](long double x, long double right) { return right * (1 + x * x); };
        CHECK(worst(0, 13, tail, tail_above, scale) < 4e-7);
    });
}

TEST_CASE("activation functions are right to 3e-7 of the argument over all floats") {
    // denormals have fewer digits
    const auto scale = [](long double x, long double) { return std::max(std::abs(x), 1e-37L); };
    each_native([&]<class Arch>() {
        const auto check = [&]<activation F>(auto exact) {
            INFO(int(F));
            const auto f = first_lane<Arch>([](auto x) { return bodies::activated<Arch, F>(x); });
            CHECK(worst(-all, all, f, exact, scale) < 3e-7);
            CHECK(std::isnan(f(std::numeric_limits<float>::quiet_NaN())));
        };
        check.template operator()<activation::gelu>(gelu);
        check.template operator()<activation::gelu_tanh>(gelu_tanh);
        check.template operator()<activation::silu>(silu);
    });
}
