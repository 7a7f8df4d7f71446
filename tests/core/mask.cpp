// Masks against the matrices printed in the papers' descriptions, cell by cell, with their
// transposes: keys_of gives the rows, queries_of the columns of one and the same matrix.
#include <algorithm>
#include <catch2/catch.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/random.hpp>
#include <string>
#include <vector>

using namespace reckon;

namespace {

using rows = std::vector<std::string>;

/// One line a query row, '1' where it sees the key.
template <sequence_mask M> rows matrix_of(const M& m, idx count) {
    rows cells(count, std::string(count, '0'));
    for (idx row = 0; row < count; ++row)
        each(m.keys_of(row, count), [&](idx key) { cells.at(row).at(key) = '1'; });
    return cells;
}

/// The same from the transpose.
template <sequence_mask M> rows matrix_of_columns(const M& m, idx count) {
    rows cells(count, std::string(count, '0'));
    for (idx key = 0; key < count; ++key)
        each(m.queries_of(key, count), [&](idx row) { cells.at(row).at(key) = '1'; });
    return cells;
}

/// Spaces of the printed matrix are for the eye.
rows printed(rows lines) {
    for (std::string& line : lines)
        line.erase(std::remove(line.begin(), line.end(), ' '), line.end());
    return lines;
}

template <sequence_mask M> void check(const M& m, const rows& lines) {
    const rows expected = printed(lines);
    CHECK(matrix_of(m, expected.size()) == expected);
    CHECK(matrix_of_columns(m, expected.size()) == expected);
    CHECK(well_formed(m, expected.size()));
}

}  // namespace

TEST_CASE("causal and bidirectional masks") {
    check(causal{}.at(0), {"100", "110", "111"});
    check(bidirectional{}.at(0), {"111", "111", "111"});
}

// M6-Rec 1.2, its figure 1: five tokens of region 1, six of region 2.
TEST_CASE("two regions: the source sees itself whole, the target the source and its own past") {
    check(prefix_lm{5}.at(0), {"11111 000000",  //
                               "11111 000000",  //
                               "11111 000000",  //
                               "11111 000000",  //
                               "11111 000000",  //
                               "11111 100000",  //
                               "11111 110000",  //
                               "11111 111000",  //
                               "11111 111100",  //
                               "11111 111110",  //
                               "11111 111111"});
}

TEST_CASE("two regions of which one is empty are causal or bidirectional") {
    for (const idx count : {1u, 4u}) {
        CHECK(matrix_of(prefix_lm{0}.at(0), count) == matrix_of(causal{}.at(0), count));
        CHECK(matrix_of(prefix_lm{count}.at(0), count) == matrix_of(bidirectional{}.at(0), count));
    }
}

// M6-Rec 3.2, its figure 2: three prompts, then the two regions.
TEST_CASE("prompts see prompts alone, and everyone sees the prompts") {
    check(prompted<prefix_lm>{3, {5}}.at(0), {"111 00000 000000",  //
                                              "111 00000 000000",  //
                                              "111 00000 000000",  //
                                              "111 11111 000000",  //
                                              "111 11111 000000",  //
                                              "111 11111 000000",  //
                                              "111 11111 000000",  //
                                              "111 11111 000000",  //
                                              "111 11111 100000",  //
                                              "111 11111 110000",  //
                                              "111 11111 111000",  //
                                              "111 11111 111100",  //
                                              "111 11111 111110",  //
                                              "111 11111 111111"});
}

