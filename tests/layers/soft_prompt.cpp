#include "io/raw_file.hpp"
#include "support/small_models.hpp"

#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/llama/model.hpp>
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

/// The model's rows for texts behind soft prompts, [rows of prompts.all, width].
template <class C, class Model>
tensor_of<C> behind(C& ctx, const Model& model, const soft_prompts<C>& prompts,
                    const id_batch<>& batch, per_sequence source) {
    return model.run(ctx, with_soft_prompts(ctx, model, prompts, batch), prompts.all,
                     model.mask_of({prompts.count, source}));
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
    CHECK(copy_of(behind(ctx, model, front, batch(), source)) ==
          copy_of(model(ctx, batch(), source)));
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
    CHECK(message_of([&] { behind(ctx, model, front, batch(), 0); }) ==
          "concat: prefix.cols: expected 8, got 2");
}

TEST_CASE("prompts that are vectors of ids are those ids, bit for bit, before every model") {
    // Each text behind the vectors of ids 3 and 8 is the text that begins with them.
    const std::int32_t whole_ids[]{3, 8, 7, 1, 3, 8, 19, 3, 8, 4, 0, 4},
        whole_offsets[]{0, 4, 7, 12};
    const std::int32_t text_ids[]{7, 1, 19, 4, 0, 4}, text_offsets[]{0, 2, 3, 6};
    const auto whole = batch_of(whole_ids, whole_offsets), texts = batch_of(text_ids, text_offsets);
    const auto same = [&](const auto& model, const auto& mask) {
        reference ctx;
        const std::int32_t prompt_ids[]{3, 8};
        const auto rows = model.embed_ids(ctx, row_view(prompt_ids, 2));
        const auto prompts = soft_prompts_of(ctx, rows, 0, 2, texts.sequences);
        const auto y =
            model.run(ctx, with_soft_prompts(ctx, model, prompts, texts), prompts.all, mask);
        CHECK(copy_of(y) ==
              copy_of(model.run(ctx, model.embed(ctx, whole), whole.sequences, mask)));
    };
    same(with_random_weights(bert::model<>{bert_size}), bidirectional{});
    same(with_random_weights(sasrec::model<>{
             {.items = 20, .positions = 8, .layers = 2, .heads = 2, .width = 8, .hidden = 16}}),
         causal{});
    same(with_random_weights(llama::model<>{{.vocabulary = 20,
                                             .positions = 8,
                                             .layers = 2,
                                             .heads = 4,
                                             .key_heads = 2,
                                             .head_width = 4,
                                             .width = 12,
                                             .hidden = 16}}),
         causal{});
    same(
        with_random_weights(m6::model<>{
            {.vocabulary = 20, .positions = 8, .layers = 2, .heads = 2, .width = 8, .hidden = 16}}),
        prefix_lm{3});
}

TEST_CASE("soft prompts of an encoder see each other only, and every row sees them") {
    const auto mask = bert::model<>::mask_of({2, 0}).at(0);
    CHECK(mask.keys_of(0, 5) == intervals{2, {}, {}});
    CHECK(mask.keys_of(3, 5).size() == 5);
}
