// The backward of every op on the reference, against central differences in double: each number of
// each input, at shapes without symmetry. A second reader of the same input shows that gradients
// add up, an op that records nothing that frozen inputs cost nothing.
#include "support/gradients.hpp"

#include <catch2/catch.hpp>
#include <reckon/ops/add_row.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/binary_cross_entropy.hpp>
#include <reckon/ops/candidate_scores.hpp>
#include <reckon/ops/concat.hpp>
#include <reckon/ops/cross_entropy.hpp>
#include <reckon/ops/dropout.hpp>
#include <reckon/ops/gated.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/linear_transposed.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/ops/rms_norm.hpp>
#include <reckon/ops/rope.hpp>

using namespace test_support;

namespace {

using rows = number_rows;

/// x once more, for ops that overwrite their input at inference.
template <class C> tensor_of<C> copy(C& ctx, const tensor_of<C>& x) {
    return ops::activate(ctx, x, activation::none);
}

/// Checks f, and f(x..) + f(x..) of the same inputs.
template <class F> void is_right(std::vector<rows> x, std::vector<rows> w, const F& f) {
    CHECK(worst_gradient(x, w, f) < gradient_tolerance);
    CHECK(worst_gradient(x, w, [&](auto& ctx, auto& in) {
              const auto a = f(ctx, in);
              return ops::add(ctx, a, f(ctx, in));
          }) < gradient_tolerance);
}

const std::vector<std::int32_t> offsets{0, 3, 4, 9};
const ragged sequences{offsets};
constexpr std::int32_t ids[]{4, 0, 4, 2, 1, 4, 0, 3, 2};
constexpr std::int32_t first_prompt[]{1, 0, 2}, prompted_offsets[]{0, 5, 8, 13};
constexpr std::int32_t candidates[]{4, 0, 4, 2, 2, 1, 3, 3, 3}, items[]{3, 5, 3, 8};
/// Groups of sequences, and what stands in front of each; then the first sequence in front of the
/// rest.
constexpr std::int32_t groups[]{0, 4, 9}, first_key[]{1, 4}, key_count[]{3, 2}, no_keys[]{0, 2};
constexpr std::int32_t first_rows[]{0, 3, 9}, own_rows[]{0, 0}, own_count[]{0, 3};
view<const std::int32_t> id_row() { return {ids, 1, 9}; }

}  // namespace

TEST_CASE("backward: linear, with every activation and with a tensor for its weight") {
    for (const auto f : {activation::none, activation::gelu, activation::gelu_tanh,
                         activation::silu, activation::relu})
        is_right({rows{1, 3, 5}}, {rows{2, 4, 5}, rows{3, 1, 4}}, [f](auto& ctx, auto& in) {
            return ops::linear(ctx, in.x[0], in.w[0], {in.w[1], f});
        });
    is_right({rows{1, 3, 5}, rows{2, 4, 5}}, {},
             [](auto& ctx, auto& in) { return ops::linear(ctx, in.x[0], in.x[1]); });
    is_right({rows{1, 3, 5}}, {},
             [](auto& ctx, auto& in) { return ops::linear(ctx, in.x[0], in.x[0]); });
}

TEST_CASE("backward: linear_transposed") {
    is_right({rows{1, 3, 4}}, {rows{2, 4, 5}},
             [](auto& ctx, auto& in) { return ops::linear_transposed(ctx, in.x[0], in.w[0]); });
}

TEST_CASE("backward: norms, alone, in place and of a sum") {
    const std::vector<rows> x{rows{1, 3, 5}, rows{2, 3, 5}}, w{rows{3, 1, 5}, rows{4, 1, 5}};
    is_right({x[0]}, w, [](auto& ctx, auto& in) {
        return ops::layer_norm(ctx, in.x[0], in.w[0], in.w[1], 1e-3f);
    });
    is_right(x, w, [](auto& ctx, auto& in) {
        auto y = copy(ctx, in.x[0]);
        const auto z = ops::add_layer_norm(ctx, y, in.x[1], in.w[0], in.w[1], 1e-3f);
        ops::add_layer_norm_in_place(ctx, y, z, in.w[0], in.w[1], 1e-3f);
        return y;
    });
    is_right({x[0]}, {w[0]},
             [](auto& ctx, auto& in) { return ops::rms_norm(ctx, in.x[0], in.w[0], 1e-3f); });
    is_right(x, {w[0]}, [](auto& ctx, auto& in) {
        auto y = copy(ctx, in.x[0]);
        auto z = ops::add_rms_norm(ctx, y, in.x[1], in.w[0], 1e-3f);
        ops::add_rms_norm_in_place(ctx, y, z, in.w[0], 1e-3f);
        ops::rms_norm_in_place(ctx, y, in.w[0], 1e-3f);
        return y;
    });
}

