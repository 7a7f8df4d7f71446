#include <reckon/io/lines.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    reckon::line_reader reader("test", "file", text);
    while (reader.next()) lines.emplace_back(reader.line());
    return lines;
}

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines end in a line feed, with or without a carriage return, or with the text") {
    CHECK(lines_of("") == lines{});
    CHECK(lines_of("\n") == lines{""});
    CHECK(lines_of("a") == lines{"a"});
    CHECK(lines_of("a\n") == lines{"a"});
    CHECK(lines_of("a\nb") == lines{"a", "b"});
    CHECK(lines_of("a\r\n\r\nb\r\n") == lines{"a", "", "b"});
    CHECK(lines_of("a\rb\r\r\n") == lines{"a\rb\r"});
    CHECK(lines_of(std::string_view{"a\0b\n", 4}) == lines{std::string("a\0b", 3)});
}

TEST_CASE("a line is refused by its number") {
    reckon::line_reader reader("reader", "some.txt", "one\ntwo\n");
    reader.next();
    reader.next();
    CHECK(reader.number() == 2);
    CHECK_THROWS_WITH(reader.refuse("three", "two"),
                      "reader: some.txt: line 2: expected three, got two");
}
