#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <reckon/core/error.hpp>
#include <string>

using namespace reckon;

TEST_CASE("an error says op, argument, expected and actual") {
    try {
        expect("linear", "w.cols", 64, 128);
        FAIL("nothing was thrown");
    } catch (const error& e) {
        CHECK(e.op() == "linear");
        CHECK(e.argument() == "w.cols");
        CHECK(e.expected() == "64");
        CHECK(e.actual() == "128");
        CHECK(std::string{e.what()} == "linear: w.cols: expected 64, got 128");
    }
}

TEST_CASE("a condition may be said in words") {
    CHECK_NOTHROW(expect_that(true, "top_k", "k", "at least 1", idx{0}));
    CHECK_THROWS_WITH(expect_that(false, "top_k", "k", "at least 1", idx{0}),
                      "top_k: k: expected at least 1, got 0");
    CHECK_THROWS_WITH(expect_that(false, "attention", "bias", "none", "a bias"),
                      "attention: bias: expected none, got a bias");
}

TEST_CASE("equal extents are no error, in constant expressions either") {
    static_assert((expect("linear", "w.cols", 64, 64), true));
}

TEST_CASE("a text that does not fit is cut and ends in dots") {
    fixed_text<8> text{"12345678"};
    CHECK(text.view() == "12345678");
    text.append("9");
    CHECK(text.view() == "12345...");
    text.append(idx{10});
    CHECK(text.view() == "12345...");
    CHECK(std::strlen(text.c_str()) == 8);

    const std::string longest(1000, 'x');
    const error_text cut{std::string_view{longest}};
    const error e{longest, longest, cut, cut};
    CHECK(e.op() == std::string(117, 'x') + "...");
    CHECK(e.actual() == e.op());
    CHECK(std::string{e.what()}.ends_with("x..."));
}

TEST_CASE("numbers in texts reach from nothing to the largest") {
    CHECK(error_text{idx{0}}.view() == "0");
    CHECK(error_text{std::numeric_limits<idx>::max()}.view() == "18446744073709551615");
    error_text mixed{"ids below "};
    mixed.append(idx{50});
    CHECK(mixed.view() == "ids below 50");
}
