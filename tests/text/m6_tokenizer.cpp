#include <reckon/text/llama2c_vocabulary.hpp>
#include <reckon/text/m6_tokenizer.hpp>
#include <reckon/text/sentencepiece.hpp>

#include "sentencepiece_model.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace reckon;

namespace {

using ids = std::vector<std::int32_t>;

static_assert(tokenizer<m6_tokenizer<sentencepiece_tokenizer>>);
static_assert(tokenizer<m6_tokenizer<llama2c_vocabulary>>);

// 3 is "a", 4 "b", 5 to 11 the characters of [EOS'], 12 a space.
m6_tokenizer<sentencepiece_tokenizer> make() {
    small_model model{.pieces = {{"a"}, {"b"}}};
    for (const char* text : {"[", "E", "O", "S", "'", "]", "B", "\u2581"})
        model.pieces.push_back({text});
    return m6_tokenizer{sentencepiece_tokenizer{model.file()}};
}

}  // namespace

TEST_CASE("seven special ids stand behind the last piece, in the order of the paper's row") {
    const auto tokenizer = make();
    CHECK(tokenizer.vocabulary() == 13 + 7);
    std::int32_t next = 13;
    for (const m6_token token :
         {m6_token::padding, m6_token::unknown, m6_token::context_begin, m6_token::context_end,
          m6_token::begin, m6_token::end, m6_token::mask})
        CHECK(tokenizer.id(token) == next++);
    CHECK(tokenizer.show(ids{13, 14, 15, 16, 17, 18, 19}) ==
          "[PAD][UNK][BOS'][EOS'][BOS][EOS][MASK]");
    CHECK(tokenizer.bos() == tokenizer.id(m6_token::begin));
    CHECK(tokenizer.eos() == tokenizer.id(m6_token::end));
    CHECK(tokenizer.unknown() == 0);
}

TEST_CASE("no text yields a special id of M6, however it is spelt") {
    const auto tokenizer = make();
    CHECK(tokenizer.encode("[EOS']") == ids{5, 6, 7, 8, 9, 10});
    for (const auto name : m6_token_names)
        for (const std::int32_t id : tokenizer.encode(name)) CHECK(id < 13);
    for (const std::int32_t id : tokenizer.encode("<s>zz\xff")) CHECK(id == 0);
}

TEST_CASE("decode skips special ids, show names them") {
    const auto tokenizer = make();
    const ids two_regions{15, 3, 12, 4, 16, 17, 12, 3, 18};
    CHECK(tokenizer.decode(two_regions) == "a b a");
    CHECK(tokenizer.show(two_regions) == "[BOS']a b[EOS'][BOS] a[EOS]");
    CHECK(tokenizer.decode(ids{13, 19}).empty());
    CHECK(tokenizer.show(ids{}).empty());
    CHECK(tokenizer.show(ids{3, 4}) == "ab");
    CHECK_THROWS_AS(tokenizer.decode(ids{20}), error);
    CHECK_THROWS_AS(tokenizer.show(ids{3, 20}), error);
    CHECK_THROWS_AS(tokenizer.decode(ids{-1}), error);
}
