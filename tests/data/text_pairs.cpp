// Lines of texts and labels, and what is refused of them.
#include <reckon/data/text_pairs.hpp>

#include <catch2/catch.hpp>

using namespace reckon;

TEST_CASE("text pairs: a line each, label and task where they are there") {
    const auto pairs = parse_text_pairs(
        "{\"user\": \"liked Alien\", \"item\": \"Heat\", \"label\": 2, \"task\": \"clicks\"}\n"
        "{\"item\": \"H\\u00e9at\", \"user\": \"\"}\r\n",
        "f");
    REQUIRE(pairs.size() == 2);
    CHECK(pairs[0].user == "liked Alien");
    CHECK(pairs[0].label == idx{2});
    CHECK(pairs[0].task == "clicks");
    CHECK(pairs[1].item == "H\u00e9at");
    CHECK(!pairs[1].label);
    CHECK(pairs[1].line == 2);
}

TEST_CASE("text pairs: what is wrong is named with its line") {
    const auto refused = [](const char* text, const char* why) {
        CHECK_THROWS_WITH(parse_text_pairs(text, "f"), Catch::Contains(why));
    };
    const std::string good = "{\"user\": \"a\", \"item\": \"b\"}\n";
    refused("", "a line or more");
    refused((good + "\n" + good).c_str(), "f: line 2");
    refused((good + "{\"user\": \"a\"}").c_str(), "f: line 2: \"item\"");
    refused("{\"user\": \"a\", \"item\": \"b\", \"lable\": 1}", "f: line 1: \"lable\"");
    refused("{\"user\": \"a\", \"item\": \"b\", \"label\": -1}", "\"label\"");
    refused("{\"user\": \"a\", \"item\": \"b\", \"label\": 1.5}", "\"label\"");
    refused("{\"user\": 7, \"item\": \"b\"}", "\"user\"");
    refused("{\"user\": \"a\", \"user\": \"a\", \"item\": \"b\"}", "twice");
    refused("[1]", "one object");
    refused("{\"user\": \"a\", \"item\": ", "f: line 1");
}
