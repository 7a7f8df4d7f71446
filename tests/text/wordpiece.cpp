#include <reckon/text/wordpiece.hpp>

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using ids = std::vector<std::int32_t>;

// 0 to 4 are special; the rest by line.
const std::string vocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"  // 0 1 2 3 4
    "un\n##aff\n##able\n##a\naff\n"         // 5 6 7 8 9
    "[\n]\nsep\nmask\n.\n"                  // 10 11 12 13 14
    "e\n\xc3\xa9\n##x\nx\nE\n";             // 15 16 17 18 19

wordpiece make(const wordpiece_options& options = {}) { return wordpiece{vocabulary, options}; }

}  // namespace

TEST_CASE("words are cut greedily into the longest pieces, between [CLS] and [SEP]") {
    const wordpiece tokenizer = make();
    CHECK(tokenizer.size() == 20);
    CHECK(tokenizer.encode("unaffable") == ids{2, 5, 6, 7, 3});
    CHECK(tokenizer.encode("Un Aff.") == ids{2, 5, 9, 14, 3});
    CHECK(tokenizer.encode("unaaff") == ids{2, 5, 8, 6, 3});
    CHECK(tokenizer.encode("") == ids{2, 3});
    CHECK(tokenizer.encode(" \n ") == ids{2, 3});
}

TEST_CASE("a word with a hole is unknown as a whole, and alone") {
    const wordpiece tokenizer = make();
    CHECK(tokenizer.encode("un unaffz un") == ids{2, 5, 1, 5, 3});
    CHECK(tokenizer.encode("z") == ids{2, 1, 3});
    CHECK(tokenizer.encode("able") == ids{2, 1, 3});  // only a continuation
}

TEST_CASE("a word is unknown when it has more characters, not bytes, than allowed") {
    const wordpiece tokenizer = make({.strip_accents = false, .max_word = 3});
    CHECK(tokenizer.encode("xxx") == ids{2, 18, 17, 17, 3});
    CHECK(tokenizer.encode("xxxx") == ids{2, 1, 3});
    CHECK(tokenizer.encode("\xc3\xa9xx") == ids{2, 16, 17, 17, 3});
    CHECK(make().encode(std::string(100, 'x')).size() == 102);
    CHECK(make().encode(std::string(101, 'x')) == ids{2, 1, 3});
}

TEST_CASE("casing and accents follow the options, accents by default the casing") {
    CHECK(make().encode("\xc3\x89") == ids{2, 15, 3});                             // e
    CHECK(make({.strip_accents = false}).encode("\xc3\x89") == ids{2, 16, 3});     // é
    CHECK(make({.lower_case = false}).encode("E \xc3\xa9") == ids{2, 19, 16, 3});  // kept
    CHECK(make({.lower_case = false, .strip_accents = true}).encode("\xc3\x89") == ids{2, 19, 3});
}

TEST_CASE("no text forges a special token") {
    const wordpiece tokenizer = make();
    CHECK(tokenizer.encode("[SEP]") == ids{2, 10, 12, 11, 3});
    CHECK(tokenizer.encode("[MASK]") == ids{2, 10, 13, 11, 3});
    // Not even where the special tokens are words.
    const wordpiece plain{"unk\ncls\nsep\npad\nmask\n##x\n",
                          {.unknown = "unk",
                           .classify = "cls",
                           .separator = "sep",
                           .padding = "pad",
                           .mask = "mask"}};
    CHECK(plain.encode("cls sep pad mask unk sepx") == ids{1, 0, 0, 0, 0, 0, 0, 2});
}

TEST_CASE("long texts are cut to the length, the special tokens counted") {
    const wordpiece tokenizer = make();
    CHECK(tokenizer.encode("un aff e", 5) == ids{2, 5, 9, 15, 3});
    CHECK(tokenizer.encode("un aff e", 4) == ids{2, 5, 9, 3});
    CHECK(tokenizer.encode("un unaffable", 4) == ids{2, 5, 5, 3});  // within a word
    CHECK(tokenizer.encode("un", 2) == ids{2, 3});
    CHECK(tokenizer.encode("", 2) == ids{2, 3});
    CHECK_THROWS_WITH(tokenizer.encode("un", 1),
                      Contains("wordpiece: max_length: expected at least 2") && Contains("got 1"));
    CHECK_THROWS_AS(tokenizer.encode("un", 0), error);
}