TEST_CASE("backward: activations and gates") {
    for (const auto f : {activation::none, activation::gelu, activation::gelu_tanh,
                         activation::silu, activation::relu}) {
        is_right({rows{1, 3, 5, -4, 4}}, {},
                 [f](auto& ctx, auto& in) { return ops::activate(ctx, in.x[0], f); });
        is_right({rows{1, 3, 5, -4, 4}, rows{2, 3, 5}}, {}, [f](auto& ctx, auto& in) {
            return ops::gated(ctx, in.x[0], copy(ctx, in.x[1]), f);
        });
    }
    is_right({rows{1, 3, 5}}, {}, [](auto& ctx, auto& in) {
        const auto both = copy(ctx, in.x[0]);
        return ops::gated(ctx, both, both, activation::silu);
    });
}

TEST_CASE("backward: sums, and rows added in place") {
    is_right({rows{1, 3, 5}, rows{2, 3, 5}}, {rows{3, 1, 5}}, [](auto& ctx, auto& in) {
        auto y = ops::gelu(ctx, in.x[0]);
        ops::add_to(ctx, y, in.x[1]);
        ops::add_row_to(ctx, y, in.w[0]);
        ops::add_row_to(ctx, y, in.w[0]);
        return ops::gelu(ctx, y);
    });
    is_right({rows{1, 3, 5}}, {},
             [](auto& ctx, auto& in) { return ops::add(ctx, in.x[0], in.x[0]); });
}

TEST_CASE("backward: tables of rows") {
    is_right({}, {rows{1, 5, 3}},
             [](auto& ctx, auto& in) { return ops::embedding(ctx, id_row(), in.w[0]); });
    is_right({rows{2, 9, 3}}, {rows{1, 5, 3}}, [](auto& ctx, auto& in) {
        auto y = copy(ctx, in.x[0]);
        ops::embedding_add_to(ctx, y, id_row(), in.w[0]);
        return ops::gelu(ctx, y);
    });
    is_right({}, {rows{1, 5, 3}}, [](auto& ctx, auto& in) {  // onto what is frozen
        auto y = ctx.make(9, 3);
        for (idx i = 0; i < y.size(); ++i) y.data[i] = 0.1 * double(i);
        ops::embedding_add_to(ctx, y, id_row(), in.w[0]);
        ops::embedding_add_to(ctx, y, id_row(), in.w[0]);
        return ops::gelu(ctx, y);
    });
    is_right({rows{1, 5, 3}}, {},
             [](auto& ctx, auto& in) { return ops::embedding(ctx, id_row(), in.x[0]); });
}

TEST_CASE("backward: rows in front of rows") {
    is_right({rows{1, 9, 3}}, {rows{2, 4, 3}}, [](auto& ctx, auto& in) {
        return ops::concat(ctx, in.w[0], first_prompt, in.x[0], sequences,
                           ragged{prompted_offsets});
    });
}

TEST_CASE("backward: pooling") {
    for (const auto how : {pooling::mean, pooling::first, pooling::last})
        is_right({rows{1, 9, 3}}, {},
                 [how](auto& ctx, auto& in) { return ops::pool(ctx, in.x[0], sequences, how); });
}

TEST_CASE("backward: unit length and log-probabilities") {
    is_right({rows{1, 4, 3}}, {},
             [](auto& ctx, auto& in) { return ops::l2_normalize(ctx, in.x[0]); });
    is_right({rows{1, 4, 3, -3, 3}}, {},
             [](auto& ctx, auto& in) { return ops::log_softmax(ctx, in.x[0]); });

    // A row of zeros is divided by a constant, as torch does.
    recording_context<cpu_reference, double> ctx{{}};
    auto x = ctx.make(1, 2);
    x(0, 0) = x(0, 1) = 0;
    ctx.track(x);
    const auto y = ops::l2_normalize(ctx, x);
    ctx.gradient(y)(0, 1) = 3;
    ctx.replay();
    CHECK(ctx.gradient(x)(0, 1) == Approx(3e12));
}

