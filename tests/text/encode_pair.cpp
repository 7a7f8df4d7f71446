// Pairs of texts as ids: marks, types, and the user's text that is cut at its beginning.
#include <reckon/text/encode_pair.hpp>

#include <catch2/catch.hpp>

using namespace reckon;

namespace {

const wordpiece pieces{"[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\nd\ne\n"};
using ids = std::vector<std::int32_t>;

/// Bytes as ids, with marks 1 and 2.
struct bytes {
    std::vector<std::int32_t> encode(std::string_view text) const {
        return {text.begin(), text.end()};
    }
    std::string decode(std::span<const std::int32_t> all) const { return {all.begin(), all.end()}; }
    idx vocabulary() const { return 256; }
    std::optional<std::int32_t> bos() const { return 1; }
    std::optional<std::int32_t> eos() const { return 2; }
    std::optional<std::int32_t> unknown() const { return {}; }
};

}  // namespace

TEST_CASE("pairs for encoders: [CLS] user [SEP] item [SEP]") {
    const auto pair = encode_pair(pieces, "a b c", "d e", 20);
    CHECK(pair.ids == ids{2, 4, 5, 6, 3, 7, 8, 3});
    CHECK(pair.types == ids{0, 0, 0, 0, 0, 1, 1, 1});
    CHECK(pair.source == 5);
    CHECK(pair.cut == 0);
}

TEST_CASE("pairs that are too long lose the oldest of the user's text") {
    const auto pair = encode_pair(pieces, "a b c", "d e", 7);
    CHECK(pair.ids == ids{2, 5, 6, 3, 7, 8, 3});
    CHECK(pair.cut == 1);
    const auto item_alone = encode_pair(pieces, "a b c", "d e", 5);
    CHECK(item_alone.ids == ids{2, 3, 7, 8, 3});
    CHECK(item_alone.cut == 3);
    CHECK_THROWS_WITH(encode_pair(pieces, "a b c", "d e", 4, "f: line 3"),
                      Catch::Contains("f: line 3") && Catch::Contains("5"));
}

TEST_CASE("pairs for decoders: <s> user item </s>, of one type") {
    const auto pair = encode_pair(bytes{}, "abc", "de", 6);
    CHECK(pair.ids == ids{1, 'b', 'c', 'd', 'e', 2});
    CHECK(pair.types.empty());
    CHECK(pair.source == 3);
    CHECK(pair.cut == 1);
}

TEST_CASE("a text cannot forge the marks of a pair") {
    const auto pair = encode_pair(pieces, "[SEP] a", "b [CLS]", 40);
    CHECK(std::count(pair.ids.begin(), pair.ids.end(), 3) == 2);
    CHECK(std::count(pair.ids.begin(), pair.ids.end(), 2) == 1);
}