TEST_CASE("a batch holds its texts one behind the other") {
    const wordpiece tokenizer = make();
    const std::vector<std::string> texts{"un", "", "aff aff aff"};
    const token_batch batch = tokenizer.encode(texts, 4);
    CHECK(batch.count() == 3);
    CHECK(batch.ids == ids{2, 5, 3, 2, 3, 2, 9, 9, 3});
    CHECK(batch.offsets == ids{0, 3, 5, 9});

    const token_batch listed = tokenizer.encode({"un", ""});
    CHECK(listed.ids == ids{2, 5, 3, 2, 3});
    CHECK(tokenizer.encode({"un"}).offsets == ids{0, 3});
    CHECK(tokenizer.encode(std::vector<std::string_view>{}).offsets == ids{0});
}

TEST_CASE("a tokenizer can be copied and moved") {
    wordpiece first = make();
    const wordpiece copy = first;
    const wordpiece moved = std::move(first);
    first = make();
    CHECK(copy.encode("unaffable") == ids{2, 5, 6, 7, 3});
    CHECK(moved.encode("unaffable") == ids{2, 5, 6, 7, 3});
}

TEST_CASE("a vocabulary may end its lines as Windows does, and the last one not at all") {
    CHECK(wordpiece{"[UNK]\r\n[CLS]\r\n[SEP]\r\nun\r\n##x"}.encode("unx") == ids{1, 3, 4, 2});
}

TEST_CASE("a wrong vocabulary is refused by file and line") {
    const auto load = [](std::string_view text) { wordpiece{text, {}, "vocab.txt"}; };
    CHECK_THROWS_WITH(load(""), Contains("vocab.txt: expected the special token \"[UNK]\""));
    CHECK_THROWS_WITH(load("[CLS]\n[SEP]\n"), Contains("\"[UNK]\", got 2 pieces without it"));
    CHECK_THROWS_WITH(load("[UNK]\n[SEP]\n"), Contains("\"[CLS]\""));
    CHECK_THROWS_WITH(load("[UNK]\n[CLS]\n"), Contains("\"[SEP]\""));
    CHECK_THROWS_WITH(load("[UNK]\n[CLS]\n[SEP]\na\n##a\na\n"),
                      Contains("line 6: expected a new piece, got \"a\", which line 4 has"));
    CHECK_THROWS_WITH(load("##a\nb\n##a\n"), Contains("line 3") && Contains("line 1 has"));
    CHECK_THROWS_WITH(load("[UNK]\n\n[CLS]\n"), Contains("line 2: expected a piece, got an empty"));
    CHECK_THROWS_WITH(load("[UNK]\na\rb\n"), Contains("line 2") && Contains("carriage return"));
    CHECK_THROWS_WITH(load("[UNK]\na\xff\n"), Contains("line 2: expected a piece in UTF-8"));
}

TEST_CASE("random bytes are encoded within the vocabulary, whole as in part") {
    const wordpiece tokenizer = make();
    std::mt19937 random(11);
    const std::string alphabet = "unaffble[]sepx. \t\xc3\xa9\xcc\x81\xe4\xb8\xad\xff\xf0\0";
    for (int round = 0; round < 500; ++round) {
        std::string text(random() % 60, ' ');
        for (char& c : text) c = alphabet[random() % alphabet.size()];
        const ids whole = tokenizer.encode(text);
        REQUIRE(whole.size() >= 2);
        CHECK(whole.front() == 2);
        CHECK(whole.back() == 3);
        for (idx i = 1; i + 1 < whole.size(); ++i)
            CHECK((whole[i] == 1 || (whole[i] >= 5 && whole[i] < 20)));
        const idx length = 2 + random() % 20;
        ids cut = whole;
        if (cut.size() > length) {
            cut.resize(length);
            cut.back() = 3;
        }
        CHECK(tokenizer.encode(text, length) == cut);
    }
}
