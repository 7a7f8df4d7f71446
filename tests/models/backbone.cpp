// Every model is a backbone, in any memory and with any spec.
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
