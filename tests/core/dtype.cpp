#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <reckon/core/dtype.hpp>

using namespace reckon;

namespace {

constexpr float infinite = std::numeric_limits<float>::infinity();

template <class Small> Small of_bits(std::uint32_t bits) {
    Small s;
    s.bits = std::uint16_t(bits);
    return s;
}

struct exact {
    std::uint16_t bits;
    float value;
};

/// Midway between neighbours the even one wins; a hair beside it, the nearer one. All positive
/// patterns up to the infinity, and their negatives, are tried.
template <class Small> void check_rounding(std::uint32_t infinity, double beyond_largest) {
    idx wrong = 0;
    for (std::uint32_t bits = 0; bits < infinity; ++bits) {
        const bool last = bits + 1 == infinity;
        const double low = float(of_bits<Small>(bits));
        const double high = last ? beyond_largest : float(of_bits<Small>(bits + 1));
        const auto middle = float((low + high) / 2);
        const std::uint32_t even = bits % 2 == 0 ? bits : bits + 1;
        for (const std::uint32_t sign : {0u, 0x8000u}) {
            const float s = sign == 0 ? 1.0f : -1.0f;
            wrong += Small(s * middle).bits != (sign | even);
            wrong += Small(s * std::nextafter(middle, 0.0f)).bits != (sign | bits);
            wrong += Small(s * std::nextafter(middle, infinite)).bits != (sign | (bits + 1));
        }
    }
    CHECK(wrong == 0);
}

template <class Small> void check_round_trip(std::uint32_t infinity) {
    idx wrong = 0;
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto value = float(of_bits<Small>(bits));
        if ((bits & 0x7fffu) > infinity)
            wrong += !std::isnan(value) || !std::isnan(float(Small(value)));
        else
            wrong += Small(value).bits != bits;
    }
    CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("f16 patterns widen to the values that IEEE 754 gives them") {
    const exact table[] = {{0x0000, 0.0f},       {0x0001, 0x1p-24f},    {0x03ff, 0x1.ff8p-15f},
                           {0x0400, 0x1p-14f},   {0x3555, 0x1.554p-2f}, {0x3c00, 1.0f},
                           {0x3c01, 0x1.004p0f}, {0x7bff, 65504.0f},    {0x7c00, infinite},
                           {0xc000, -2.0f},      {0x8001, -0x1p-24f},   {0xfc00, -infinite}};
    for (const exact& row : table) CHECK(float(of_bits<f16>(row.bits)) == row.value);
    CHECK(std::signbit(float(of_bits<f16>(0x8000))));
    CHECK(std::isnan(float(of_bits<f16>(0x7c01))));
    CHECK(std::isnan(float(of_bits<f16>(0x7e00))));
}

TEST_CASE("bf16 patterns are the upper half of a float") {
    const exact table[] = {{0x0000, 0.0f},      {0x3f80, 1.0f},        {0x3f81, 0x1.02p0f},
                           {0x0001, 0x1p-133f}, {0x7f7f, 0x1.fep127f}, {0x7f80, infinite},
                           {0xc040, -3.0f},     {0xff80, -infinite}};
    for (const exact& row : table) CHECK(float(of_bits<bf16>(row.bits)) == row.value);
    CHECK(std::signbit(float(of_bits<bf16>(0x8000))));
}

TEST_CASE("all patterns of f16 and bf16 survive the way through float") {
    check_round_trip<f16>(0x7c00);
    check_round_trip<bf16>(0x7f80);
}

TEST_CASE("floats round to the nearest f16 and bf16, to the even one when midway") {
    check_rounding<f16>(0x7c00, 0x1p16);
    check_rounding<bf16>(0x7f80, 0x1p128);
    CHECK(bf16(std::numeric_limits<float>::max()).bits == 0x7f80);
}

TEST_CASE("values that no f16 or bf16 holds become infinite, zero or NaN") {
    CHECK(f16(1e6f).bits == 0x7c00);
    CHECK(f16(-1e6f).bits == 0xfc00);
    CHECK(f16(infinite).bits == 0x7c00);
    CHECK(f16(1e-9f).bits == 0x0000);
    CHECK(f16(-1e-9f).bits == 0x8000);
    CHECK(f16(-0.0f).bits == 0x8000);
    CHECK(bf16(-infinite).bits == 0xff80);
    // A NaN whose payload lies in the bits that are cut must not become an infinity.
    const auto quiet = std::bit_cast<float>(0x7f800001u);
    CHECK(std::isnan(float(bf16(quiet))));
    CHECK(std::isnan(float(f16(quiet))));
    CHECK(std::isnan(float(f16(std::bit_cast<float>(0xffffffffu)))));
}

TEST_CASE("element types know their size and their name in files") {
    CHECK(dtype_of<f16> == dtype::f16);
    CHECK(dtype_of<std::int8_t> == dtype::i8);
    struct row {
        dtype type;
        idx bytes;
        const char* name;
    };
    const row table[] = {{dtype::f64, 8, "f64"},   {dtype::f32, 4, "f32"}, {dtype::f16, 2, "f16"},
                         {dtype::bf16, 2, "bf16"}, {dtype::i64, 8, "i64"}, {dtype::i32, 4, "i32"},
                         {dtype::i8, 1, "i8"},     {dtype::u8, 1, "u8"}};
    for (const row& r : table) {
        CHECK(bytes_of(r.type) == r.bytes);
        CHECK(std::strcmp(name_of(r.type), r.name) == 0);
    }
}
