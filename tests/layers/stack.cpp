// Ranges of layers, hooks and sharing: what late interaction, early exit and distillation are made
// of, without a change to the model.
#include "support/small_models.hpp"

#include <set>

using namespace small;

namespace {

using numbers = std::vector<float>;
using reference = context<cpu_reference>;

const bert::model<>& model() {
    static const auto made = with_random_weights(bert::model<>{bert_size});
    return made;
}

/// Layers `range` of the model over x.
numbers run(reference& ctx, tensor_of<reference> x, layer_range range) {
    no_hook hook;
    const auto rows = batch().sequences;
    const site at{rows, bidirectional{}, hook};
    return copy_of(model().layers(ctx, x, at, range));
}

/// Remembers what it sees, and may end the run after a layer.
struct remembering_hook {
    idx last_layer = ~idx{0};
    std::vector<numbers> outputs{};
    std::vector<numbers> queries{}, keys{}, values{};

    flow layer_output(auto&, idx layer, view<const float> x) {
        CHECK(layer == outputs.size());
        outputs.push_back(copy_of(x));
        return layer == last_layer ? flow::stop : flow::go_on;
    }
    void attention_inputs(auto&, idx layer, view<const float> q, view<const float> k,
                          view<const float> v) {
        CHECK(layer == queries.size());
        queries.push_back(copy_of(q)), keys.push_back(copy_of(k)), values.push_back(copy_of(v));
    }
};

struct counting_hook {
    idx calls = 0;
    void attention_inputs(auto&, idx, auto, auto, auto) { ++calls; }
};

struct shared_spec : bert::spec {
    using sharing = share_all;
};

struct pre_norm_spec : bert::spec {
    using norm_order = pre_norm;
};

}  // namespace

TEST_CASE("lower layers and then upper layers are all layers, bit for bit") {
    reference ctx;
    const numbers all = run(ctx, model().embed(ctx, batch()), {0, 3});
    CHECK(all == output_of(model()));
    for (idx cut = 0; cut <= 3; ++cut) {
        auto lower = run(ctx, model().embed(ctx, batch()), {0, cut});
        CHECK(run(ctx, {lower.data(), 9, 8}, {cut, 3}) == all);
    }
}

TEST_CASE("no layers leave the input as it is") {
    reference ctx;
    const auto x = model().embed(ctx, batch());
    const numbers before = copy_of(x);
    CHECK(run(ctx, x, {2, 2}) == before);
}

TEST_CASE("a range outside the stack is refused") {
    reference ctx;
    const auto x = model().embed(ctx, batch());
    CHECK_THROWS_WITH(run(ctx, x, {0, 4}), "stack: range: expected begin <= end <= layers, got 4");
    CHECK_THROWS_AS(run(ctx, x, {2, 1}), error);
}

TEST_CASE("a hook reads each layer's output and its q, k, v, and changes nothing") {
    reference ctx;
    remembering_hook hook;
    const numbers y = copy_of(model()(ctx, batch(), hook));
    CHECK(y == output_of(model()));
    REQUIRE(hook.outputs.size() == 3);
    REQUIRE(hook.queries.size() == 3);
    CHECK(hook.outputs[2] == y);

    auto x = run(ctx, model().embed(ctx, batch()), {0, 1});
    CHECK(hook.outputs[0] == x);
    const auto& second = model().layers.blocks[1].attend;
    const view<float> input{x.data(), 9, 8};
    const site at{batch().sequences, bidirectional{}};
    CHECK(hook.queries[1] == copy_of(second.query(ctx, input, at)));
    CHECK(hook.keys[1] == copy_of(second.key(ctx, input, at)));
    CHECK(hook.values[1] == copy_of(second.value(ctx, input, at)));
}

TEST_CASE("a hook may end the run after any layer") {
    for (idx last = 0; last < 3; ++last) {
        reference ctx;
        remembering_hook hook{.last_layer = last};
        const numbers y = copy_of(model()(ctx, batch(), hook));
        CHECK(hook.outputs.size() == last + 1);
        CHECK(hook.queries.size() == last + 1);
        CHECK(y == hook.outputs.back());
        CHECK(y == run(ctx, model().embed(ctx, batch()), {0, last + 1}));
    }
}

