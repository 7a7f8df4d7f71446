#include <reckon/text/sentencepiece_file.hpp>

#include "io/raw_file.hpp"
#include "sentencepiece_model.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint32_t leaf = 0x80000000, ends = 0x100;

// A unit of a double array whose children stand around `base`, seen from `at`.
std::uint32_t unit(char label, std::uint32_t at, std::uint32_t base) {
    return static_cast<unsigned char>(label) | (at ^ base) << 10;
}

// Two blocks of 256: "a" becomes the text at 0. The node of "a" has its children in the second.
struct character_map {
    std::vector<std::uint32_t> units = std::vector<std::uint32_t>(512);
    std::string texts = std::string{"A\0", 2};

    character_map() {
        units[0] = unit('\0', 0, 1);
        units[1 ^ 'a'] = unit('a', 1 ^ 'a', 256) | ends;
        units[256] = leaf | 0;
    }
    std::string file() const {
        std::string text = plain(std::uint32_t(4 * units.size()));
        for (const std::uint32_t one : units) text += plain(one);
        return text + texts;
    }
};

bool is_whole(const character_map& map) { return detail::is_whole_character_map(map.file()); }

std::string refusal(const std::string& model) {
    return message_of([&] { detail::expect_sentencepiece_model(model, "F.model"); });
}

}  // namespace

TEST_CASE("a character map is whole when no text leads out of it") {
    CHECK(is_whole({}));
    character_map map;
    map.units[0] = unit('\0', 0, 512);
    CHECK_FALSE(is_whole(map));
    map = {};
    map.units[1 ^ 'a'] = unit('a', 1 ^ 'a', 1024);
    CHECK_FALSE(is_whole(map));
    map = {};
    map.units[2 ^ 'a'] = unit('a', 2 ^ 'a', 1024);  // no way goes there
    CHECK(is_whole(map));
    map.units.resize(500);
    CHECK_FALSE(is_whole(map));
}

TEST_CASE("a character map's texts are there and end") {
    character_map map;
    map.units[256] = leaf | 1;
    CHECK(is_whole(map));
    map.units[256] = leaf | 2;
    CHECK_FALSE(is_whole(map));
    map = {};
    map.texts = "A";
    CHECK_FALSE(is_whole(map));
    map.texts = "";
    CHECK_FALSE(is_whole(map));
}

TEST_CASE("a character map's size is that of its units") {
    const std::string good = character_map{}.file();
    for (idx size = 0; size < good.size(); ++size)
        CHECK_FALSE(detail::is_whole_character_map(good.substr(0, size)));
    for (const std::uint32_t size : {0u, 1u, 2047u, 2050u, 0xffffffffu})
        CHECK_FALSE(detail::is_whole_character_map(plain(size) + good.substr(4)));
}

TEST_CASE("rules that begin one another are no more than the library reserves for") {
    character_map map;  // "a", "aa", "aaa": a circle has any number of them
    map.units[1 ^ 'a'] = unit('a', 1 ^ 'a', 256) | ends;
    map.units[256 ^ 'a'] = unit('a', 256 ^ 'a', 256) | ends;
    CHECK_FALSE(is_whole(map));
    map.units[256 ^ 'a'] = unit('a', 256 ^ 'a', 256);  // a circle without ends has one
    CHECK(is_whole(map));

    for (const idx count : {32u, 33u}) {
        character_map chain;
        chain.units.assign(256 * (count + 2), 0);
        chain.units[0] = unit('\0', 0, 256);
        for (std::uint32_t i = 1; i <= count; ++i) {
            chain.units[256 * i + 'a'] = unit('a', 256 * i + 'a', 256 * (i + 1)) | ends;
            chain.units[256 * (i + 1)] = leaf;
        }
        CHECK(is_whole(chain) == (count == 32));
    }
}

TEST_CASE("user-defined symbols that begin one another are counted") {
    using names = std::vector<std::string_view>;
    CHECK(detail::most_nested({}) == 0);
    CHECK(detail::most_nested({"b", "a"}) == 1);
    CHECK(detail::most_nested({"abc", "b", "a", "abd", "bcd", "abcd", "bc"}) == 3);
    CHECK(detail::most_nested(names{"a", "a"}) == 2);

    for (const idx count : {64u, 65u}) {
        small_model model;
        for (idx i = 1; i <= count; ++i)
            model.pieces.push_back({std::string(i, 'a'), 0, piece_type::user_defined});
        if (count == 64)
            CHECK_NOTHROW(detail::expect_sentencepiece_model(model.file(), "F.model"));
        else
            CHECK_THAT(refusal(model.file()), Contains("user-defined"));
        for (auto& piece : model.pieces) piece.text += std::string{"\0z", 2};  // the same to it
        if (count == 65) CHECK_THAT(refusal(model.file()), Contains("user-defined"));
        for (auto& piece : model.pieces) piece.type = piece_type::normal;
        CHECK_NOTHROW(detail::expect_sentencepiece_model(model.file(), "F.model"));
    }
}

TEST_CASE("a model has both specs, and whole maps in each of them") {
    small_model model{.pieces = {{"a"}}};
    CHECK_NOTHROW(detail::expect_sentencepiece_model(model.file(), "F.model"));
    CHECK_THAT(refusal(model.text_of_pieces()), Contains("F.model") && Contains("both specs"));
    CHECK_THAT(refusal(model.text_of_pieces() + model.trainer()), Contains("both specs"));
    CHECK_THAT(refusal(model.text_of_pieces() + model.normalizer()), Contains("both specs"));

    model.character_map = character_map{}.file();
    CHECK_NOTHROW(detail::expect_sentencepiece_model(model.file(), "F.model"));
    const std::string broken = text_field(2, plain(2048) + "too short");
    for (const std::uint64_t field : {3u, 5u})
        CHECK_THAT(refusal(model.file() + text_field(field, broken)), Contains("character map"));
}

TEST_CASE("fields are read as protobuf has them, and a message that is none is found") {
    const auto tags = [](std::string_view message) {
        std::vector<std::uint64_t> found;
        if (!detail::for_each_field(message, [&](const auto& field) {
                found.push_back(field.tag);
                found.push_back(field.value);
                found.push_back(field.bytes.size());
            }))
            found.push_back(999);
        return found;
    };
    using numbers = std::vector<std::uint64_t>;
    CHECK(tags("") == numbers{});
    CHECK(tags(number_field(3, 300) + text_field(1, "abc")) == numbers{24, 300, 0, 10, 0, 3});
    CHECK(tags("\x0d"
               "1234") == numbers{13, 0, 4});
    CHECK(tags("\x09"
               "12345678") == numbers{9, 0, 8});
    CHECK(tags("\x0a\x05"
               "1234") == numbers{999});
    CHECK(tags(std::string(2, '\0')) == numbers{999});     // no field has the number 0
    CHECK(tags("\x0b") == numbers{999});                   // a group
    CHECK(tags(std::string(11, '\xff')) == numbers{999});  // a number without end
    CHECK(tags("\x0a" + varint(~0ull) + "1") == numbers{999});
}
