#include <reckon/data/recbole_table.hpp>

#include <catch2/catch.hpp>

using namespace reckon;
using Catch::Matchers::Contains;

TEST_CASE("columns are found by name, wherever they stand") {
    recbole_table table("name:token_seq\tscore:float\r\nTwo Words\t1.5\r\n\t-2\r\n", "x.item");
    const idx score = table.column("score:float"), name = table.column("name:token_seq");
    REQUIRE(table.next());
    CHECK(table.text(name) == "Two Words");
    CHECK(table.number<float>(score) == 1.5f);
    REQUIRE(table.next());
    CHECK(table.text(name) == "");
    CHECK(table.number<std::int32_t>(score) == -2);
    CHECK_FALSE(table.next());
}

TEST_CASE("a table without the header that is asked for is refused") {
    CHECK_THROWS_WITH(recbole_table("", "x.item"), Contains("x.item: expected a header"));
    const recbole_table table("score:float\n", "x.item");
    CHECK_THROWS_WITH(table.column("score"), Contains("line 1: expected a column \"score\""));
}

TEST_CASE("a row of another width, or a field that is no number, is refused by its line") {
    recbole_table table("a:token\tb:float\n1\t2\n1\n1\t2\t3\n\nx\tnan\n", "x.inter");
    REQUIRE(table.next());
    CHECK_THROWS_WITH(table.next(), "recbole: x.inter: line 3: expected 2 fields, got 1");
    CHECK_THROWS_WITH(table.next(), Contains("line 4: expected 2 fields, got 3"));
    CHECK_THROWS_WITH(table.next(), Contains("line 5: expected 2 fields, got 1"));
    REQUIRE(table.next());
    CHECK_THROWS_WITH(table.number<std::int32_t>(0),
                      Contains("line 6: expected a:token to be a number, got \"x\""));
    CHECK_THROWS_WITH(table.number<float>(1), Contains("b:float"));
}
