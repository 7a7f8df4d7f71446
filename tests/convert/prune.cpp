#include "support/small_models.hpp"

#include <reckon/convert/prune.hpp>

using namespace small;

namespace {

/// Two lines of the spec are others.
struct masked_spec : bert::spec {
    using linear = pruned<dense<float>>;
    using table = pruned<dense<float>>;
};
struct masked_int8_spec : bert::spec {
    using linear = pruned<int8_rows<dense<float>>>;
};

/// Calls f(weight) for every pruned weight.
template <class Model, class F> void each_mask(Model& model, const F& f) {
    walk_all(overload{[&](const path&, pruned_matrix<matrix<float>>& w) { f(w); },
                      [](const path&, matrix<float>&) {}},
             model);
}

}  // namespace

TEST_CASE("a pruned model that keeps everything computes the same, bit for bit") {
    const auto model = with_random_weights(bert::model<>{bert_size});
    const auto all_kept = prunable(model);
    CHECK(output_of(all_kept) == output_of(model));
    CHECK(count(all_kept).parameters == count(model).parameters);
}

TEST_CASE("pruned weights put into bert by its spec have the same parameters") {
    bert::model<masked_spec> by_spec{bert_size};
    const auto model = with_random_weights(bert::model<>{bert_size});
    const auto by_walk = prunable(model);
    CHECK(count(by_spec).bytes == count(by_walk).bytes);
    CHECK(output_of(with_random_weights(bert::model<masked_int8_spec>{bert_size})).size() == 72);
}

TEST_CASE("held at zero equals dense with zeros") {
    const auto model = with_random_weights(bert::model<>{bert_size});
    auto half = prunable(model);
    idx n = 0;
    each_mask(half, [&](auto& w) {
        for (idx i = 0; i < w.size(); ++i) w.kept.data()[i] = philox{5}.below(n++, 2) != 0;
    });
    bert::model<> zeros{bert_size};
    walk_all(overload{[](const path&, const matrix<float>& from, matrix<float>& to) { to = from; },
                      [](const path&, const pruned_matrix<matrix<float>>& from, matrix<float>& to) {
                          for (idx i = 0; i < to.size(); ++i)
                              to.data()[i] = from.kept.data()[i] != 0 ? from.inner.data()[i] : 0;
                      }},
             half, zeros);
    CHECK(output_of(half) == output_of(zeros));
    CHECK(output_of(half) != output_of(model));
}

TEST_CASE("what is not zero, and not held there, is counted") {
    auto model = with_random_weights(bert::model<>{bert_size});
    CHECK(count_nonzero(model) == count(model).parameters);
    model.layers.blocks[0].ffn.up.bias.data()[3] = 0;
    model.layers.blocks[1].attend.key.weight.data()[5] = 0;
    model.tokens.weight.data()[7] = 0;
    CHECK(count_nonzero(model) == count(model).parameters - 3);

    auto pruned = prunable(model);
    CHECK(count_nonzero(pruned) == count(model).parameters - 3);
    pruned.layers.blocks[1].attend.key.weight.kept.data()[5] = 0;  // held where it is
    CHECK(count_nonzero(pruned) == count(model).parameters - 3);
    pruned.layers.blocks[1].attend.key.weight.kept.data()[6] = 0;
    pruned.tokens.weight.kept.data()[0] = 0;
    CHECK(count_nonzero(pruned) == count(model).parameters - 5);
}
