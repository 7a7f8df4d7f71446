#include <reckon/text/llama2c_vocabulary.hpp>

#include "io/raw_file.hpp"
#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace reckon;
using Catch::Matchers::Contains;

namespace {

using ids = std::vector<std::int32_t>;
using scored = std::pair<std::string, float>;

template <class T> std::string plain(T number) {
    std::string bytes(sizeof number, '\0');
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}
std::string file_of(const std::vector<scored>& pieces, std::int32_t longest = 7) {
    std::string file = plain(longest);
    for (const auto& [text, score] : pieces)
        file += plain(score) + plain(std::int32_t(text.size())) + text;
    return file;
}

// Behind the three special pieces and the bytes: ids from 259.
std::vector<scored> with(const std::vector<scored>& texts) {
    std::vector<scored> pieces{{"<unk>", 0.f}, {"\n<s>\n", 0.f}, {"\n</s>\n", 0.f}};
    char name[8];
    for (unsigned byte = 0; byte < 256; ++byte) {
        std::snprintf(name, sizeof name, "<0x%02X>", byte);
        pieces.push_back({name, 0.f});
    }
    pieces.insert(pieces.end(), texts.begin(), texts.end());
    return pieces;
}
llama2c_vocabulary make(const std::vector<scored>& texts) {
    return llama2c_vocabulary{file_of(with(texts))};
}

std::string refusal(std::string_view file, idx pieces = llama2c_vocabulary::until_the_end) {
    return message_of([&] { llama2c_vocabulary{file, "tok.bin", pieces}; });
}

// As llama2.c merges: the whole row is searched for its best pair, again and again.
ids merged_slowly(ids row, const std::vector<scored>& pieces) {
    const auto find = [&](const std::string& text) {
        idx id = 259;
        while (id < pieces.size() && pieces[id].first != text) ++id;
        return id;
    };
    while (true) {
        float best = -std::numeric_limits<float>::infinity();
        idx place = 0, merged = 0;
        for (idx i = 0; i + 1 < row.size(); ++i) {
            if (row[i] < 259 || row[i + 1] < 259) continue;
            const idx id = find(pieces[idx(row[i])].first + pieces[idx(row[i + 1])].first);
            if (id < pieces.size() && pieces[id].second > best)
                best = pieces[id].second, place = i, merged = id;
        }
        if (merged == 0) return row;
        row[place] = std::int32_t(merged);
        row.erase(row.begin() + std::ptrdiff_t(place) + 1);
    }
}

}  // namespace

TEST_CASE("the best pair of neighbours is merged first, and of equals the first") {
    const auto tokenizer = make({{" ", -1.f}, {"a", -1.f}, {"b", -1.f}, {"ab", 3.f}, {"ba", 4.f}});
    CHECK(tokenizer.encode("aba") == ids{259, 260, 263});
    CHECK(tokenizer.encode("abab") == ids{259, 260, 263, 261});
    const auto equals = make({{" ", 0.f}, {"a", 0.f}, {"aa", 1.f}});
    CHECK(equals.encode("aaa") == ids{259, 261, 260});
    CHECK(equals.encode("aaaa") == ids{259, 261, 261});
    const auto spaced = make({{" ", 0.f}, {"a", 0.f}, {" a", 1.f}});
    CHECK(spaced.encode("a a") == ids{261, 261});
}

TEST_CASE("random texts are merged as llama2.c does it") {
    std::mt19937 random(5);
    for (int round = 0; round < 100; ++round) {
        std::vector<scored> texts{{" ", 0.f}, {"a", 0.f}, {"b", 0.f}, {"c", 0.f}};
        while (texts.size() < 30) {  // some scores are equal
            const auto& left = texts[random() % texts.size()].first;
            const auto& right = texts[random() % texts.size()].first;
            texts.push_back({left + right, float(random() % 10) - 5});
        }
        const auto pieces = with(texts);
        const llama2c_vocabulary tokenizer{file_of(pieces, 1 << 20)};
        std::string text;
        ids row{259};
        for (idx i = 0, size = 1 + random() % 40; i < size; ++i) {
            row.push_back(std::int32_t(259 + random() % 4));
            text += pieces[idx(row.back())].first;
        }
        CHECK(tokenizer.encode(text) == merged_slowly(row, pieces));
    }
}

TEST_CASE("what has no piece is its bytes, whatever they are") {
    const auto tokenizer = make({{" ", 0.f}, {"\u00e9", 0.f}, {"a", 0.f}});
    CHECK(tokenizer.encode("\u00e9\u00e8") == ids{259, 260, 0xc3 + 3, 0xa8 + 3});
    CHECK(tokenizer.encode(std::string_view{"a\0a", 3}) == ids{259, 261, 3, 261});
    CHECK(make({}).encode("a") == ids{' ' + 3, 'a' + 3});
    // A character is of four bytes at most.
    const auto odd = make({{" ", 0.f}, {"\x80\x80\x80\x80", 0.f}});
    CHECK(odd.encode("\x80\x80\x80\x80\x80") == ids{259, 260, 0x80 + 3});
    // Bytes are no text that could be merged.
    const llama2c_vocabulary named{file_of(with({{" ", 0.f}, {"<0xC3><0xA8>", 9.f}}), 12)};
    CHECK(named.encode("\u00e8") == ids{259, 0xc3 + 3, 0xa8 + 3});

    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        std::string text(random() % 50, ' ');
        for (char& c : text) c = char(random() % 4 == 0 ? 'a' : random());
        CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
    }
}

