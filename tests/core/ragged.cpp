#include <catch2/catch.hpp>
#include <initializer_list>
#include <reckon/core/batch.hpp>
#include <reckon/core/ragged.hpp>
#include <vector>

using namespace reckon;

namespace {

ragged of(const std::vector<std::int32_t>& offsets) { return ragged{offsets}; }

}  // namespace

TEST_CASE("a ragged batch knows where each sequence stands") {
    const std::vector<std::int32_t> offsets{0, 3, 3, 8};
    const ragged sequences{offsets};
    CHECK(sequences.count() == 3);
    CHECK(sequences.rows() == 8);
    CHECK(sequences.begin(2) == 3);
    CHECK(sequences.length(0) == 3);
    CHECK(sequences.length(1) == 0);
    CHECK(sequences.longest() == 5);
    CHECK(sequences.offsets() == offsets.data());
    CHECK(sequences.device_offsets() == nullptr);
    CHECK(sequences.with_device_offsets(offsets.data()).device_offsets() == offsets.data());
    CHECK(sequences.with_device_offsets(offsets.data()).longest() == 5);
}

TEST_CASE("a batch of no sequences has no rows") {
    CHECK(of({0}).count() == 0);
    CHECK(of({0}).rows() == 0);
    CHECK(ragged{}.rows() == 0);
}

TEST_CASE("offsets that are no offsets are refused") {
    CHECK_THROWS_WITH(of({}), "ragged: offsets: expected sequences + 1 numbers, got 0");
    CHECK_THROWS_WITH(of({1, 2}), "ragged: offsets[0]: expected 0, got 1");
    CHECK_THROWS_WITH(of({0, 5, 4, 9}), "ragged: offsets: expected numbers that never fall, got 4");
    CHECK_THROWS_AS(of({-1, 2}), error);
    CHECK_THROWS_AS(of({0, 2, -1}), error);
}

TEST_CASE("a batch of ids has as many ids as rows") {
    const std::vector<std::int32_t> ids{4, 5, 6}, fits{0, 1, 3}, short_of_one{0, 2};
    const auto batch = batch_of(ids, fits);
    CHECK(batch.ids(0, 2) == 6);
    CHECK(batch.sequences.length(1) == 2);
    CHECK_THROWS_WITH(batch_of(ids, short_of_one), "id_batch: ids.cols: expected 2, got 3");
}
