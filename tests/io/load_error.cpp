#include <reckon/io/load_error.hpp>

#include <catch2/catch.hpp>

using namespace reckon;

TEST_CASE("a load_error holds a message of any length and is a reckon::error") {
    const std::string list(10000, 'x');
    try {
        throw load_error("load", "a file", "nothing", list);
    } catch (const error& caught) {
        CHECK(std::string{caught.what()} == "load: a file: expected nothing, got " + list);
        CHECK(caught.op() == "load");
        CHECK(caught.actual().substr(0, 10) == "xxxxxxxxxx");
    }
}

TEST_CASE("a text in quotes hides control characters and is cut between characters") {
    CHECK(in_quotes("plain") == "\"plain\"");
    CHECK(in_quotes(std::string_view{"a\x1b[2J\0\x7f", 7}) == "\"a?[2J??\"");
    CHECK(in_quotes(std::string(120, 'a')) == '"' + std::string(120, 'a') + '"');
    CHECK(in_quotes(std::string(121, 'a')) == '"' + std::string(120, 'a') + "...\"");
    CHECK(legible(std::string(119, 'a') + "\xc3\xa9") == std::string(119, 'a') + "...");
    CHECK(legible(std::string(118, 'a') + "\xc3\xa9") == std::string(118, 'a') + "\xc3\xa9");
    CHECK(legible(std::string(121, '\x80')) == "...");
}