// M6-Rec 4.4, its figure 4: prompts, two segments of history, a candidate, [EOS].
TEST_CASE("lower layers see their own segment, upper layers the whole history") {
    const std::int32_t ends[]{3, 6, 9, 10}, first[]{0, 4};
    check(prompted<segment_local>{3, {ends, first, 6}}.at(0), {"111  000 000 000  0",  //
                                                               "111  000 000 000  0",  //
                                                               "111  000 000 000  0",  //
                                                               "111  111 000 000  0",  //
                                                               "111  111 000 000  0",  //
                                                               "111  111 000 000  0",  //
                                                               "111  000 111 000  0",  //
                                                               "111  000 111 000  0",  //
                                                               "111  000 111 000  0",  //
                                                               "111  000 000 100  0",  //
                                                               "111  000 000 110  0",  //
                                                               "111  000 000 111  0",  //
                                                               "111  000 000 000  1"});
    check(prompted<prefix_lm>{3, {6}}.at(0), {"111  000 000 000  0",  //
                                              "111  000 000 000  0",  //
                                              "111  000 000 000  0",  //
                                              "111  111 111 000  0",  //
                                              "111  111 111 000  0",  //
                                              "111  111 111 000  0",  //
                                              "111  111 111 000  0",  //
                                              "111  111 111 000  0",  //
                                              "111  111 111 000  0",  //
                                              "111  111 111 100  0",  //
                                              "111  111 111 110  0",  //
                                              "111  111 111 111  0",  //
                                              "111  111 111 111  1"});
}

// LUM a.4: two pairs of condition and item, three queries at once.
TEST_CASE("queries of a group see the history and themselves, never each other") {
    check(history_and_group{4}.at(0), {"1000 000",  // c1
                                       "1100 000",  // i1
                                       "1110 000",  // c2
                                       "1111 000",  // i2
                                       "1111 100",  // q1
                                       "1111 010",  // q2
                                       "1111 001"});
}

// HSTU c.4, M-FALCON: allowed(i, j) = j <= i and not (i >= n and j >= n and i != j).
TEST_CASE("candidates of M-FALCON follow its formula") {
    for (const idx history : {0u, 1u, 5u, 8u})
        for (idx count = 1; count < 9; ++count) {
            rows expected(count, std::string(count, '0'));
            for (idx i = 0; i < count; ++i)
                for (idx j = 0; j <= i; ++j)
                    if (!(i >= history && j >= history && i != j)) expected[i][j] = '1';
            check(history_and_group{history}.at(0), expected);
        }
}

TEST_CASE("candidates of several tokens see their own tokens causally") {
    check(history_and_group{2, 3}.at(0), {"10 000 000",  //
                                          "11 000 000",  //
                                          "11 100 000",  //
                                          "11 110 000",  //
                                          "11 111 000",  //
                                          "11 000 100",  //
                                          "11 000 110",  //
                                          "11 000 111"});
}

TEST_CASE("groups of no tokens are groups of one") {
    const auto m = history_and_group{2, 0}.at(0);
    CHECK(matrix_of(m, 4) == matrix_of(history_and_group{2, 1}.at(0), 4));
    CHECK(well_formed(m, 4));
}

TEST_CASE("a window shows the last keys up to the row") {
    check(sliding_window{2}.at(0), {"1000", "1100", "0110", "0011"});
    check(windowed<prefix_lm>{2, {3}}.at(0), {"10000",  //
                                              "11000",  //
                                              "01100",  //
                                              "00110",  //
                                              "00011"});
    check(windowed<history_and_group>{4, {3, 2}}.at(0), {"100 00 00",  //
                                                         "110 00 00",  //
                                                         "111 00 00",  //
                                                         "111 10 00",  //
                                                         "011 11 00",  //
                                                         "001 00 10",  //
                                                         "000 00 11"});
}

TEST_CASE("a window never hides what is visible to all") {
    check(prompted<sliding_window>{2, {2}}.at(0), {"11 0000",  //
                                                   "11 0000",  //
                                                   "11 1000",  //
                                                   "11 1100",  //
                                                   "11 0110",  //
                                                   "11 0011"});
    check(windowed<prompted<causal>>{2, {2, {}}}.at(0), {"11 0000",  //
                                                         "11 0000",  //
                                                         "11 1000",  //
                                                         "11 1100",  //
                                                         "11 0110",  //
                                                         "11 0011"});
}

