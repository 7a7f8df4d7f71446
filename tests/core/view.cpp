#include <catch2/catch.hpp>
#include <concepts>
#include <reckon/core/view.hpp>

using namespace reckon;

static_assert(std::convertible_to<view<float>, view<const float>>);
static_assert(!std::convertible_to<view<const float>, view<float>>);
static_assert(!std::convertible_to<view<float>, view<const double>>);
static_assert(!std::convertible_to<view<float>, view<const float, device>>);
static_assert(!std::convertible_to<view<float, device>, view<float>>);
static_assert(std::same_as<space_of<view<float>>, host>);
static_assert(std::same_as<space_of<view<float, device>>, device>);

TEST_CASE("a view steps from row to row by its stride") {
    float cells[12];
    for (int i = 0; i < 12; ++i) cells[i] = float(i);
    const view<float> all{cells, 3, 4}, left{cells, 3, 2, 4};

    CHECK(all.size() == 12);
    CHECK(all.packed());
    CHECK(all(2, 3) == 11);
    CHECK(left.size() == 6);
    CHECK_FALSE(left.packed());
    CHECK(left(2, 1) == 9);
    CHECK(left.row(1) == cells + 4);
    CHECK(left.slice(0, 1).packed());  // one row has no gap
}

TEST_CASE("rows and columns cut from a view keep its stride") {
    float cells[20];
    for (int i = 0; i < 20; ++i) cells[i] = float(i);
    const view<float> all{cells, 4, 5};

    const auto middle = all.slice(1, 2).columns(2, 3);
    CHECK(middle.rows == 2);
    CHECK(middle.cols == 3);
    CHECK(middle.stride == 5);
    CHECK(middle(0, 0) == 7);
    CHECK(middle(1, 2) == 14);

    middle(1, 2) = 100;
    CHECK(cells[14] == 100);
}

TEST_CASE("a view of constants keeps place, extents and stride") {
    float cells[6]{1, 2, 3, 4, 5, 6};
    const view<float> changeable{cells, 2, 2, 3};
    const view<const float> constant = changeable;
    CHECK(constant.data == cells);
    CHECK(constant.rows == 2);
    CHECK(constant.cols == 2);
    CHECK(constant(1, 1) == 5);
}

TEST_CASE("a null view stays null however it is cut") {
    const view<float> none{nullptr, 4, 3};
    CHECK(none.slice(2, 1).data == nullptr);
    CHECK(none.columns(1, 2).data == nullptr);
    CHECK(view<float>{}.size() == 0);
}

TEST_CASE("a vector is a view of one row") {
    const std::int32_t ids[3]{4, 5, 6};
    const auto row = row_view(ids, 3);
    static_assert(std::same_as<decltype(row), const view<const std::int32_t>>);
    CHECK(row.rows == 1);
    CHECK(row.cols == 3);
    CHECK(row(0, 2) == 6);
}
