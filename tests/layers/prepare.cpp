#include "small_models.hpp"

#include <reckon/layers/prepare.hpp>
#include <reckon/layers/quantise.hpp>

using namespace small;

TEST_CASE("on the reference a prepared model is a copy of its own") {
    auto model = with_random_weights(bert::model<>{bert_size});
    context<cpu_reference> ctx;
    const auto prepared = prepare(ctx, model);
    static_assert(std::same_as<decltype(prepared.tokens.weight), matrix<float>>);
    CHECK(count(prepared).bytes == count(model).bytes);
    const auto before = output_of(model);
    CHECK(output_of(prepared) == before);

    model.layers.blocks[0].ffn.up.weight.data()[0] += 1;
    CHECK(output_of(model) != before);
    CHECK(output_of(prepared) == before);
}

TEST_CASE("an int8 model is prepared as it is") {
    const auto small = quantise(with_random_weights(sasrec::model<>{
        {.items = 20, .positions = 8, .layers = 2, .heads = 2, .width = 8, .hidden = 16}}));
    context<cpu_reference> ctx;
    CHECK(output_of(prepare(ctx, small)) == output_of(small));
}