TEST_CASE("each sequence of a batch has numbers of its own") {
    const std::int32_t sources[]{0, 2, 4}, prompts[]{1, 0, 2}, groups[]{1, 2, 1};
    const prompted<prefix_lm> two{prompts, {sources}};
    check(two.at(0), {"100", "110", "111"});
    check(two.at(1), {"110", "110", "111"});
    check(two.at(2), {"1100000", "1100000", "1111110", "1111110", "1111110", "1111110", "1111111"});

    const history_and_group query{sources, groups};
    check(query.at(0), {"100", "010", "001"});
    check(query.at(1), {"1000", "1100", "1110", "1111"});
    check(query.at(2), {"100000", "110000", "111000", "111100", "111110", "111101"});

    const std::int32_t ends[]{1, 3, 2, 4}, first[]{0, 2, 4}, own_sources[]{3, 2};
    const segment_local lower{ends, first, own_sources};
    check(lower.at(0), {"100", "011", "011"});
    check(lower.at(1), {"1100", "1100", "0010", "0011"});
}

TEST_CASE("all masks and their compositions are well formed for random numbers") {
    constexpr philox random{.seed = 11};
    std::uint64_t n = 0;
    const auto draw = [&](idx bound) { return idx{random.below(n++, std::uint32_t(bound))}; };
    for (int trial = 0; trial < 300; ++trial) {
        const idx count = 1 + draw(14), history = draw(count + 1), group = 1 + draw(4);
        const idx width = 1 + draw(6), prompts = draw(4);
        std::vector<std::int32_t> ends;
        for (idx end = 0; end < count;)
            ends.push_back(std::int32_t(end = std::min(count, end + 1 + draw(5))));
        const std::int32_t first[]{0, std::int32_t(ends.size())};
        const segment_local segments{ends.data(), first, history};

        const auto sound = [&](const auto& m, idx rows) {
            INFO("count " << rows << " history " << history << " group " << group << " width "
                          << width << " prompts " << prompts);
            CHECK(well_formed(m.at(0), rows));
            CHECK(matrix_of(m.at(0), rows) == matrix_of_columns(m.at(0), rows));
        };
        const auto in_all_forms = [&]<class M>(const M& m) {
            sound(m, count);
            sound(windowed<M>{width, m}, count);
            sound(prompted<M>{prompts, m}, prompts + count);
            sound(prompted<windowed<M>>{prompts, {width, m}}, prompts + count);
            sound(windowed<prompted<M>>{width, {prompts, m}}, prompts + count);
            sound(prompted<prompted<M>>{prompts, {1, m}}, prompts + 1 + count);
        };
        in_all_forms(causal{});
        in_all_forms(bidirectional{});
        in_all_forms(prefix_lm{history});
        in_all_forms(sliding_window{width});
        in_all_forms(segments);
        in_all_forms(history_and_group{history, group});
    }
}

namespace {

/// Shows keys behind the sequence's end.
struct beyond {
    constexpr intervals keys_of(idx, idx count) const { return {0, {0, count + 1}, {}}; }
    constexpr intervals queries_of(idx, idx count) const { return {0, {0, count}, {}}; }
};
/// Its transpose is another mask's.
struct inconsistent {
    constexpr intervals keys_of(idx row, idx) const { return {0, {0, row + 1}, {}}; }
    constexpr intervals queries_of(idx, idx count) const { return {0, {0, count}, {}}; }
};
/// Its intervals overlap, so that keys would count twice.
struct overlapping {
    constexpr intervals keys_of(idx, idx count) const { return {0, {0, count}, {0, count}}; }
    constexpr intervals queries_of(idx, idx count) const { return {0, {0, count}, {}}; }
};

}  // namespace

TEST_CASE("a mask that is not well formed is found out") {
    static_assert(!well_formed(beyond{}, 3));
    static_assert(!well_formed(inconsistent{}, 3));
    static_assert(!well_formed(overlapping{}, 3));
    static_assert(well_formed(causal{}, 3));
    static_assert(!mask<int>);
    static_assert(!mask<beyond>);  // one sequence's mask is not a batch's
}
