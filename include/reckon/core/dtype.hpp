// Element types. bf16 and f16 are storage: arithmetic happens after widening to float, and rounding
// to nearest even happens on the way back. (std::bit_cast is a host function to nvcc, the builtin
// is not.)
#pragma once

#include <reckon/core/config.hpp>

#include <concepts>

namespace reckon { inline namespace v0 {

enum class dtype : std::uint8_t { f64, f32, f16, bf16, i64, i32, i8, u8 };

/// The upper half of a float: 8 exponent bits, 7 of mantissa.
struct bf16 {
    std::uint16_t bits = 0;

    constexpr bf16() = default;
    RECKON_BOTH constexpr explicit bf16(float value) {
        const auto b = __builtin_bit_cast(std::uint32_t, value);
        if ((b & 0x7fffffffu) > 0x7f800000u)
            bits = std::uint16_t((b >> 16) | 0x40u);  // NaN stays NaN
        else
            bits = std::uint16_t((b + 0x7fffu + ((b >> 16) & 1u)) >> 16);
    }
    RECKON_BOTH constexpr operator float() const {
        return __builtin_bit_cast(float, std::uint32_t{bits} << 16);
    }
};

/// IEEE 754 half precision: 5 exponent bits, 10 of mantissa.
struct f16 {
    std::uint16_t bits = 0;

    constexpr f16() = default;
    RECKON_BOTH constexpr explicit f16(float value) {
        const auto b = __builtin_bit_cast(std::uint32_t, value);
        const std::uint32_t sign = (b >> 16) & 0x8000u, magnitude = b & 0x7fffffffu;
        if (magnitude > 0x7f800000u) {
            bits = std::uint16_t(sign | 0x7e00u);  // NaN
        } else if (magnitude >= 0x477ff000u) {
            bits = std::uint16_t(sign | 0x7c00u);  // rounds to infinity
        } else if (magnitude >= 0x38800000u) {
            const std::uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
            bits = std::uint16_t(sign | ((rounded - 0x38000000u) >> 13));
        } else {  // subnormal: the sum with 2^-1 * 2^-14 * 2^... rounds at the half's last place
            const float aligned = __builtin_bit_cast(float, magnitude) + 0.5f;
            bits = std::uint16_t(sign | (__builtin_bit_cast(std::uint32_t, aligned) - 0x3f000000u));
        }
    }
    RECKON_BOTH constexpr operator float() const {
        const std::uint32_t sign = std::uint32_t(bits & 0x8000u) << 16, rest = bits & 0x7fffu;
        if (rest >= 0x7c00u)
            return __builtin_bit_cast(float, sign | 0x7f800000u | ((rest & 0x3ffu) << 13));
        if (rest >= 0x400u) return __builtin_bit_cast(float, sign | ((rest << 13) + 0x38000000u));
        const float subnormal = float(rest) * 0x1p-24f;
        return sign != 0 ? -subnormal : subnormal;
    }
};

template <class T> struct dtype_traits;
template <> struct dtype_traits<double> { static constexpr dtype value = dtype::f64; };
template <> struct dtype_traits<float> { static constexpr dtype value = dtype::f32; };
template <> struct dtype_traits<f16> { static constexpr dtype value = dtype::f16; };
template <> struct dtype_traits<bf16> { static constexpr dtype value = dtype::bf16; };
template <> struct dtype_traits<std::int64_t> { static constexpr dtype value = dtype::i64; };
template <> struct dtype_traits<std::int32_t> { static constexpr dtype value = dtype::i32; };
template <> struct dtype_traits<std::int8_t> { static constexpr dtype value = dtype::i8; };
template <> struct dtype_traits<std::uint8_t> { static constexpr dtype value = dtype::u8; };

template <class T>
concept element = requires {
    dtype_traits<T>::value;
};

/// What activations are computed in; bf16 and f16 only store.
template <class T>
concept floating = std::same_as<T, float> || std::same_as<T, double>;

template <element T> inline constexpr dtype dtype_of = dtype_traits<T>::value;

inline namespace RECKON_ISA {

constexpr idx bytes_of(dtype type) {
    switch (type) {
        case dtype::f64:
        case dtype::i64:
            return 8;
        case dtype::f32:
        case dtype::i32:
            return 4;
        case dtype::f16:
        case dtype::bf16:
            return 2;
        default:
            return 1;
    }
}

/// The name used in files and messages.
constexpr const char* name_of(dtype type) {
    switch (type) {
        case dtype::f64:
            return "f64";
        case dtype::f32:
            return "f32";
        case dtype::f16:
            return "f16";
        case dtype::bf16:
            return "bf16";
        case dtype::i64:
            return "i64";
        case dtype::i32:
            return "i32";
        case dtype::i8:
            return "i8";
        default:
            return "u8";
    }
}

}  // namespace RECKON_ISA

}}  // namespace reckon::v0
