#include "io/raw_file.hpp"
#include "support/small_models.hpp"

#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/m6/model.hpp>

using namespace small;

namespace {

using offsets_type = std::vector<std::int32_t>;
using reference = context<cpu_reference>;

/// Rows 0 to 4 of a table are 0 .. 4, in both columns.
constexpr float numbers[]{0, 0, 1, 1, 2, 2, 3, 3, 4, 4};
constexpr view<const float> table{numbers, 5, 2};

/// Texts of 2, 0, 1 and 3 rows.
const offsets_type ends{0, 2, 2, 3, 6};

offsets_type offsets_of(const ragged& sequences) {
    return {sequences.offsets(), sequences.offsets() + sequences.count() + 1};
}

}  // namespace

TEST_CASE("rows in front move every sequence behind them, also where there are none") {
    reference ctx;
    const std::int32_t first[]{1, 0, 5, 4}, count[]{3, 2, 0, 1};
    const auto front = soft_prompts_of(ctx, table, first, count, ragged{ends});
    CHECK(offsets_of(front.all) == offsets_type{0, 5, 7, 8, 12});
    CHECK(front.all.longest() == 5);

    const float texts[]{10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15};
    const auto x = ctx.make(6, 2);
    std::copy(texts, texts + 12, x.data);
    const auto y = ops::concat(ctx, front.table, front.first, x, ragged{ends}, front.all);
    const std::vector<float> expected{1, 2, 3, 10, 11, 0, 1, 12, 4, 13, 14, 15};
    for (idx r = 0; r < 12; ++r) CHECK((y(r, 0) == expected[r] && y(r, 1) == expected[r]));
}

TEST_CASE("all sequences may share one set of rows, or have none") {
    reference ctx;
    CHECK(offsets_of(soft_prompts_of(ctx, table, 1, 2, ragged{ends}).all) ==
          offsets_type{0, 4, 6, 9, 14});
    CHECK(offsets_of(soft_prompts_of(ctx, {}, 0, 0, ragged{ends}).all) == ends);
    CHECK(offsets_of(soft_prompts_of(ctx, table, 0, 5, ragged{offsets_type{0}}).all) ==
          offsets_type{0});
}

TEST_CASE("a model with no rows in front is the model alone, bit for bit") {
    const auto model = with_random_weights(m6::model<>{
        {.vocabulary = 20, .positions = 8, .layers = 2, .heads = 2, .width = 8, .hidden = 16}});
    reference ctx;
    const std::int32_t source[]{2, 0, 5};
    const view<const float> none{nullptr, 0, 8};
    const auto front = soft_prompts_of(ctx, none, 0, 0, batch().sequences);
    CHECK(copy_of(model(ctx, front, batch(), source)) == copy_of(model(ctx, batch(), source)));
}

TEST_CASE("rows that the table does not have are refused") {
    reference ctx;
    const std::int32_t negative[]{0, 0, -1, 0};
    CHECK(message_of([&] { soft_prompts_of(ctx, table, 0, 6, ragged{ends}); }) ==
          "soft_prompts_of: count: expected 5, got 6");
    CHECK_THAT(message_of([&] { soft_prompts_of(ctx, table, 0, negative, ragged{ends}); }),
               Catch::Contains("soft_prompts_of: count: expected 5, got"));
    CHECK_THAT(message_of([&] {
                   const auto front = soft_prompts_of(ctx, table, 3, 3, ragged{ends});
                   ops::concat(ctx, front.table, front.first, ctx.make(6, 2), ragged{ends},
                               front.all);
               }),
               Catch::Equals("concat: first + rows in front: expected 5, got 6"));
}

TEST_CASE("rows of another width than the model's are refused") {
    const auto model = with_random_weights(m6::model<>{
        {.vocabulary = 20, .positions = 8, .layers = 1, .heads = 2, .width = 8, .hidden = 16}});
    reference ctx;
    const auto front = soft_prompts_of(ctx, table, 0, 2, batch().sequences);
    CHECK(message_of([&] { model(ctx, front, batch(), 0); }) ==
          "concat: prefix.cols: expected 8, got 2");
}