TEST_CASE("a hook counts layers from the bottom of the stack, wherever the run begins") {
    struct first_tap {
        idx first = ~idx{0};
        flow layer_output(context<cpu_reference>&, idx layer, view<float>) {
            first = layer;
            return flow::stop;
        }
    } hook;
    reference ctx;
    const auto rows = batch().sequences;
    const site at{rows, bidirectional{}, hook};
    model().layers(ctx, model().embed(ctx, batch()), at, {1, 3});
    CHECK(hook.first == 1);
}

TEST_CASE("a hook may look at one thing alone") {
    counting_hook hook;
    reference ctx;
    model()(ctx, batch(), hook);
    CHECK(hook.calls == 3);
}

TEST_CASE("a shared block is stored and visited once and serves every layer") {
    const auto shared = with_random_weights(bert::model<shared_spec>{bert_size});
    CHECK(shared.layers.blocks.size() == 1);
    CHECK(shared.layers.layers == 3);

    auto one_layer = bert_size;
    one_layer.layers = 1;
    CHECK(count(shared).parameters == count(bert::model<>{one_layer}).parameters);
    std::multiset<std::string> names;
    walk_all(
        [&](const path& at, const parameter auto&) { names.insert(std::string{at.text().view()}); },
        shared);
    CHECK(names.count("layers.0.ffn.up.weight") == 1);
    CHECK(names.count("layers.1.ffn.up.weight") == 0);

    // The twin with three equal blocks.
    bert::model<> apart{bert_size};
    const auto copy = [](const path&, const matrix<float>& from, matrix<float>& to) { to = from; };
    walk_all(copy, shared.tokens, apart.tokens);
    walk_all(copy, shared.positions, apart.positions);
    apart.types = shared.types;
    walk_all(copy, shared.norm, apart.norm);
    for (idx i = 0; i < 3; ++i) walk_all(copy, shared.layers.blocks[0], apart.layers.blocks[i]);
    CHECK(output_of(shared) == output_of(apart));
}

TEST_CASE("a pre-norm block adds what it makes of normed inputs") {
    const auto b =
        with_random_weights(module_of<transformer_block, pre_norm_spec>{{8, 2, 16, 1e-6f}});
    reference ctx;
    no_hook hook;
    const auto rows = batch().sequences;
    const site at{rows, causal{}, hook};

    const auto x = model().embed(ctx, batch());
    auto expected = ops::add(ctx, x, b.attend(ctx, b.norm_1(ctx, x, at), at));
    expected = ops::add(ctx, expected, b.ffn(ctx, b.norm_2(ctx, expected, at), at));
    CHECK(copy_of(b(ctx, x, at)) == copy_of(expected));
}

TEST_CASE("a block makes the same of many rows, which it takes in bands, as of few") {
    constexpr idx texts = 90, length = 8, few = 30, width = 8;  // 720 rows: three bands of 240
    static_assert(texts * length > 2 * band_rows && few * length <= band_rows);
    std::vector<std::int32_t> offsets(texts + 1);
    for (idx i = 0; i <= texts; ++i) offsets[i] = std::int32_t(i * length);
    numbers x(texts * length * width);
    for (idx i = 0; i < x.size(); ++i) x[i] = philox{9}.uniform(i, -1, 1);

    const auto same = [&](const auto& b) {
        const auto of = [&](idx first, idx count) {
            reference ctx;
            no_hook hook;
            const ragged sequences{{offsets.data(), count + 1}};
            numbers own(x.data() + first * length * width,
                        x.data() + (first + count) * length * width);
            return copy_of(
                b(ctx, {own.data(), count * length, width}, site{sequences, causal{}, hook}));
        };
        numbers expected;
        for (idx first = 0; first < texts; first += few)
            for (float number : of(first, few)) expected.push_back(number);
        CHECK(of(0, texts) == expected);
    };
    same(model().layers.blocks[0]);  // post-norm
    same(with_random_weights(module_of<transformer_block, pre_norm_spec>{{width, 2, 16, 1e-6f}}));
}
