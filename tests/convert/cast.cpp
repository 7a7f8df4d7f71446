#include "support/small_models.hpp"

#include <reckon/convert/cast.hpp>

using namespace small;

TEST_CASE("cast<bf16> halves the bytes of linears and tables and keeps the rest") {
    const auto model = with_random_weights(bert::model<>{bert_size});
    const auto half = cast<bf16>(model);
    idx tables = 0, others = 0;
    walk_all(overload{[&](const path&, const matrix<bf16>& p) { tables += p.size(); },
                      [&](const path&, const matrix<float>& p) { others += p.size(); }},
             half);
    CHECK(tables + others == count(model).parameters);
    CHECK(tables > others);
    CHECK(count(half).bytes == 2 * tables + 4 * others);
    CHECK(cosine(output_of(half), output_of(model)) > 0.999);
}

TEST_CASE("f16 is another word in the same line") {
    const auto model = with_random_weights(bert::model<>{bert_size});
    CHECK(cosine(output_of(cast<f16>(model)), output_of(model)) > 0.9999);
}

TEST_CASE("a weight that leaves the range of f16 is refused") {
    auto model = with_random_weights(bert::model<>{bert_size});
    model.layers.blocks[0].ffn.up.weight.data()[3] = 1e6f;
    CHECK_THROWS_WITH(cast<f16>(model),
                      "cast: weight: expected numbers that stay finite, got others");
    CHECK_NOTHROW(cast<bf16>(model));
}

TEST_CASE("a model that is given away is rounded to the same, and is empty") {
    const auto original = with_random_weights(bert::model<>{bert_size});
    auto away = original;
    CHECK(output_of(cast<bf16>(std::move(away))) == output_of(cast<bf16>(original)));
    CHECK(count(away).bytes == 0);
}
