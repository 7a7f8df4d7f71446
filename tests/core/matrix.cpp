#include <catch2/catch.hpp>
#include <limits>
#include <reckon/core/matrix.hpp>

using namespace reckon;

static_assert(!std::is_assignable_v<decltype(*matrix<float, rom>{}.data()), float>);
static_assert(std::same_as<decltype(std::declval<matrix<float>&>().look()), view<float>>);
static_assert(
    std::same_as<decltype(std::declval<const matrix<float>&>().look()), view<const float>>);

TEST_CASE("a matrix owns its values, zero at first, and copies them") {
    matrix<float> a(2, 3);
    CHECK(a.size() == 6);
    CHECK(a.bytes() == 24);
    CHECK(a.look()(1, 2) == 0);
    a.look()(1, 2) = 5;
    const matrix<float> b = a;
    a.look()(1, 2) = 6;
    CHECK(b.look()(1, 2) == 5);
}

TEST_CASE("a matrix in flash looks at a constant array, also at compile time") {
    static constexpr float values[6]{1, 2, 3, 4, 5, 6};
    static constexpr auto placed_at = [] {
        matrix<float, rom> m(2, 3);
        m.place(values);
        return m;
    }();
    static_assert(placed_at.look()(1, 0) == 4);
    CHECK(placed_at.data() == values);
    CHECK(matrix<float, rom>(2, 3).data() == nullptr);
}

TEST_CASE("an int8 weight reads as its value times its row's scale") {
    int8_matrix<> w(2, 2);
    w.values.look()(1, 0) = -3;
    w.scales.look()(0, 1) = 0.5f;
    const auto look = std::as_const(w).look();
    CHECK(look.rows == 2);
    CHECK(look.cols == 2);
    CHECK(look(1, 0) == -1.5f);
    CHECK(look(0, 0) == 0);
}

TEST_CASE("a pruned weight keeps everything at first and reads zero where it does not") {
    pruned_matrix<matrix<float>> w(2, 2);
    for (idx i = 0; i < 4; ++i) w.inner.data()[i] = float(i + 1);
    const auto look = std::as_const(w).look();
    CHECK(look(1, 1) == 4);
    w.kept.look()(1, 1) = 0;
    CHECK(look(1, 1) == 0);
    CHECK(look(1, 0) == 3);
    static_assert(readable_weight<decltype(look)>);
}

TEST_CASE("extents whose product no memory holds are refused") {
    constexpr idx huge = std::numeric_limits<idx>::max() / 2;
    CHECK_THROWS_AS(matrix<float>(huge, 3), error);
    CHECK_THROWS_AS(matrix<float>(1, huge), error);
}
