// Every backend against tests/golden/ops.safetensors (NumPy in float64).
#include "ops/golden.hpp"
#include "support/backends.hpp"

#include <reckon/ops/activate.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/embedding.hpp>
#include <reckon/ops/gated.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/linear.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/ops/rms_norm.hpp>
#include <reckon/ops/rope.hpp>

#include <numeric>

using namespace golden;

#define CHECK_GOLDEN(y, expected) CHECK(difference(y, expected) <= tolerance::op)

TEMPLATE_TEST_CASE("every backend gives the goldens", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("every backend gives the goldens")) return;
    context<typename TestType::tag> ctx;
    const auto scope = ctx.scope();
    const auto input = [&](const std::string& name) { return given(ctx, name); };

    const view<const float> weight = input("linear/weight"), bias = input("linear/bias");
    const auto x = input("linear/x");
    CHECK_GOLDEN(ops::linear(ctx, x, weight), "linear/y_without_bias");
    CHECK_GOLDEN(ops::linear(ctx, x, weight, {bias}), "linear/y");
    CHECK_GOLDEN(ops::linear(ctx, x, weight, {bias, activation::gelu}), "linear/y_gelu_erf");
    CHECK_GOLDEN(ops::linear(ctx, x, weight, {bias, activation::gelu_tanh}), "linear/y_gelu_tanh");
    CHECK_GOLDEN(ops::linear(ctx, x, weight, {bias, activation::silu}), "linear/y_silu");

    CHECK_GOLDEN(ops::gelu(ctx, input("gelu_erf/x")), "gelu_erf/y");
    CHECK_GOLDEN(ops::gelu_tanh(ctx, input("gelu_tanh/x")), "gelu_tanh/y");
    CHECK_GOLDEN(ops::silu(ctx, input("silu/x")), "silu/y");

    const auto ids = integers("embedding/ids");
    const view<const float> table = input("embedding/table");
    CHECK_GOLDEN(ops::embedding(ctx, view<const std::int32_t>{ids.data(), 1, ids.size()}, table),
                 "embedding/y");

    const view<const float> gain = input("layer_norm/gain"), shift = input("layer_norm/bias");
    const auto rows = input("layer_norm/x");
    CHECK_GOLDEN(ops::layer_norm(ctx, rows, gain, shift, 1e-12f), "layer_norm/y");
    CHECK_GOLDEN(ops::layer_norm(ctx, rows, gain, shift, 1e-5f), "layer_norm/y_epsilon_1e-5");

    const auto offsets = integers("attention/offsets"), sources = integers("attention/prefix");
    const auto query = input("attention/query");
    const key_values<float> source{input("attention/key"), input("attention/value")};
    const auto attend = [&](auto mask) {
        return ops::attention(ctx, query, ragged{offsets}, source, mask,
                              {.heads = 3, .scale = 0.5f});
    };
    CHECK_GOLDEN(attend(bidirectional{}), "attention/y_bidirectional");
    CHECK_GOLDEN(attend(causal{}), "attention/y_causal");
    CHECK_GOLDEN(attend(prefix_lm{sources.data()}), "attention/y_prefix");

    const auto ends = integers("pooling/offsets");
    const auto pool = [&](pooling how) {
        return ops::pool(ctx, input("pooling/x"), ragged{ends}, how);
    };
    CHECK_GOLDEN(pool(pooling::mean), "pooling/y_mean");
    CHECK_GOLDEN(pool(pooling::first), "pooling/y_first");
    CHECK_GOLDEN(pool(pooling::last), "pooling/y_last");

    CHECK_GOLDEN(ops::l2_normalize(ctx, input("l2_normalize/x")), "l2_normalize/y");

    const view<const float> root_gain = input("rms_norm/gain");
    CHECK_GOLDEN(ops::rms_norm(ctx, input("rms_norm/x"), root_gain, 1e-5f), "rms_norm/y");

    const auto positions = integers("rope/positions");
    std::vector<std::int32_t> apart(positions.size() + 1);  // every row a sequence of its own
    std::iota(apart.begin(), apart.end(), 0);
    const auto turn = [&](rope_layout layout) {
        auto y = input("rope/x");
        const idx head = y.cols / idx(integers("rope/heads")[0]);
        const auto angles = ops::rope_angles(ctx, ragged{apart}, positions.data(), head, {});
        ops::rope(ctx, y, angles, layout);
        return y;
    };
    CHECK_GOLDEN(turn(rope_layout::half_split), "rope/y_half_split");
    CHECK_GOLDEN(turn(rope_layout::interleaved), "rope/y_interleaved");

    const auto through = [&](activation f) {
        return ops::gated(ctx, input("gated/a"), input("gated/b"), f);
    };
    CHECK_GOLDEN(through(activation::gelu), "gated/y_gelu_erf");
    CHECK_GOLDEN(through(activation::gelu_tanh), "gated/y_gelu_tanh");
    CHECK_GOLDEN(through(activation::silu), "gated/y_silu");

    CHECK_GOLDEN(ops::log_softmax(ctx, input("log_softmax/x")), "log_softmax/y");
}
