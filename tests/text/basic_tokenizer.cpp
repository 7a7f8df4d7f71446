#include <reckon/text/basic_tokenizer.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace reckon;

namespace {

using words = std::vector<std::string>;

words split(const basic_tokenizer& tokenizer, std::string_view text, idx limit = 1000) {
    words result;
    tokenizer(text, [&](std::u32string_view word) {
        std::string utf8;
        for (char32_t c : word) unicode::append_utf8(utf8, c);
        result.push_back(utf8);
        return result.size() < limit;
    });
    return result;
}

const basic_tokenizer uncased{}, cased{.lower_case = false, .strip_accents = false};

}  // namespace

TEST_CASE("white space of every kind separates words and is never one") {
    CHECK(split(uncased, "") == words{});
    CHECK(split(uncased, " \t\r\n\u00a0\u3000\u2028\u2029") == words{});
    CHECK(split(uncased, "a\u2028b\u00a0c\td") == words{"a", "b", "c", "d"});
    CHECK(split(uncased, "  a  ") == words{"a"});
}

TEST_CASE("controls, formats, unassigned and broken characters vanish without separating") {
    CHECK(split(uncased, std::string_view{"a\0b", 3}) == words{"ab"});
    CHECK(split(uncased,
                "a\x1c\x7f\u0085\u200d\u0378\ue000\ufffd"
                "b") == words{"ab"});
    CHECK(split(uncased,
                "a\xff\xc3"
                "b") == words{"ab"});
    CHECK(split(uncased, "\u200b") == words{});
}

TEST_CASE("punctuation is a word a character: ASCII's symbols and Unicode's punctuation") {
    CHECK(split(uncased, "it's.") == words{"it", "'", "s", "."});
    CHECK(split(uncased, "$5^2") == words{"$", "5", "^", "2"});
    CHECK(split(uncased, "?!") == words{"?", "!"});
    CHECK(split(uncased, "a—b「c」") == words{"a", "—", "b", "「", "c", "」"});
    CHECK(split(uncased, "5€") == words{"5€"});  // a symbol beyond ASCII
}

TEST_CASE(
    "Chinese characters stand alone, other scripts of Asia do not, and both can be switched") {
    CHECK(split(uncased, "ab中国c") == words{"ab", "中", "国", "c"});
    CHECK(split(uncased, "x\U00020000\uf900x") == words{"x", "\U00020000", "\u8c48", "x"});
    CHECK(split(uncased, "ひらカタ") == words{"ひらカタ"});
    CHECK(split({.chinese_characters = false}, "ab中国c") == words{"ab中国c"});
}

TEST_CASE("accents and capitals go or stay as asked") {
    const std::string text = "\u00c9cole e\u0301 \u0130 \u03a3\u0391\u03a3";
    CHECK(split(uncased, text) == words{"ecole", "e", "i", "σασ"});
    CHECK(split(cased, text) == words{"École", "é", "İ", "ΣΑΣ"});
    CHECK(split({.lower_case = false}, text) == words{"Ecole", "e", "I", "ΣΑΣ"});
    CHECK(split({.strip_accents = false}, text) == words{"école", "é", "i\u0307", "σασ"});
    CHECK(split(uncased, "\u0301 \u0301\u0302") == words{});  // nothing left of these
    CHECK(split(uncased, "각") == words{"\u1100\u1161\u11a8"});
}

TEST_CASE("a taker that has enough is not called again") {
    CHECK(split(uncased, "a b c d", 2) == words{"a", "b"});
    CHECK(split(uncased, "a.b.c", 1) == words{"a"});
    CHECK(split(uncased, "a.b.c", 2) == words{"a", "."});
    CHECK(split(uncased, "a中国", 1) == words{"a"});
    CHECK(split(uncased, "中国人", 2) == words{"中", "国"});
}
