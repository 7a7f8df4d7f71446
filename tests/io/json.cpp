#include <reckon/io/json.hpp>

#include "raw_file.hpp"

#include <catch2/catch.hpp>

using namespace reckon;

namespace {

const json_object config = json_object::parse(
    R"({"hidden_size": 384, "layer_norm_eps": 1e-12, "cased": false, "type": "bert",
        "negative": -5, "half": 384.5, "whole": 384.0, "huge": 1e300, "nothing": null, "list": [1],
        "rope": {"factor": 8, "inner": {"x": "y"}}, "empty": {}})",
    "config.json");

template <class T> std::string required(const char* key) {
    return message_of([&] { config.required<T>(key); });
}
std::string parsing(std::string_view text, const json_limits& limits = {}) {
    return message_of([&] { json_object::parse(text, "f", limits); });
}

}  // namespace

TEST_CASE("a configuration's values come in the type that is asked for") {
    CHECK(config.required<idx>("hidden_size") == 384);
    CHECK(config.required<float>("layer_norm_eps") == 1e-12f);
    CHECK(config.required<double>("layer_norm_eps") == 1e-12);
    CHECK(config.required<double>("hidden_size") == 384.0);
    CHECK_FALSE(config.required<bool>("cased"));
    CHECK(config.required<std::string>("type") == "bert");
    CHECK(config.child("rope").child("inner").required<std::string>("x") == "y");
}

TEST_CASE("a value of the wrong kind is an error that names file, key, expected and actual") {
    CHECK(required<idx>("absent") ==
          "json: config.json: \"absent\": expected a value, got nothing");
    CHECK(required<idx>("nothing") ==
          "json: config.json: \"nothing\": expected a non-negative integer, got null");
    CHECK(required<idx>("negative") ==
          "json: config.json: \"negative\": expected a non-negative integer, got -5");
    CHECK(required<idx>("half") ==
          "json: config.json: \"half\": expected a non-negative integer, got 384.5");
    CHECK(required<idx>("whole") ==
          "json: config.json: \"whole\": expected a non-negative integer, got 384.0");
    CHECK(required<idx>("type") ==
          "json: config.json: \"type\": expected a non-negative integer, got \"bert\"");
    CHECK(required<idx>("list") ==
          "json: config.json: \"list\": expected a non-negative integer, got an array");
    CHECK(required<bool>("hidden_size") ==
          "json: config.json: \"hidden_size\": expected true or false, got 384");
    CHECK(required<std::string>("cased") ==
          "json: config.json: \"cased\": expected a string, got false");
    CHECK(required<float>("empty") ==
          "json: config.json: \"empty\": expected a number, got an object");
    CHECK(required<float>("huge") ==
          "json: config.json: \"huge\": expected a number in the type's range, got 1e+300");
    CHECK(message_of([] { config.child("list"); }) ==
          "json: config.json: \"list\": expected an object, got an array");
    CHECK(message_of([] { config.child("absent"); }) ==
          "json: config.json: \"absent\": expected a value, got nothing");
    CHECK(message_of([] { config.child("rope").child("inner").required<idx>("x"); }) ==
          "json: config.json: \"rope\": \"inner\": \"x\": expected a non-negative integer, got "
          "\"y\"");
}

TEST_CASE("a key may be absent or null where there is a fallback, but not of the wrong kind") {
    CHECK(config.value_or<idx>("absent", 7) == 7);
    CHECK(config.value_or<idx>("nothing", 7) == 7);
    CHECK(config.value_or<idx>("hidden_size", 7) == 384);
    CHECK(config.value_or<std::string>("absent", "none") == "none");
    CHECK(config.has("hidden_size"));
    CHECK_FALSE(config.has("nothing"));
    CHECK_FALSE(config.has("absent"));
    CHECK_THROWS_AS(config.value_or<idx>("negative", 7), load_error);
}

