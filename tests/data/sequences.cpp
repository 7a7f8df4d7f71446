#include <reckon/data/sequences.hpp>

#include "support/skip.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

std::vector<std::int32_t> items_of(const sequences& read, idx user) {
    const auto items = read[user];
    return {items.begin(), items.end()};
}

using items = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("a line is a user and the items in order") {
    const sequences read = parse_sequences("1 5 6 7\n2 7 5\n", 7);
    REQUIRE(read.users() == 2);
    CHECK(items_of(read, 0) == items{5, 6, 7});
    CHECK(items_of(read, 1) == items{7, 5});
    CHECK(read.skipped == 0);
}

TEST_CASE("blanks, tabs, Windows line ends and a missing last line end make no difference") {
    for (const char* text : {"1 5 6\n2 7 5\n", "1 5 6\n2 7 5", "1 5 6\r\n2 7 5\r\n",
                             " 1\t5  6 \n2 7\t5 ", "\n1 5 6\n \t\n2 7 5\n\r\n"}) {
        const sequences read = parse_sequences(text, 7);
        REQUIRE(read.users() == 2);
        CHECK(read.items == items{5, 6, 7, 5});
        CHECK(read.skipped == 0);
    }
}

TEST_CASE("users with fewer than two items are counted, not kept") {
    const sequences read = parse_sequences("1 5\n2 6 7\n3\n4 5\n", 7);
    REQUIRE(read.users() == 1);
    CHECK(items_of(read, 0) == items{6, 7});
    CHECK(read.skipped == 3);
}

TEST_CASE("an empty file has no users") {
    CHECK(parse_sequences("", 7).users() == 0);
    CHECK(parse_sequences("\n", 7).users() == 0);
}

TEST_CASE("a line of any length is read") {
    std::string text = "1";
    for (int i = 0; i < 1000000; ++i) text += " 7";
    CHECK(parse_sequences(text, 7)[0].size() == 1000000);
}

TEST_CASE("an id that is unknown or no number is refused by its line") {
    const auto parse = [](std::string_view text) { parse_sequences(text, 7, "data.txt"); };
    CHECK_NOTHROW(parse("0 1 7\n"));
    CHECK_THROWS_WITH(parse("1 5 6\n2 7 8\n"),
                      "sequences: data.txt: line 2: expected an item's number, 1 to 7, got \"8\"");
    for (const char* item :
         {"0", "-1", "x", "5x", "5.0", "+5", "99999999999999999999", "5,6", "\x01"})
        CHECK_THROWS_WITH(parse("1 5 6\n\n2 5 " + std::string{item} + " 6\n"), Contains("line 3"));
    CHECK_THROWS_WITH(parse("1 0\n"), Contains("line 1"));  // though it would be skipped
    CHECK_THROWS_WITH(parse("ann 5 6\n"),
                      Contains("line 1: expected a user's number, got \"ann\""));
    CHECK_THROWS_WITH(parse("\xef\xbb\xbf"
                            "1 5 6\n"),
                      Contains("line 1"));
    CHECK_THROWS_WITH(read_sequences("no such file", 7), Contains("no such file"));
}

TEST_CASE("random bytes are read or refused") {
    std::mt19937 random(3);
    const std::string likely = "1 2 3\n", alphabet = likely + "\t\r07-x";
    int read_whole = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string text(random() % 16, ' ');
        for (char& c : text) c = alphabet[random() % (round % 2 ? alphabet.size() : likely.size())];
        sequences read;
        try {
            read = parse_sequences(text, 333);
            ++read_whole;
        } catch (const load_error&) {
            continue;
        }
        CHECK(read.offsets.back() == read.items.size());
        for (idx u = 0; u < read.users(); ++u) CHECK(read[u].size() >= 2);
        for (const std::int32_t item : read.items) CHECK((item >= 1 && item <= 333));
    }
    CHECK(read_whole > 1000);
}

TEST_CASE("Beauty is read whole") {
    const auto path = test_support::data("sequences of Beauty", "iclrec/Beauty.txt");
    if (!path) return;
    const sequences read = read_sequences(path->string(), 12101);
    CHECK(read.users() == 22363);
    CHECK(read.items.size() == 198502);
    CHECK(read.skipped == 0);
    CHECK(*std::max_element(read.items.begin(), read.items.end()) == 12101);
    CHECK(items_of(read, 1) == items{6, 7, 8, 9, 10, 4, 11});
    CHECK_THROWS_WITH(read_sequences(path->string(), 12100), Contains("got \"12101\""));
}
