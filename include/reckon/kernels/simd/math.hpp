// exp and the activation functions on vectors; the polynomials were fitted for this file (minimax,
// relative error).
//     exp(x) = 2^n e^r, n = round(x log2 e)
//     upper tail of the normal distribution = t exp(-x^2 / 2) P(t), t = 1 / (1 + x / sqrt 8), x >=
//     0
// Bounds, in units of the last place of the exact value:
//     exp 1 from -87.3 to 88.3; silu 3 from -87 on; gelu 8 from -1 on and 64 from -13 on;
//     gelu_tanh 4 from -1 on and 256 from -10 on
// Below, where the values vanish, they are right to 5e-36, at -inf too; +inf gives +inf, NaN gives
// NaN, and denormals are numbers like all others (but exp never gives one).
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/kernels/simd/vector.hpp>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

// Inlined by force into the loops over rows: a call would store every register and load all
// constants again for each vector.

/// lowest + x (rest...): a polynomial from its constant on.
template <class Arch, class... Rest>
[[gnu::always_inline]] inline vec<Arch> polynomial(vec<Arch> x, float lowest, Rest... rest) {
    if constexpr (sizeof...(Rest) == 0)
        return vec<Arch>(lowest);
    else
        return fused<Arch>(polynomial<Arch>(x, rest...), x, vec<Arch>(lowest));
}

/// 0 below -87.3 (no denormals), 2.4e38 from 88.3 on; NaN stays NaN.
template <class Arch> [[gnu::always_inline]] inline vec<Arch> exp(vec<Arch> x) {
    const vec<Arch> least(-87.3f);
    const vec<Arch> in_range = xsimd::max(least, xsimd::min(vec<Arch>(88.3f), x));
    const vec<Arch> n = nearest<Arch>(in_range * vec<Arch>(1.44269504f));
    vec<Arch> r = fused<Arch>(n, vec<Arch>(-0.693359375f), in_range);  // ln 2 in two pieces
    r = fused<Arch>(n, vec<Arch>(2.12194440e-4f), r);
    const vec<Arch> tail =
        polynomial<Arch>(r, 0.49999994f, 0.16666521f, 0.04166839f, 0.008368717f, 0.0013814599f);
    const vec<Arch> power = fused<Arch>(r * r, tail, r) + vec<Arch>(1);
    return xsimd::select(x < least, vec<Arch>(0), power * power_of_two<Arch>(n));
}

/// The share of a normal distribution above x, for x >= 0.
template <class Arch> [[gnu::always_inline]] inline vec<Arch> upper_tail(vec<Arch> x) {
    const vec<Arch> t = vec<Arch>(1) / fused<Arch>(x, vec<Arch>(0.35355339f), vec<Arch>(1));
    const vec<Arch> p =
        polynomial<Arch>(t, 0.141043216f, 0.141187653f, 0.121551886f, 0.101343406f, -0.0133127850f,
                         0.139033511f, -0.243599892f, 0.142287448f, -0.0295344740f);
    return t * p * exp<Arch>(vec<Arch>(-0.5f) * x * x);
}

/// x, but -1000 below it: what these are multiplied by is small there, not 0. NaN stays NaN.
template <class Arch> [[gnu::always_inline]] inline vec<Arch> not_far_below(vec<Arch> x) {
    return xsimd::max(vec<Arch>(-1000), x);
}

template <class Arch, activation F> [[gnu::always_inline]] inline vec<Arch> activated(vec<Arch> x) {
    const vec<Arch> zero(0), one(1);
    if constexpr (F == activation::relu) {
        return xsimd::max(zero, x);
    } else if constexpr (F == activation::gelu) {
        const vec<Arch> tail = upper_tail<Arch>(xsimd::abs(x));
        return not_far_below<Arch>(x) * xsimd::select(x < zero, tail, one - tail);
    } else if constexpr (F == activation::gelu_tanh) {  // (1 + tanh u) / 2 = 1 / (1 + exp(-2 u))
        const vec<Arch> square = fused<Arch>(x * x, vec<Arch>(0.044715f), one);
        return not_far_below<Arch>(x) / (one + exp<Arch>(vec<Arch>(-1.59576912f) * x * square));
    } else if constexpr (F == activation::silu) {
        return not_far_below<Arch>(x) / (one + exp<Arch>(-x));
    } else {
        static_assert(F == activation::none);
        return x;
    }
}

/// f(x) and f'(x).
template <class Arch> struct value_and_slope { vec<Arch> value, slope; };
template <class Arch, activation F>
[[gnu::always_inline]] inline value_and_slope<Arch> activated_with_slope(vec<Arch> x) {
    const vec<Arch> zero(0), one(1);
    if constexpr (F == activation::relu) {
        return {xsimd::max(zero, x), xsimd::select(x > zero, one, zero)};
    } else if constexpr (F == activation::gelu) {
        const vec<Arch> tail = upper_tail<Arch>(xsimd::abs(x));
        const vec<Arch> share = xsimd::select(x < zero, tail, one - tail);
        const vec<Arch> near = not_far_below<Arch>(x);
        const vec<Arch> density = vec<Arch>(0.39894228f) * exp<Arch>(vec<Arch>(-0.5f) * x * x);
        return {near * share, fused<Arch>(xsimd::min(near, vec<Arch>(1000)), density, share)};
    } else if constexpr (F == activation::gelu_tanh) {
        const vec<Arch> near = xsimd::min(not_far_below<Arch>(x), vec<Arch>(1000));
        const vec<Arch> square = near * near;
        const vec<Arch> inner = fused<Arch>(square, vec<Arch>(0.044715f), one);
        const vec<Arch> share = one / (one + exp<Arch>(vec<Arch>(-1.59576912f) * near * inner));
        const vec<Arch> growth =
            vec<Arch>(1.59576912f) * fused<Arch>(square, vec<Arch>(3 * 0.044715f), one);
        return {near * share, fused<Arch>(near * share * (one - share), growth, share)};
    } else if constexpr (F == activation::silu) {
        const vec<Arch> near = not_far_below<Arch>(x);
        const vec<Arch> share = one / (one + exp<Arch>(-x));
        return {near * share, share * fused<Arch>(near, one - share, one)};
    } else {
        static_assert(F == activation::none);
        return {x, one};
    }
}

/// g(f) with f as a constant.
template <class G> void with_constant(activation f, const G& g) {
    switch (f) {
        case activation::relu:
            return g(std::integral_constant<activation, activation::relu>{});
        case activation::gelu:
            return g(std::integral_constant<activation, activation::gelu>{});
        case activation::gelu_tanh:
            return g(std::integral_constant<activation, activation::gelu_tanh>{});
        case activation::silu:
            return g(std::integral_constant<activation, activation::silu>{});
        case activation::none:
            return g(std::integral_constant<activation, activation::none>{});
    }
}

/// y = f(x); y may be x. All rows at once: f's constants are loaded once, and short rows overlap.
template <class Arch> void activate(activation f, view<const float> x, view<float> y) {
    with_constant(f, [=](auto constant) {
        for (idx r = 0; r < y.rows; ++r)
            steps<Arch>(y.cols, [&](idx i, auto size) {
                store<Arch>(activated<Arch, constant()>(load<Arch>(x.row(r) + i, size)),
                            y.row(r) + i, size);
            });
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