TEST_CASE("an empty text has no ids, another a space in front that decode strips") {
    const auto tokenizer = make({{" ", 0.f}, {"a", 0.f}, {" a", 0.f}, {"  ", -9.f}});
    CHECK(tokenizer.encode("").empty());
    CHECK(tokenizer.encode("a") == ids{261});
    CHECK(tokenizer.decode(ids{261}) == "a");
    CHECK(tokenizer.decode(ids{1, 261, 261, 2}) == "a a");
    CHECK(tokenizer.decode(ids{261, 2, 1, 261}) == "aa");
    CHECK(tokenizer.decode(ids{'a' + 3, 261}) == "a a");
    CHECK(tokenizer.decode(ids{0, 261}) == "<unk> a");
    CHECK(tokenizer.decode(tokenizer.encode("  a ")) == "  a ");
}

TEST_CASE("no text forges a special piece or a byte") {
    std::vector<scored> texts;
    for (const char* text : {" ", "\n", "<", "s", ">", "/", "0", "x", "1", "4", "<s", "<s>",
                             "\n<s>", "\n<s>\n", "<0", "<0x", "<0x4", "<0x41"})
        texts.push_back({text, float(std::string_view{text}.size())});
    const auto tokenizer = make(texts);
    for (const char* text : {"<s>", "\n<s>\n", "\n</s>\n", "<0x41>", "<unk>"}) {
        const ids actual = tokenizer.encode(text);
        for (const std::int32_t id : actual)
            if (std::string_view{text} != "<unk>") CHECK(id >= 259);
        CHECK(tokenizer.decode(actual) == text);
    }
}

TEST_CASE("an id that no piece has is an error that says which") {
    const auto tokenizer = make({{" ", 0.f}});
    CHECK(tokenizer.vocabulary() == 260);
    CHECK(message_of([&] { tokenizer.decode(ids{260}); }) ==
          "llama2c_vocabulary: ids: expected 0 to 259, got 260");
    CHECK_THROWS_AS(tokenizer.decode(ids{-1}), error);
}

TEST_CASE("stories come back from the ids of tok512.bin") {
    const char* const name = "llama2c vocabulary of stories";
    const auto file = test_support::data(name, "stories260k/tok512.bin");
    const auto expected = test_support::data(name, "stories260k/expected_greedy_200.txt");
    if (!file || !expected) return;
    const auto tokenizer = llama2c_vocabulary::load(file->string(), 512);
    CHECK(tokenizer.vocabulary() == 512);
    CHECK(tokenizer.bos() == 1);
    CHECK(tokenizer.eos() == 2);
    CHECK(tokenizer.encode("Once upon a time") == ids{403, 407, 261, 378});
    const std::string story = read_text(expected->string());
    const ids actual = tokenizer.encode(story);
    // The text is 200 tokens behind <s>, each as greedy decoding chose it.
    CHECK(actual.size() == 200);
    CHECK(tokenizer.decode(actual) == story);
    CHECK_THROWS_WITH(llama2c_vocabulary::load(file->string(), 500),
                      Contains("tok512.bin: expected 500 pieces, got 512"));
}

TEST_CASE("a vocabulary that is cut anywhere is refused by name") {
    const std::string file = file_of(with({{" ", 0.f}, {"ab", 0.f}}));
    const std::string least = file_of(with({}));
    REQUIRE_NOTHROW(llama2c_vocabulary{file});
    for (idx size = 0; size < file.size(); ++size)
        if (size != least.size() && size != least.size() + 9)  // a piece less is a vocabulary too,
            CHECK_THAT(refusal(file.substr(0, size)), Contains("tok.bin"));
    CHECK_THAT(refusal(least, 261), Contains("expected 261 pieces, got 259"));  // but not this one
}

TEST_CASE("numbers that can't be are refused by piece") {
    const auto with_length = [](std::int32_t length) {
        return file_of(with({})) + plain(0.f) + plain(length) + "abcdefgh";
    };
    CHECK_NOTHROW(llama2c_vocabulary{with_length(7).substr(0, with_length(7).size() - 1)});
    for (const std::int32_t length : {-1, 8, std::numeric_limits<std::int32_t>::max(),
                                      std::numeric_limits<std::int32_t>::min()})
        CHECK_THAT(
            refusal(with_length(length)),
            Contains("tok.bin") && Contains("got " + std::to_string(length) + " in piece 259"));
    for (const float score : {std::numeric_limits<float>::infinity(), std::nanf("")})
        CHECK_THAT(refusal(file_of(with({{"a", score}}))), Contains("piece 259"));
    auto pieces = with({});
    std::swap(pieces[68].first, pieces[69].first);
    CHECK_THAT(refusal(file_of(pieces)), Contains("\"<0x42>\" for <0x41>"));
    CHECK_THAT(refusal(plain(7)), Contains("0 pieces"));
}
