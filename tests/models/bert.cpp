#include "golden.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/core/random.hpp>
#include <reckon/io/save.hpp>
#include <reckon/models/bert.hpp>

#include <algorithm>
#include <filesystem>

using namespace golden;

namespace {

const std::string tiny = path_of("bert_tiny");

struct layer_outputs {
    std::vector<std::vector<float>> seen;
    flow layer_output(auto&, idx, auto x) {
        seen.emplace_back(x.data, x.data + x.size());
        return flow::go_on;
    }
};

}  // namespace

TEMPLATE_TEST_CASE("bert gives the golden of every layer", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("bert gives the golden")) return;
    const file expected("bert_tiny_expected.safetensors");
    const auto batch = expected.batch("ids", "offsets");
    const auto model = bert::load(tiny);
    context<typename TestType::tag> ctx;
    const auto check = [&](const auto& m) {
        const auto scope = ctx.scope();
        const auto embedded = m.embed(ctx, batch);
        CHECK(relative_difference(numbers(embedded), expected.get<float>("embeddings")) <
              tolerance::model);
        layer_outputs hook;
        m(ctx, batch, hook);
        REQUIRE(hook.seen.size() == 2);
        CHECK(relative_difference<float>(hook.seen[0], expected.get<float>("layer.0")) <
              tolerance::model);
        CHECK(relative_difference<float>(hook.seen[1], expected.get<float>("layer.1")) <
              tolerance::model);
    };
    check(model);
    check(prepare(ctx, model));
}

TEMPLATE_TEST_CASE("bert makes the same of one ragged batch and of one text at a time", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("bert packed against one by one")) return;
    const file expected("bert_tiny_expected.safetensors");
    const auto batch = expected.batch("ids", "offsets");
    const auto model = bert::load(tiny);
    context<typename TestType::tag> ctx{{.threads = 2}};
    const double most = TestType::exact ? 0 : tolerance::packed;
    CHECK(packing_difference(ctx, model, batch) <= most);
    CHECK(packing_difference(ctx, prepare(ctx, model), batch) <= most);
}

TEST_CASE("a bert with int8 weights is the same, to the bit, when it was saved and loaded") {
    const file expected("bert_tiny_expected.safetensors");
    const auto batch = expected.batch("ids", "offsets");
    const auto model = bert::load(tiny);
    const temporary_folder folder;
    std::filesystem::copy_file(tiny + "/config.json", folder.file("config.json"));
    context<cpu_reference> ctx;
    const auto check = [&]<class Spec>(const bert::model<Spec>& small) {
        save_parameters(small, folder.file("model.safetensors"),
                        name_table{bert::names, bert::ignored});
        const auto loaded = bert::load<Spec>(folder.file(""));
        CHECK(count(loaded).bytes == count(small).bytes);
        CHECK(count(loaded).bytes < count(model).bytes);
        const auto scope = ctx.scope();
        CHECK(std::ranges::equal(numbers(loaded(ctx, batch)), numbers(small(ctx, batch))));
    };
    check(quantise(model));
    check(quantise_tables(quantise(model)));
}

TEST_CASE("a bert folder says its sizes") {
    const auto model = load<bert::model<>>(tiny);
    const bert::config expected{.vocabulary = 50,
                                .positions = 16,
                                .types = 2,
                                .layers = 2,
                                .heads = 4,
                                .width = 32,
                                .hidden = 64};
    CHECK(model.size == expected);
    CHECK(bert::read_text_limit(tiny, model.size) == 12);
    CHECK(bert::read_text_limit(tiny, {.positions = 8}) == 8);
}

TEST_CASE("a bert folder of another kind is refused by the name of its key") {
    const temporary_folder folder;
    const auto [from, to, says] = GENERATE(table<std::string, std::string, std::string>({
        {R"("gelu")", R"("relu")", R"("hidden_act": expected "gelu", got "relu")"},
        {R"("hidden_act")", R"("hidden")", R"("hidden_act": expected "gelu", got "nothing")"},
        {R"("bert")", R"("roberta")", R"("model_type": expected "bert", got "roberta")"},
        {R"("absolute")", R"("relative_key")", R"("position_embedding_type": expected "absolute")"},
        {R"("vocab_size")", R"("is_decoder": true, "vocab_size")", R"("is_decoder")"},
        {R"("num_attention_heads": 4)", R"("num_attention_heads": 5)",
         "expected a divisor of the width 32, got 5"},
        {R"("num_hidden_layers": 2)", R"("num_hidden_layers": 0)", "expected 1 to 4096, got 0"},
        {R"("hidden_size")", R"("size")", R"("hidden_size": expected a value, got nothing)"},
        {R"("layer_norm_eps": 1e-12)", R"("layer_norm_eps": -1)", R"("layer_norm_eps")"},
    }));
    const std::string place = changed(folder, "bert_tiny", from, to);
    CHECK_THAT(message_of([&] { bert::load(place); }), Catch::Contains(says));
}

