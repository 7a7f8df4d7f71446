#include <catch2/catch.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/train/parameters.hpp>

using namespace reckon;

namespace {
sasrec::model<> tiny() {
    return sasrec::model<>{{.items = 9, .positions = 4, .width = 6, .hidden = 8}};
}
}  // namespace

TEST_CASE("parameters are those of the walk, side by side, found by address") {
    auto model = tiny();
    parameters learned{model};
    CHECK(learned.size() == count(model).parameters);
    idx at = 0;
    for (const auto& p : learned.entries()) {
        CHECK(p.at == at);
        at += p.values.size();
    }
    for (idx i = 1; i < learned.ranges().size(); ++i)
        CHECK(learned.ranges()[i - 1].end <= learned.ranges()[i].begin);
    recording_context<cpu_reference> ctx{learned.ranges()};
    const auto place = ctx.parameter_place(std::as_const(model).items.weight.look());
    CHECK(place.where.data == learned.gradient(learned.entries()[0]).data);
}

TEST_CASE("a choice of names leaves the rest frozen, and an empty one is refused") {
    auto model = tiny();
    parameters norms{model, [](std::string_view name) { return name.starts_with("norm."); }};
    REQUIRE(norms.entries().size() == 2);
    CHECK(norms.entries()[1].name == "norm.bias");
    CHECK_THROWS_WITH((parameters{model, [](std::string_view) { return false; }}),
                      Catch::StartsWith("parameters: which"));
}

TEST_CASE("biases, gains, prompts and single rows do not decay") {
    CHECK(is_undecayed("layers.0.ffn.up.bias", 1));
    CHECK(is_undecayed("norm.gain", 1));
    CHECK(is_undecayed("prompts", 20));
    CHECK(is_undecayed("scale", 1));
    CHECK(!is_undecayed("layers.0.ffn.up.weight", 8));
    auto model = tiny();
    const parameters learned{model};
    for (const auto& p : learned.entries()) CHECK(p.decays == p.name.ends_with("weight"));
}

TEST_CASE("what no op asked for is named") {
    auto model = tiny();
    parameters learned{model};
    recording_context<cpu_reference> ctx{learned.ranges()};
    ctx.parameter_place(std::as_const(model).items.weight.look());
    CHECK_THROWS_WITH(learned.expect_asked(), Catch::StartsWith("parameters: positions.weight"));
}
