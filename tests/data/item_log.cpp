#include <catch2/catch.hpp>
#include <reckon/data/item_log.hpp>

using namespace reckon;

namespace {

std::vector<std::int32_t> items_of(const item_log& log, idx user) {
    return {log[user].begin(), log[user].end()};
}
using numbers = std::vector<std::int32_t>;

void refuses(const char* format, const char* text, const char* says) {
    INFO(text);
    CHECK_THROWS_WITH(parse_item_log(format, text, "log"), Catch::Contains(says));
}

}  // namespace

TEST_CASE("lines keep their numbers, and users of any length") {
    const auto log = parse_item_log("lines", "7 3 1 9\r\n\n8 2\n9\n", "log");
    REQUIRE(log.users() == 3);
    CHECK(items_of(log, 0) == numbers{3, 1, 9});
    CHECK(items_of(log, 1) == numbers{2});
    CHECK(items_of(log, 2).empty());
    CHECK(log.last_item == 9);
    CHECK(log.names.empty());
    CHECK(parse_item_log("lines", "", "log").users() == 0);
    refuses("lines", "1 2\n1 0\n", "line 2");
    refuses("lines", "1 2147483647\n", "an item's number");
    refuses("lines", "one 2\n", "a user's number");
    refuses("csv", "1 2\n", "lines, recbole or movielens");
}

TEST_CASE("named items get numbers as they come, and times decide the order") {
    const auto log = parse_item_log("recbole",
                                    "item_id:token\tuser_id:token\ttimestamp:float\n"
                                    "b\tu\t20\na\tu\t10\nc\tv\t5\na\tv\t5\nb\tu\t10\n",
                                    "log");
    CHECK(log.names == std::vector<std::string>{"b", "a", "c"});
    REQUIRE(log.users() == 2);
    CHECK(items_of(log, 0) == numbers{2, 1, 1});  // a and b of time 10 as in the file, then b
    CHECK(items_of(log, 1) == numbers{3, 2});
    CHECK(log.last_item == 3);
    refuses("recbole", "item_id:token\tuser_id:token\n", "timestamp:float");
    refuses("recbole", "item_id:token\tuser_id:token\ttimestamp:float\nb\tu\tsoon\n", "a number");
    refuses("recbole", "", "a header");
}

TEST_CASE("MovieLens files of three times hold the same events") {
    for (const char* text :
         {"1\t5\t3\t20\n1\t6\t4\t10\n2\t5\t1\t7\n", "1::5::3::20\n1::6::4::10\n2::5::1::7\n",
          "userId,movieId,rating,timestamp\n1,5,3,20\n1,6,4.5,10\n2,5,1,7\n"}) {
        const auto log = parse_item_log("movielens", text, "log");
        REQUIRE(log.users() == 2);
        CHECK(items_of(log, 0) == numbers{2, 1});
        CHECK(items_of(log, 1) == numbers{1});
        CHECK(log.names == std::vector<std::string>{"5", "6"});
    }
    refuses("movielens", "1 5 3 20\n", "separated by tabs");
    refuses("movielens", "1,5,3\n", "4 fields");
    refuses("movielens", "1,5,3,20\n1,5,3,x\n", "line 2");
    refuses("movielens", "1,,3,20\n", "a user and an item");
    refuses("movielens", "1,5,3,nan\n", "a time");
}