TEST_CASE("sizes that the checkpoint is far from filling are refused before memory is taken") {
    const temporary_folder folder;
    const auto [from, to] = GENERATE(table<std::string, std::string>({
        {R"("vocab_size": 50)", R"("vocab_size": 2000000000)"},
        {R"("intermediate_size": 64)", R"("intermediate_size": 1000000)"},
        {R"("num_hidden_layers": 2)", R"("num_hidden_layers": 4096)"},
    }));
    const std::string place = changed(folder, "bert_tiny", from, to);
    CHECK_THAT(message_of([&] { bert::load(place); }),
               Catch::Contains("parameters of its configuration"));
}

TEST_CASE("a checkpoint of slightly other sizes is refused with a list of its tensors") {
    const temporary_folder folder;
    const std::string place =
        changed(folder, "bert_tiny", R"("intermediate_size": 64)", R"("intermediate_size": 65)");
    const auto message = message_of([&] { bert::load(place); });
    CHECK_THAT(message,
               Catch::Contains("misshapen \"encoder.layer.0.intermediate.dense.weight\"") &&
                   Catch::Contains("\"encoder.layer.1.output.dense.weight\""));
}

TEST_CASE("a folder without files is refused by their path") {
    const temporary_folder folder;
    CHECK_THAT(message_of([&] { bert::load(folder.file("nowhere")); }),
               Catch::Contains("nowhere/config.json"));
}

TEST_CASE("a text of more ids than positions is refused by the model") {
    const auto model = bert::load(tiny);
    context<cpu_reference> ctx;
    const std::vector<std::int32_t> ids(17, 1), offsets{0, 17};
    CHECK_THAT(message_of([&] { model(ctx, batch_of(ids, offsets)); }),
               Catch::Contains("expected 16, got 17"));
}

TEST_CASE("bert adds the type of each row, and type 0 where none are given") {
    using small_context = context<cpu_reference>;
    bert::model<> model{{.vocabulary = 9,
                         .positions = 4,
                         .types = 3,
                         .layers = 1,
                         .heads = 2,
                         .width = 4,
                         .hidden = 8}};
    std::uint64_t n = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = philox{3}.uniform(n++, -1, 1);
        },
        model);
    const std::int32_t ids[]{1, 5, 8, 2}, offsets[]{0, 3, 4}, zeros[]{0, 0, 0, 0},
        types[]{0, 2, 1, 2};
    const auto batch = batch_of(ids, offsets);
    small_context ctx;
    const auto rows_of = [](view<const float> x) {
        return std::vector<float>(x.data, x.data + x.size());
    };
    const auto plain = rows_of(model.embed(ctx, batch));
    CHECK(rows_of(model.embed(ctx, batch, 0, row_view(zeros, 4))) == plain);

    // Row by row: the model whose type 0 is that type.
    const auto typed = rows_of(model.embed(ctx, batch, 0, row_view(types, 4)));
    for (idx row = 0; row < 4; ++row) {
        auto other = model;
        for (idx c = 0; c < 4; ++c)
            other.types.look()(0, c) = model.types.look()(idx(types[row]), c);
        const auto expected = rows_of(other.embed(ctx, batch));
        for (idx c = 0; c < 4; ++c) CHECK(typed[row * 4 + c] == expected[row * 4 + c]);
        CHECK((types[row] == 0) == (typed[row * 4] == plain[row * 4]));
    }
    const std::int32_t beyond[]{0, 3, 0, 0};
    CHECK_THROWS_WITH(model.embed(ctx, batch, 0, row_view(beyond, 4)),
                      "embedding_add_to: ids: expected ids below 3, got 3 at 1");
}
