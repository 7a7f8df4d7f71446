#include <reckon/text/unicode.hpp>

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace reckon;

namespace {

std::u32string decode(std::string_view text) {
    std::u32string points;
    while (!text.empty()) points += unicode::next_code_point(text);
    return points;
}

std::string encode(char32_t point) {
    std::string text;
    unicode::append_utf8(text, point);
    return text;
}

std::u32string normalized(std::u32string text, unicode::form form) {
    unicode::normalize(text, form);
    return text;
}

bool is_surrogate(char32_t c) { return c >= 0xd800 && c <= 0xdfff; }

}  // namespace

TEST_CASE("every code point survives UTF-8") {
    idx wrong = 0;
    for (char32_t c = 0; c <= 0x10ffff; ++c) {
        if (is_surrogate(c)) continue;
        const std::string text = encode(c);
        wrong += decode(text) != std::u32string{c} || !unicode::is_utf8(text);
    }
    CHECK(wrong == 0);
}

// The expected numbers are of Python's bytes.decode(errors="replace").
TEST_CASE("bytes that are no UTF-8 become one replacement character for each longest beginning") {
    const char32_t r = unicode::replacement;
    CHECK(decode("a\xff z") == std::u32string{'a', r, ' ', 'z'});
    CHECK(decode("\x80\xbf") == std::u32string{r, r});                // continuations alone
    CHECK(decode("\xc0\x80") == std::u32string{r, r});                // overlong NUL
    CHECK(decode("\xc1\xbf") == std::u32string{r, r});                // overlong
    CHECK(decode("\xe0\x9f\xbf") == std::u32string{r, r, r});         // overlong
    CHECK(decode("\xf0\x8f\xbf\xbf") == std::u32string{r, r, r, r});  // overlong
    CHECK(decode("\xed\xa0\x80") == std::u32string{r, r, r});         // a surrogate
    CHECK(decode("\xf4\x90\x80\x80") == std::u32string{r, r, r, r});  // above U+10FFFF
    CHECK(decode("\xf5\x80\x80\x80") == std::u32string{r, r, r, r});  // no such lead
    CHECK(decode("\xe4\xb8") == std::u32string{r});                   // cut by the end
    CHECK(decode(std::string_view{"\xe4\xb8\xad", 2}) == std::u32string{r});
    CHECK(decode("\xe4\xb8z") == std::u32string{r, 'z'});                    // cut by a letter
    CHECK(decode("\xf0\x9f\x8e\xe4\xb8\xad") == std::u32string{r, 0x4e2d});  // cut by a character
    CHECK(decode("\xc3\xc3\xa9") == std::u32string{r, 0xe9});
}

TEST_CASE("a text is UTF-8 or not, and may hold the replacement character") {
    CHECK(unicode::is_utf8(""));
    CHECK(unicode::is_utf8("na\xc3\xafve \xf0\x9f\x8e\xac"));
    CHECK(unicode::is_utf8("\xef\xbf\xbd"));
    CHECK_FALSE(unicode::is_utf8("na\xefve"));
    CHECK_FALSE(unicode::is_utf8("\xed\xa0\x80"));
    CHECK_FALSE(unicode::is_utf8("\xef\xbf"));
}

TEST_CASE("any bytes decode within bounds") {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 12, '\0');
        for (char& b : bytes) b = static_cast<char>(0x70 + random() % 0x90);
        const std::string exact(bytes);  // its end is where the sanitizer looks
        CHECK(decode(exact).size() <= exact.size());
    }
}

TEST_CASE("categories are Unicode's") {
    CHECK(unicode::category(U'a') == "Ll");
    CHECK(unicode::category(U'\u01c5') == "Lt");
    CHECK(unicode::category(U'\u0301') == "Mn");
    CHECK(unicode::category(U'\u0903') == "Mc");
    CHECK(unicode::category(U'\u3000') == "Zs");
    CHECK(unicode::category(U'\u2028') == "Zl");
    CHECK(unicode::category(U'\u200d') == "Cf");
    CHECK(unicode::category(U'\u0378') == "Cn");
    CHECK(unicode::category(U'\ue000') == "Co");
    CHECK(unicode::category(U'\u00bf') == "Po");
    CHECK(unicode::category(U'$') == "Sc");
}

TEST_CASE("lower case is full but knows no context") {
    const auto lower = [](std::u32string_view text) {
        std::u32string result;
        for (char32_t c : text) unicode::append_lower(result, c);
        return result;
    };
    CHECK(lower(U"AbC1") == U"abc1");
    CHECK(lower(U"ÀŁΩЖ") == U"àłωж");
    CHECK(lower(U"\u0130") == U"i\u0307");
    CHECK(lower(U"ΣΑΣ") == U"σασ");  // the second is no final sigma
    CHECK(lower(U"\u1e9e") == U"ß");
    CHECK(lower(U"\U00010400") == U"\U00010428");
}

TEST_CASE("normal forms take characters apart and put them together") {
    using enum unicode::form;
    CHECK(normalized(U"plain", decomposed) == U"plain");
    CHECK(normalized(U"é", decomposed) == U"e\u0301");
    CHECK(normalized(U"e\u0301", composed) == U"é");
    CHECK(normalized(U"ế", decomposed) == U"e\u0302\u0301");
    CHECK(normalized(U"각", decomposed) == U"\u1100\u1161\u11a8");
    CHECK(normalized(U"\u1100\u1161\u11a8", composed) == U"각");
    CHECK(normalized(U"\u212b", composed) == U"\u00c5");
    CHECK(normalized(U"\u0958", composed) == U"\u0915\u093c");  // excluded from composition
    CHECK(normalized(U"\u0344", decomposed) == U"\u0308\u0301");
    CHECK(normalized(U"ﬁ", decomposed) == U"ﬁ");  // a compatibility form stays
}

TEST_CASE("marks are ordered by class, and stay in order within one") {
    using enum unicode::form;
    // 0301 and 0302 are above (230), 0323 is below (220), 0327 is attached (202).
    CHECK(normalized(U"q\u0301\u0323\u0327\u0302", decomposed) == U"q\u0327\u0323\u0301\u0302");
    CHECK(normalized(U"e\u0302\u0323", composed) == U"ệ");
    CHECK(normalized(U"\u0301\u0323a", decomposed) == U"\u0323\u0301a");  // no base before them
}

TEST_CASE("marks of one class keep their order however many they are") {
    std::u32string mixed = U"x", sorted = U"x";
    const std::u32string above = U"\u0301\u0302\u0306\u030a", below = U"\u0323\u0331";
    for (idx i = 0; i < 200; ++i) {
        mixed += above[i % 4];
        mixed += below[i % 2];
        sorted += below[i % 2];
    }
    for (idx i = 0; i < 200; ++i) sorted += above[i % 4];
    CHECK(normalized(mixed, unicode::form::decomposed) == sorted);
}

TEST_CASE("a pile of a million marks takes no quadratic time") {
    std::u32string pile = U"a";
    for (int i = 0; i < 500000; ++i) pile += U"\u0301\u0323";
    unicode::normalize(pile, unicode::form::composed);
    CHECK(pile.size() > 999000);
    CHECK(pile.substr(0, 3) == U"\u1ea1\u0323\u0323");  // the first one below found its base
}
