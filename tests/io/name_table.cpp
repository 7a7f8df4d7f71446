#include <reckon/io/name_table.hpp>
#include <reckon/io/named_parameters.hpp>

#include <catch2/catch.hpp>

using namespace reckon;

namespace {
constexpr renamed names[] = {
    {"norm.gain", "LayerNorm.weight"},
    {"types", "embeddings.types.weight"},
    {"layers.*.ffn.up", "encoder.layer.*.intermediate"},
    {"layers.*.norm", "h.*.norm"},
    {"layers", "never"},
};
constexpr std::string_view unused[] = {"pooler.*", "position_ids"};
const name_table table{names, unused};
}  // namespace

TEST_CASE("a name table turns paths into names and carries numbers over") {
    STATIC_REQUIRE(checkpoint_names<name_table>);
    CHECK(table.of("norm.gain") == "LayerNorm.weight");
    CHECK(table.of("types") == "embeddings.types.weight");
    CHECK(table.of("layers.0.ffn.up.weight") == "encoder.layer.0.intermediate.weight");
    CHECK(table.of("layers.117.ffn.up.bias") == "encoder.layer.117.intermediate.bias");
}

TEST_CASE("a path that no pair fits is its own name, and a pair fits whole words only") {
    CHECK(table.of("norm.gains") == "norm.gains");
    CHECK(table.of("norm") == "norm");
    CHECK(table.of("types_2.weight") == "types_2.weight");
    CHECK(table.of("layers.0.ffn.upper.weight") == "never.0.ffn.upper.weight");
    CHECK(table.of("layers..norm") == "never..norm");  // a star is a number of one digit or more
    CHECK(table.of("") == "");
}

TEST_CASE("the first pair that fits counts") {
    CHECK(table.of("layers.3.norm.gain") == "h.3.norm.gain");
    CHECK(table.of("layers.3.other") == "never.3.other");
}

TEST_CASE("ignored is a name, or all that begin like it") {
    CHECK(table.ignored("pooler.dense.weight"));
    CHECK(table.ignored("position_ids"));
    CHECK_FALSE(table.ignored("position_ids.weight"));
    CHECK_FALSE(table.ignored("poolers"));
    CHECK_FALSE(name_table{names}.ignored("pooler.dense.weight"));
}
