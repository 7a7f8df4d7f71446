#include <reckon/io/stored_tensor.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>

using namespace reckon;

TEST_CASE("values are the bytes themselves where type and alignment allow") {
    const std::array<float, 3> numbers{1.0f, -2.5f, 0.0f};
    const stored_tensor tensor = store("t", {3}, std::span{numbers});
    CHECK(tensor.type == "F32");
    CHECK(values<float>(tensor).data() == numbers.data());
    CHECK(values<float>(tensor).size() == 3);
}

TEST_CASE("values of another type are an error that names both") {
    const std::array<float, 3> numbers{};
    const stored_tensor tensor = store("t", {3}, std::span{numbers});
    CHECK(message_of([&] { values<double>(tensor); }) == "values: \"t\": expected F64, got F32");
    CHECK(message_of([&] { values<std::int32_t>(tensor); }) ==
          "values: \"t\": expected I32, got F32");
}

TEST_CASE("at an odd address values are refused and copies are right") {
    alignas(float) std::array<std::byte, 9> memory{};
    const std::array<float, 2> numbers{1.5f, -3.0f};
    std::memcpy(memory.data() + 1, numbers.data(), 8);
    const stored_tensor tensor{"t", "F32", {2}, std::span{memory}.subspan(1)};
    CHECK(message_of([&] { values<float>(tensor); }) ==
          "values: \"t\": expected an address that 4 divides, got another (copy_values reads it)");
    std::array<float, 2> copy{};
    copy_values(tensor, std::span{copy});
    CHECK(copy == numbers);
    std::array<double, 2> wide{};
    copy_values(tensor, std::span{wide});
    CHECK(wide == std::array{1.5, -3.0});
}

TEST_CASE("float types of every width become each other") {
    const auto all_from = [](auto number) {
        const std::array<decltype(number), 1> one{number};
        const stored_tensor tensor = store("t", {1}, std::span{one});
        const auto as = [&](auto to) {
            std::array<decltype(to), 1> copy{};
            copy_values(tensor, std::span{copy});
            return double(copy[0]);
        };
        CHECK(as(0.0) == 1.25);
        CHECK(as(0.0f) == 1.25);
        CHECK(as(f16{}) == 1.25);
        CHECK(as(bf16{}) == 1.25);
    };
    all_from(1.25);
    all_from(1.25f);
    all_from(f16(1.25f));
    all_from(bf16(1.25f));
}

TEST_CASE("a double keeps its digits when it is copied as a double") {
    const std::array<double, 1> third{1.0 / 3.0};
    std::array<double, 1> copy{};
    copy_values(store("t", {1}, std::span{third}), std::span{copy});
    CHECK(copy == third);
}

TEST_CASE("what a narrower type cannot hold becomes infinite") {
    const std::array<double, 1> huge{-1e300};
    std::array<float, 1> copy{};
    copy_values(store("t", {1}, std::span{huge}), std::span{copy});
    CHECK((std::isinf(copy[0]) && copy[0] < 0));
}

TEST_CASE("integers are copied as they are and never become floats") {
    const std::array<std::int64_t, 2> ids{-1, std::int64_t{1} << 40};
    const stored_tensor tensor = store("ids", {2}, std::span{ids});
    std::array<std::int64_t, 2> copy{};
    copy_values(tensor, std::span{copy});
    CHECK(copy == ids);
    std::array<float, 2> floats{};
    CHECK(message_of([&] { copy_values(tensor, std::span{floats}); }) ==
          "copy_values: \"ids\": expected a type that becomes F32, got I64");
    std::array<std::int32_t, 2> narrow{};
    CHECK(message_of([&] { copy_values(tensor, std::span{narrow}); }) ==
          "copy_values: \"ids\": expected a type that becomes I32, got I64");
}

TEST_CASE("a copy to another number of elements is refused") {
    const std::array<float, 3> numbers{};
    std::array<float, 2> copy{};
    CHECK(message_of([&] { copy_values(store("t", {3}, std::span{numbers}), std::span{copy}); }) ==
          "copy_values: \"t\": expected 2 elements, got F32 [3]");
}

TEST_CASE("a very long shape is described by its beginning") {
    CHECK(described("U8", {}) == "U8 []");
    CHECK(described("U8", std::vector<idx>(8, 1)) == "U8 [1, 1, 1, 1, 1, 1, 1, 1]");
    CHECK(described("U8", std::vector<idx>(1000, 1)) == "U8 [1, 1, 1, 1, 1, 1, 1, 1, ...]");
}
