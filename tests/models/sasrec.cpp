#include "golden.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/io/save.hpp>
#include <reckon/models/sasrec.hpp>

using namespace golden;

TEMPLATE_TEST_CASE("sasrec gives the goldens of rows and scores", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("sasrec gives the goldens")) return;
    const std::string name = GENERATE("sasrec_tiny_1", "sasrec_tiny_2");
    const file expected(name + "_expected.safetensors");
    const auto batch = expected.batch("items", "offsets");
    const auto model = sasrec::load(path_of(name + ".safetensors"), 2);
    const std::string last = "layer." + std::to_string(model.size.layers - 1);
    context<typename TestType::tag> ctx;
    const auto check = [&](const auto& m) {
        const auto scope = ctx.scope();
        CHECK(relative_difference(numbers(m(ctx, batch)), expected.get<float>(last)) <
              tolerance::model);
        CHECK(relative_difference(numbers(m.scores(ctx, batch)), expected.get<float>("scores")) <
              tolerance::model);
    };
    check(model);
    check(prepare(ctx, model));
}

TEMPLATE_TEST_CASE("sasrec makes the same of one ragged batch and of one user at a time", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("sasrec packed against one by one")) return;
    const file expected("sasrec_tiny_2_expected.safetensors");
    const auto batch = expected.batch("items", "offsets");
    const auto model = sasrec::load(path_of("sasrec_tiny_2.safetensors"), 2);
    context<typename TestType::tag> ctx{{.threads = 2}};
    const double most = TestType::exact ? 0 : tolerance::packed;
    CHECK(packing_difference(ctx, model, batch) <= most);
    CHECK(packing_difference(ctx, prepare(ctx, model), batch) <= most);
}

TEST_CASE("the sizes of sasrec are those of its tensors") {
    const auto model = load<sasrec::model<>>(path_of("sasrec_tiny_2.safetensors"), 4);
    const sasrec::config expected{
        .items = 42, .positions = 8, .layers = 2, .heads = 4, .width = 16, .hidden = 32};
    CHECK(model.size == expected);
}

TEST_CASE("heads that do not divide the width of sasrec are refused") {
    const idx heads = GENERATE(idx{0}, idx{3}, idx{32});
    CHECK_THAT(message_of([&] { sasrec::load(path_of("sasrec_tiny_1.safetensors"), heads); }),
               Catch::Contains("heads: expected a divisor of the width 16"));
}

TEST_CASE("another model's checkpoint is no sasrec") {
    CHECK_THAT(message_of([&] { sasrec::load(path_of("bert_tiny/model.safetensors"), 2); }),
               Catch::Contains("\"item_embeddings.weight\": expected a tensor"));
}

TEST_CASE("a sasrec checkpoint of odd shapes is refused, and no memory is taken for it") {
    const temporary_folder folder;
    const std::vector<float> some(1 << 20);
    const auto tensor = [&](const char* name, std::vector<idx> shape) {
        idx size = 1;
        for (const idx extent : shape) size *= extent;
        return store(name, std::move(shape), std::span{some.data(), size});
    };
    const auto refusal = [&](std::vector<idx> items, std::vector<idx> up) {
        const stored_tensor tensors[] = {
            tensor("item_embeddings.weight", items), tensor("position_embeddings.weight", {1, 1}),
            tensor("item_encoder.layer.0.intermediate.dense_1.weight", up)};
        const auto path = folder.file("odd.safetensors");
        write_safetensors(path, tensors);
        return message_of([&] { sasrec::load(path, 1); });
    };
    CHECK_THAT(refusal({8}, {1, 1}), Catch::Contains("expected two extents, got F32 [8]"));
    CHECK_THAT(refusal({8, 0}, {1, 1}), Catch::Contains("columns: expected 1 to"));
    CHECK_THAT(refusal({2, 4}, {1, 1}), Catch::Contains("expected padding, one item or more"));
    CHECK_THAT(refusal({3, 300'000}, {1, 1}), Catch::Contains("parameters of its configuration"));
    CHECK_THAT(refusal({3, 4}, {1, 4}), Catch::Contains("missing \"LayerNorm.weight\""));
}