TEST_CASE("lists of objects are read item by item, and their errors say which") {
    const auto lists = json_object::parse(
        R"({"both": [{"b": 1, "a": 2}, {}], "null": null, "numbers": [{}, 7], "word": "w"})", "f");
    REQUIRE(lists.children("both").size() == 2);
    CHECK(lists.children("both")[0].keys() == std::vector<std::string>{"a", "b"});
    CHECK(lists.children("null").empty());
    CHECK(lists.children("absent").empty());
    CHECK(message_of([&] { lists.children("both")[1].required<idx>("a"); }) ==
          "json: f: \"both\": item 1: \"a\": expected a value, got nothing");
    CHECK(message_of([&] { lists.children("numbers"); }) ==
          "json: f: \"numbers\": item 1: expected an object, got 7");
    CHECK(message_of([&] { lists.children("word"); }) ==
          "json: f: \"word\": expected a list of objects, got \"w\"");
    CHECK(lists.children("both")[0].place("a") == "f: \"both\": item 0: \"a\"");

    const temporary_folder folder;
    const std::string text = R"([{"idx": 0}, {"idx": 1}])", object = "{}";
    const std::string path = folder.file("list.json", std::as_bytes(std::span{text}));
    REQUIRE(json_object::read_list(path).size() == 2);
    CHECK(json_object::read_list(path)[1].required<idx>("idx") == 1);
    folder.file("list.json", std::as_bytes(std::span{object}));
    CHECK(message_of([&] { json_object::read_list(path); }) ==
          "json: " + path + ": expected a list of objects, got an object");
}

TEST_CASE("a text that is no JSON object is an error with its place") {
    CHECK(parsing("{\n  \"a\": 1,,\n}")
              .find("json: f: expected JSON, got parse error at line 2, column 10") == 0);
    for (const char* text :
         {"", "{", "{\"a\":}", "{\"a\":NaN}", "{\"a\":1e999}", "{} x", "{\"\xff\":1}",
          "{\"a\":\"\\ud800\"}", "\xef\xbb\xbf{}", "{\"a\":Infinity}"})
        CHECK(parsing(text).find("json: f: expected JSON, got ") == 0);
    CHECK(parsing(R"({"a":1,"b":{"c":2,"a":3,"c":4}})") ==
          "json: f: expected each key once, got \"c\" twice");
    CHECK(parsing("[1]") == "json: f: expected one object, got an array");
    CHECK(parsing("\"text\"") == "json: f: expected one object, got \"text\"");
    using namespace std::literals;
    CHECK(parsing("{}\0{"sv) == "json: f: expected JSON, got a zero byte at 2");
}

TEST_CASE("a document's depth and size are bounded") {
    const auto nested = [](int depth) {
        return "{\"a\":" + std::string(std::size_t(depth - 1), '[') +
               std::string(std::size_t(depth - 1), ']') + '}';
    };
    CHECK_NOTHROW(json_object::parse(nested(5), "f", {.depth = 5}));
    CHECK(parsing(nested(6), {.depth = 5}) == "json: f: expected nesting of at most 5, got more");
    CHECK(parsing("{\"a\":" + std::string(1'000'000, '[')) ==
          "json: f: expected nesting of at most 64, got more");
    CHECK_NOTHROW(json_object::parse("{   }", "f", {.bytes = 5}));
    CHECK(parsing("{    }", {.bytes = 5}) == "json: f: expected at most 5 bytes, got 6");
}

TEST_CASE("a configuration is read from a file, whose path stands in its errors") {
    const temporary_folder folder;
    const std::string text = R"({"heads": 12})";
    const std::string path = folder.file("config.json", std::as_bytes(std::span{text}));
    CHECK(json_object::read(path).required<idx>("heads") == 12);
    CHECK(message_of([&] { json_object::read(path).required<idx>("layers"); }) ==
          "json: " + path + ": \"layers\": expected a value, got nothing");
    CHECK(message_of([&] { json_object::read(folder.file("none")); }) ==
          "open: " + folder.file("none") +
              ": expected a readable file, got No such file or directory");
    CHECK_THROWS_AS(json_object::read(folder.file("empty", {})), load_error);
}

TEST_CASE("a string is written as JSON reads it, and only UTF-8 is") {
    CHECK(json_string("a\"\\\n\xc3\xa9") == "\"a\\\"\\\\\\n\xc3\xa9\"");
    CHECK(message_of([] { json_string("\xff"); }).find("expected UTF-8") != std::string::npos);
}