TEST_CASE("backward: a class that is masked has no weight in log_softmax, and is no NaN") {
    recording_context<cpu_reference, double> ctx{{}};
    auto x = ctx.make(1, 3);
    x(0, 0) = 1;
    x(0, 1) = -HUGE_VAL;
    x(0, 2) = 2;
    ctx.track(x);
    const auto y = ops::log_softmax(ctx, x);
    ctx.gradient(y)(0, 2) = 1;
    ctx.replay();
    const auto dx = ctx.gradient(x);
    CHECK(dx(0, 1) == 0);
    CHECK(dx(0, 0) == Approx(-std::exp(y(0, 0))));
}

TEST_CASE("backward: rotary positions") {
    for (const auto layout : {rope_layout::half_split, rope_layout::interleaved})
        is_right({rows{1, 9, 8}}, {}, [layout](auto& ctx, auto& in) {
            auto y = copy(ctx, in.x[0]);
            const auto angles = ops::rope_angles(ctx, sequences, 2, 4, {});
            ops::rope(ctx, y, angles, layout);
            return ops::gelu(ctx, y);
        });
}

TEST_CASE("backward: dropout keeps the mask of the forward") {
    const dropout_mask mask =
        dropout_step{dropout_rates::all(.4f), 7, 3}.at(dropout_place::hidden, 1);
    // (A plain context drops nothing by itself; the op is the same on both.)
    is_right({rows{1, 9, 11}}, {}, [&](auto& ctx, auto& in) {  // x is read again
        const auto x = copy(ctx, in.x[0]);
        return ops::add(ctx, ops::dropout(ctx, x, sequences, mask), x);
    });
    is_right({rows{1, 9, 11}}, {}, [&](auto& ctx, auto& in) {
        return ops::gelu(ctx, ops::dropout(ctx, copy(ctx, in.x[0]), sequences, mask));
    });
}

TEST_CASE("backward: attention, with grouped heads and every mask") {
    static constexpr std::int32_t source[]{2, 1, 3};
    const auto check = [&](const auto& mask, idx heads, idx key_heads) {
        is_right({rows{1, 9, 4 * heads}, rows{2, 9, 4 * key_heads}, rows{3, 9, 3 * key_heads}}, {},
                 [&](auto& ctx, auto& in) {
                     return ops::attention(ctx, in.x[0], sequences,
                                           ops::key_values_from(ctx, in.x[1], in.x[2]), mask,
                                           {.heads = heads, .key_heads = key_heads, .scale = .7f});
                 });
    };
    check(bidirectional{}, 1, 1);
    check(causal{}, 2, 2);
    check(prefix_lm{source}, 2, 1);
    check(sliding_window{2}, 4, 2);
    check(history_and_group{2, 2}, 1, 1);
    check(prompted<causal>{1, {}}, 2, 2);
    check(windowed<prefix_lm>{2, {source}}, 1, 1);
    // Queries, keys and values that are columns of one tensor.
    is_right({rows{1, 9, 12}}, {}, [&](auto& ctx, auto& in) {
        const auto& x = in.x[0];
        return ops::attention(ctx, x.columns(0, 4), sequences,
                              ops::key_values_from(ctx, x.columns(4, 4), x.columns(8, 4)), causal{},
                              {.heads = 2, .scale = .7f});
    });
    // .. and one tensor that is all three.
    is_right({rows{1, 9, 4}}, {}, [&](auto& ctx, auto& in) {
        return ops::attention(ctx, in.x[0], sequences, ops::key_values_from(ctx, in.x[0], in.x[0]),
                              causal{}, {.heads = 2, .scale = .7f});
    });
}

