#include <catch2/catch.hpp>
#include <reckon/core/random.hpp>

using namespace reckon;

namespace {

struct known_answer {
    philox stream;
    std::uint64_t n;
    std::uint32_t word[4];
};

}  // namespace

// kat_vectors of Random123 (Salmon et al.), philox4x32-10: counter words 0 and 1 are n, words 2 and
// 3 the stream, the key is the seed.
TEST_CASE("philox gives the published answers") {
    const known_answer table[] = {
        {{0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0ull, ~0ull}, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x299f31d0a4093822, 0x0370734413198a2e},
         0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
    for (const known_answer& k : table)
        for (int i = 0; i < 4; ++i) CHECK(k.stream(k.n).word[i] == k.word[i]);
}

TEST_CASE("words of a stream follow one another through its blocks") {
    constexpr philox stream{.seed = 7, .stream = 3};
    for (std::uint64_t n = 0; n < 40; ++n) CHECK(stream.word(n) == stream(n / 4).word[n % 4]);
    static_assert(stream.word(5) != philox{7, 4}.word(5));
    static_assert(stream.word(5) != philox{8, 3}.word(5));
}

TEST_CASE("uniform numbers keep their bounds and their mean") {
    constexpr philox stream{.seed = 1};
    double sum = 0;
    idx low = 0, high = 0, outside = 0;
    for (std::uint64_t n = 0; n < 20000; ++n) {
        const float u = stream.uniform(n);
        outside += u < 0 || u >= 1;
        low += u < 0.01f;
        high += u >= 0.99f;
        sum += double(u);
        const float ranged = stream.uniform(n, -2, 2);
        outside += ranged < -2 || ranged >= 2;
        outside += stream.below(n, 10) >= 10;
    }
    CHECK(outside == 0);
    CHECK(sum / 20000 == Approx(0.5).margin(0.01));  // four standard errors
    CHECK(low == Approx(200).margin(60));
    CHECK(high == Approx(200).margin(60));
}

TEST_CASE("below() reaches every number about equally often") {
    constexpr philox stream{.seed = 2};
    idx count[7]{};
    for (std::uint64_t n = 0; n < 14000; ++n) ++count[stream.below(n, 7)];
    for (const idx c : count) CHECK(c == Approx(2000).margin(180));
    CHECK(stream.below(3, 1) == 0);
}
