#include "vectors.hpp"

#include <reckon/core/error.hpp>
#include <reckon/retrieval/exact_index.hpp>
#include <reckon/retrieval/int8_index.hpp>

#include <cmath>
#include <cstring>
#include <set>

using namespace retrieval_test;

namespace {

static_assert(vector_index<int8_index, context<cpu_reference>>);

/// Unit vectors around a few centres: many near neighbours, whose scores int8 can't tell apart.
matrix<float> clustered_vectors(idx rows, std::uint64_t seed) {
    constexpr idx width = 32, centres = 40;
    const auto middle = random_vectors(centres, width, 1);
    auto m = random_vectors(rows, width, seed);
    for (idx r = 0; r < rows; ++r) {
        float* row = m.look().row(r);
        float squares = 0;
        for (idx i = 0; i < width; ++i) {
            row[i] = middle.look()(philox{seed + 1}.below(r, centres), i) + 0.35f * row[i];
            squares += row[i] * row[i];
        }
        for (idx i = 0; i < width; ++i) row[i] /= std::sqrt(squares);
    }
    return m;
}

double recall(const neighbours& found, const neighbours& exact) {
    const auto items = found.items.look(), all = exact.items.look();
    idx both = 0;
    for (idx q = 0; q < all.rows; ++q) {
        const std::set<std::int32_t> wanted(all.row(q), all.row(q) + all.cols);
        for (idx i = 0; i < all.cols; ++i) both += wanted.count(items(q, i));
    }
    return double(both) / double(all.size());
}

bool same(const neighbours& a, const neighbours& b) {
    return std::memcmp(a.items.data(), b.items.data(), a.items.bytes()) == 0 &&
           std::memcmp(a.scores.data(), b.scores.data(), a.scores.bytes()) == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("the int8 index finds what the exact one finds, with its scores", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("the int8 index")) return;
    const auto items = clustered_vectors(6000, 5), asked = clustered_vectors(70, 8);
    context<typename TestType::tag> ctx;
    const auto exact = exact_index{items}.search(ctx, asked.look(), 10);
    const int8_index index{items};
    for (const auto& found :
         {index.search(ctx, asked.look(), 10), prepare(ctx, index).search(ctx, asked.look(), 10)}) {
        CHECK(recall(found, exact) >= 0.99);
        for (idx i = 0; i < found.items.size(); ++i) {
            if (found.items.data()[i] != exact.items.data()[i]) continue;
            CHECK(found.scores.data()[i] == Approx(exact.scores.data()[i]).margin(1e-6));
        }
    }
    // without rescoring it would find less
    CHECK(recall(int8_index{items, 10}.search(ctx, asked.look(), 10), exact) < 0.99);
}

TEMPLATE_TEST_CASE("any number of threads finds the same", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("indices with threads")) return;
    const auto items = clustered_vectors(5000, 5), asked = clustered_vectors(3, 8);
    const std::vector<std::vector<std::int32_t>> without{{0, 7, 4999}, {}, {12}};
    context<typename TestType::tag> ctx;
    const auto exact = prepare(ctx, exact_index{items});
    const auto bytes = prepare(ctx, int8_index{items});
    for (const idx threads : {idx{2}, idx{3}}) {
        context<typename TestType::tag> more{{threads}};
        CHECK(same(exact.search(ctx, asked.look(), 5, without),
                   exact.search(more, asked.look(), 5, without)));
        CHECK(same(bytes.search(ctx, asked.look(), 5, without),
                   bytes.search(more, asked.look(), 5, without)));
    }
}

TEST_CASE("the int8 index leaves out what is excluded") {
    const auto items = clustered_vectors(300, 5);
    context<cpu_reference> ctx;
    const int8_index index{items};
    const auto query = items.look().slice(17, 1);
    std::vector<std::vector<std::int32_t>> without(1);
    std::set<std::int32_t> seen;
    for (int turn = 0; turn < 29; ++turn) {  // in the end fewer than 100 are left
        const auto found = index.search(ctx, query, 10, without);
        for (idx i = 0; i < 10; ++i) {
            CHECK(seen.insert(found.items.data()[i]).second);
            without[0].push_back(found.items.data()[i]);
        }
    }
    CHECK(index.search(ctx, query, 10, without).items.size() == 10);
    without[0].push_back(index.search(ctx, query, 1, without).items.data()[0]);
    CHECK_THROWS_WITH(index.search(ctx, query, 10, without),
                      "int8_index: k: expected a number of items left to answer with, got 10");
}

TEST_CASE("items of equal exact score come in their order, whatever int8 thinks of them") {
    matrix<float> items(3, 2);  // scored by the first number; the second makes the scale coarse
    const float numbers[] = {0.504f, 100, 0.504f, 1, 0.504f, 100};
    std::copy_n(numbers, 6, items.data());
    matrix<float> query(1, 2);
    query.data()[0] = 1;
    context<cpu_reference> ctx;
    const auto found = int8_index{items}.search(ctx, query.look(), 3);
    const std::vector<std::int32_t> expected{0, 1, 2};
    CHECK(std::equal(expected.begin(), expected.end(), found.items.data()));
}

TEST_CASE("the int8 index refuses what it cannot answer") {
    refuses_what_it_cannot_answer(int8_index{column({1, 2, 3})});
    refuses_what_it_cannot_answer(int8_index{column({1, 2, 3}), 1});
    CHECK_THROWS_WITH(int8_index{column({1, missing})},
                      "int8_index: vectors: expected finite numbers, got others in row 1");
}
