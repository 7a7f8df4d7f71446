// Every model is a backbone, in any memory and with any spec.
#include "support/backends.hpp"
#include "support/small_models.hpp"

#include <catch2/catch.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/backbone.hpp>
#include <reckon/models/bert/model.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/models/m6/model.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/tasks/language_model.hpp>
#include <reckon/tasks/rank_last_items.hpp>

using namespace reckon;
using small::with_random_weights;

namespace {
using reference = context<cpu_reference>;
using counting = context<dry_run<cpu_reference>>;

template <class Model>
constexpr bool is_backbone = open_backbone<Model, reference>&& open_backbone<Model, counting>;
}  // namespace

TEST_CASE("all models are backbones, and have the head that their tasks ask for") {
    STATIC_REQUIRE(is_backbone<bert::model<>>);
    STATIC_REQUIRE(is_backbone<sasrec::model<>>);
    STATIC_REQUIRE(is_backbone<llama::model<>>);
    STATIC_REQUIRE(is_backbone<m6::model<m6::edge_spec>>);
    STATIC_REQUIRE(is_backbone<bert::model<quantised<bert::spec>>>);
    STATIC_REQUIRE(language_model<llama::model<>, reference>);
    STATIC_REQUIRE(language_model<m6::model<>, reference>);
    STATIC_REQUIRE_FALSE(language_model<bert::model<>, reference>);
    STATIC_REQUIRE(next_item_model<sasrec::model<>, reference>);
    STATIC_REQUIRE_FALSE(next_item_model<llama::model<>, reference>);
}

TEMPLATE_TEST_CASE("the last rows alone are the last of all rows", "",
                   RECKON_BACKENDS_REFERENCE RECKON_BACKENDS_CPU) {
    context<typename TestType::tag> ctx;
    const auto check = [&](const auto& model, const auto& mask) {
        const auto batch = small::batch();
        const auto x = model.embed(ctx, batch), again = model.embed(ctx, batch);
        const auto last = model.run_last(ctx, x, batch.sequences, mask);
        const auto all = model.run(ctx, again, batch.sequences, mask);
        const auto expected = ops::pool(ctx, all, batch.sequences, pooling::last);
        REQUIRE(last.rows == batch.sequences.count());
        for (idx i = 0; i < last.size(); ++i)
            CHECK(std::abs(last.data[i] - expected.data[i]) < 1e-5f);
    };
    check(with_random_weights(bert::model<>{small::bert_size}), bidirectional{});
    constexpr std::int32_t source[]{2, 1, 3};
    check(with_random_weights(m6::model<>{small::m6_of_size(3, 8)}), prefix_lm{source});
    for (const idx layers : {2u, 0u})
        check(with_random_weights(llama::model<>{small::llama_of_size(layers, 8)}), causal{});

    const auto model = with_random_weights(bert::model<>{small::bert_size});
    const std::int32_t ids[]{1, 2}, offsets[]{0, 2, 2};
    const auto empty = batch_of(ids, offsets);
    const auto x = ops::embedding(ctx, empty.ids, model.tokens.weight.look());
    CHECK_THROWS_WITH(model.run_last(ctx, x, empty.sequences), Catch::Contains("at least 1"));
}