TEST_CASE("backward: attention behind a prefix") {
    const auto check = [&](const std::int32_t* keys_in_front) {
        is_right({rows{1, 9, 4}, rows{2, 9, 4}, rows{3, 9, 6}, rows{4, 7, 4}, rows{5, 7, 6}}, {},
                 [&](auto& ctx, auto& in) {
                     auto prefix = ops::key_values_from(ctx, in.x[3], in.x[4]);
                     prefix.first = first_key;
                     prefix.count = keys_in_front;
                     const auto own = ops::key_values_from(ctx, in.x[1], in.x[2]);
                     return ops::attention(ctx, in.x[0], sequences,
                                           ops::behind_prefix{own, prefix, ragged{groups}},
                                           causal{}, {.heads = 2, .scale = .7f});
                 });
    };
    check(key_count);
    check(no_keys);
    // What stands in front are rows of the batch itself: its first sequence.
    is_right({rows{1, 9, 4}}, {}, [&](auto& ctx, auto& in) {
        const auto own = ops::key_values_from(ctx, in.x[0], in.x[0]);
        auto prefix = own;
        prefix.first = own_rows;
        prefix.count = own_count;
        return ops::attention(ctx, in.x[0], sequences,
                              ops::behind_prefix{own, prefix, ragged{first_rows}}, causal{},
                              {.heads = 2, .scale = .7f});
    });
}

TEST_CASE("backward: cross-entropy in all its forms") {
    static constexpr std::int32_t targets[]{2, 0, -1, 4};
    static constexpr std::int32_t column_ids[]{7, 8, 9, 8, 7}, target_ids[]{9, 7, 5, 7};
    static const rows weights{5, 1, 5, .5, 2}, shares{6, 4, 5, -3, 0};
    const softmax_targets plain{.columns = {targets, 1, 4}};
    softmax_targets collisions = plain;
    collisions.column_ids = {column_ids, 1, 5};
    collisions.target_ids = {target_ids, 1, 4};
    const auto check = [](const softmax_targets& t, const softmax_options<double>& o) {
        CHECK(worst_gradient({rows{1, 4, 5, -3, 3}}, {}, [&](auto& ctx, auto& in) {
                  return ops::cross_entropy(ctx, in.x[0], t, o);
              }) < gradient_tolerance);
        CHECK(worst_gradient({rows{1, 4, 3}}, {rows{2, 5, 3}}, [&](auto& ctx, auto& in) {
                  return ops::linear_cross_entropy(ctx, in.x[0], in.w[0], t, o);
              }) < gradient_tolerance);
    };
    check(plain, {});
    check(plain, {.weight = .25, .scale = 1.7f});
    check(plain, {.smoothing = .2f});
    check(plain, {.smoothing = .2f, .class_weights = weights.look()});
    check(plain, {.class_weights = weights.look()});
    check(plain, {.log_shares = shares.look()});
    check(collisions, {.scale = .5f, .log_shares = shares.look().slice(1, 1)});
}

TEST_CASE("backward: fused linear and cross-entropy over more rows than a band") {
    std::vector<std::int32_t> targets(2 * cross_entropy_band + 3);
    for (idx i = 0; i < targets.size(); ++i) targets[i] = std::int32_t(i % 3);
    const softmax_targets t{.columns = {targets.data(), 1, targets.size()}};
    CHECK(worst_gradient({rows{1, targets.size(), 2}}, {rows{2, 3, 2}}, [&](auto& ctx, auto& in) {
              return ops::linear_cross_entropy(ctx, in.x[0], in.w[0], t, {.weight = .1});
          }) < gradient_tolerance);
}

TEST_CASE("backward: candidates, in-batch negatives, binary targets") {
    is_right({rows{1, 3, 5}}, {rows{2, 5, 5}}, [](auto& ctx, auto& in) {
        return ops::candidate_scores(ctx, in.x[0], in.w[0], {candidates, 3, 3});
    });
    for (const float most : {100.f, 1.5f})
        CHECK(worst_gradient({rows{1, 4, 3}, rows{2, 4, 3}}, {rows{3, 1, 1, .9, 1}},
                             [&](auto& ctx, auto& in) {
                                 return ops::info_nce(ctx, in.x[0], in.x[1], {items, 1, 4},
                                                      {.log_scale = in.w[0], .most = most}, .25);
                             }) < gradient_tolerance);
    static const rows targets{4, 3, 2, 0, 1}, weights{5, 3, 2, 0, 1};
    CHECK(worst_gradient({rows{1, 3, 2, -5, 5}}, {}, [](auto& ctx, auto& in) {
              return ops::binary_cross_entropy(ctx, in.x[0], targets.look(), .3, weights.look());
          }) < gradient_tolerance);
}
