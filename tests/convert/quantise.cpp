#include "support/small_models.hpp"

#include <cstdio>
#include <limits>
#include <reckon/convert/prune.hpp>
#include <reckon/convert/quantise.hpp>
#include <set>

using namespace small;

namespace {

/// One line of the spec is another.
struct int8_spec : bert::spec {
    using linear = int8_rows<dense<float>>;
};
struct pruned_int8_spec : bert::spec {
    using linear = int8_rows<pruned<dense<float>>>;
    using table = pruned<dense<float>>;
};

/// Wide enough that the scales hardly count.
constexpr bert::config wide{.vocabulary = 20,
                            .positions = 8,
                            .types = 2,
                            .layers = 2,
                            .heads = 4,
                            .width = 64,
                            .hidden = 256};

/// Bytes of the weights of linears, the only ones that are quantised.
template <class Model> idx linear_bytes(const Model& model) {
    idx bytes = 0;
    const std::set<std::string> linears{"query", "key", "value", "out", "up", "down"};
    walk_all(
        [&](const path& at, const parameter auto& p) {
            const auto layer = at.parent;
            if (layer != nullptr && linears.count(std::string{layer->name}) != 0 &&
                at.name == "weight")
                bytes += p.bytes();
        },
        model);
    return bytes;
}

}  // namespace

TEST_CASE("int8 weights put into bert by one line stay int8: a quarter of the bytes") {
    const auto model = with_random_weights(bert::model<>{wide});
    const auto small = quantise(model);
    const double share = double(linear_bytes(small)) / double(linear_bytes(model));
    std::printf("int8: the linears of bert take %zu bytes instead of %zu (%.3f)\n",
                linear_bytes(small), linear_bytes(model), share);
    CHECK(share > 0.25);
    CHECK(share < 0.27);  // a byte for four, and a scale a row
    CHECK(linear_bytes(bert::model<int8_spec>{wide}) == linear_bytes(small));
    CHECK(count(small).parameters == count(model).parameters);
    CHECK(cosine(output_of(small), output_of(model)) > 0.999);
}

TEST_CASE("an int8 weight is within half a step of what it was made of") {
    const auto model = with_random_weights(bert::model<>{bert_size});
    const auto small = quantise(model);
    const auto& from = model.layers.blocks[1].ffn.up;
    const auto& to = small.layers.blocks[1].ffn.up;
    const auto w = from.weight.look();
    const auto q = to.weight.look();
    for (idx o = 0; o < w.rows; ++o) {
        float top = 0;
        for (idx k = 0; k < w.cols; ++k) top = std::max(top, std::abs(w(o, k)));
        CHECK(q.scales(0, o) == Approx(top / 127));
        for (idx k = 0; k < w.cols; ++k)
            CHECK(std::abs(q(o, k) - w(o, k)) <= 0.501f * q.scales(0, o));
    }
    CHECK(copy_of(to.bias.look()) == copy_of(from.bias.look()));
}

TEST_CASE("a row of zeros and very large numbers survive quantising") {
    matrix<float> from(2, 2);
    from.data()[2] = -1e38f;
    int8_matrix<> to(2, 2);
    quantise_parameter{}(path{}, from, to);
    const auto q = std::as_const(to).look();
    CHECK(q(0, 0) == 0);
    CHECK(q.values(1, 0) == -127);
    CHECK(q(1, 0) == Approx(from.data()[2]));
    CHECK(q(1, 1) == 0);
}

TEST_CASE("numbers too small for a scale become zero") {
    matrix<float> from(1, 2);
    from.data()[0] = 1e-44f;
    int8_matrix<> to(1, 2);
    quantise_parameter{}(path{}, from, to);
    CHECK(to.scales.data()[0] == 1);
    CHECK(to.values.data()[0] == 0);
}

TEST_CASE("tables become int8 beside the linears, which stay as they are") {
    const auto model = with_random_weights(bert::model<>{wide});
    const auto linears = quantise(model);
    const auto all = quantise_tables(linears);
    static_assert(std::same_as<decltype(all)::S::table, int8_rows<dense<float>>>);
    CHECK(count(all.tokens).bytes == 20 * 64 + 20 * sizeof(float));
    const auto before = linears.layers.blocks[1].ffn.up.weight.look(),
               after = all.layers.blocks[1].ffn.up.weight.look();
    CHECK(copy_of(after.values) == copy_of(before.values));
    CHECK(copy_of(after.scales) == copy_of(before.scales));
    CHECK(cosine(output_of(all), output_of(model)) > 0.999);
    CHECK(output_of(quantise(quantise_tables(model))) == output_of(all));
}

TEST_CASE("weights that are no numbers are not quantised") {
    for (const float bad :
         {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        auto model = with_random_weights(bert::model<>{bert_size});
        model.layers.blocks[0].attend.key.weight.data()[3] = bad;
        CHECK_THROWS_WITH(quantise(model),
                          "quantise: weight: expected finite numbers, got an infinity or NaN");
    }
}

TEST_CASE("a pruned model becomes int8 with its zeros") {
    auto sparse = prunable(with_random_weights(bert::model<>{bert_size}));
    auto& w = sparse.layers.blocks[0].ffn.up.weight;
    for (idx i = 0; i < w.size(); i += 2) w.kept.data()[i] = 0;
    const auto small = quantise(sparse);
    static_assert(std::same_as<decltype(small)::S::linear, int8_rows<pruned<dense<float>>>>);
    const auto q = small.layers.blocks[0].ffn.up.weight.look();
    for (idx i = 0; i < w.size(); i += 2) CHECK(q.values.data[i] == 0);
    CHECK(cosine(output_of(small), output_of(sparse)) > 0.999);
    CHECK(count(bert::model<pruned_int8_spec>{bert_size}).bytes == count(small).bytes);
}

TEST_CASE("a model that is given away becomes the same int8 model, and is empty") {
    const auto original = with_random_weights(bert::model<>{wide});
    auto away = original, tables_away = original;
    CHECK(output_of(quantise(std::move(away))) == output_of(quantise(original)));
    CHECK(output_of(quantise_tables(std::move(tables_away))) ==
          output_of(quantise_tables(original)));
    CHECK(count(away).bytes == 0);
    CHECK(count(tables_away).bytes == 0);
}
