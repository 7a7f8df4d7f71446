// The backward kernels: every gradient beside the reference's, at odd shapes and at every number of
// rows that a tile may have; any number of threads and any cut of a batch gives the same bits.
#include "conformance_backward.hpp"

#include <reckon/ops/add_row.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/binary_cross_entropy.hpp>
#include <reckon/ops/candidate_scores.hpp>
#include <reckon/ops/concat.hpp>
#include <reckon/ops/cross_entropy.hpp>
#include <reckon/ops/dropout.hpp>
#include <reckon/ops/embedding.hpp>
#include <reckon/ops/gated.hpp>
#include <reckon/ops/l2_normalize.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/linear_transposed.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/ops/pool.hpp>
#include <reckon/ops/rms_norm.hpp>
#include <reckon/ops/rope.hpp>

using namespace conformance;

namespace {

/// A copy through the tape, for ops that work in place.
template <class C> tensor_of<C> fresh(C& ctx, const tensor_of<C>& x) {
    return ops::activate(ctx, x, activation::none);
}

template <class F> void each_row_shape(const F& check) {
    for (idx cols : sizes{1, 3, 7, 16, 17, 33, 64, 100}) check(5, cols);
    for (idx rows : sizes{1, 2, 19, 260}) check(rows, 21);
    check(300, 384);
}

std::vector<std::int32_t> ids_below(idx count, idx limit, std::uint64_t seed = 5) {
    std::vector<std::int32_t> ids(count);
    for (idx i = 0; i < count; ++i)
        ids[i] = std::int32_t(philox{seed}.below(i, std::uint32_t(limit)));
    return ids;
}

constexpr std::int32_t first_prompt[]{1, 0, 2, 0};

view<const std::int32_t> row_of(const std::vector<std::int32_t>& ids) {
    return {ids.data(), 1, ids.size()};
}

void check_linear(const context_options& how) {
    const auto check = [&](idx rows, idx in, idx out) {
        CAPTURE(rows, in, out);
        gradients_agree(
            how, {{{1, rows, in, -1, 1, 3}}, {{2, out, in}, {3, 1, out}}},
            [](auto& ctx, auto& all) {
                return ops::linear(ctx, all.x[0], all.w[0], {all.w[1], activation::gelu});
            });
    };
    for (idx rows = 1; rows <= 19; ++rows) check(rows, 5, 7);
    for (idx width : sizes{1, 8, 15, 24, 47, 48, 49, 96, 130}) {
        check(3, width, 10);
        check(3, 10, width);
    }
    check(300, 64, 200);
    gradients_agree(how, {{{1, 20, 17}, {2, 9, 17}}, {}},
                    [](auto& ctx, auto& all) { return ops::linear(ctx, all.x[0], all.x[1]); });
    for (idx rows : sizes{1, 6, 50})
        gradients_agree(how, {{{1, rows, 13}}, {{2, 13, 50}}}, [](auto& ctx, auto& all) {
            return ops::linear_transposed(ctx, all.x[0], all.w[0]);
        });
}

void check_parts(const context_options& how) {
    const numbers x{1, 530, 33};
    const auto ids = ids_below(530, 40);
    const auto run = [&](auto& ctx, auto& w, idx first, idx end) {
        auto h = ops::embedding(ctx, row_of(ids).columns(first, end - first), w[3]);
        h = ops::layer_norm(ctx, h, w[4], w[5], 1e-5f);
        h = ops::linear(ctx, h, w[0], {w[1], activation::gelu});
        ops::add_row_to(ctx, h, w[6]);
        return ops::rms_norm(ctx, h, w[2], 1e-5f);
    };
    const inputs in{
        {}, {{2, 30, 33}, {3, 1, 30}, {4, 1, 30}, {5, 40, 33}, {6, 1, 33}, {7, 1, 33}, {8, 1, 30}}};
    const auto whole = in_parts(how, in, run, {530});
    CHECK((in_parts(how, in, run, {1, 270, 530}) == whole));
    CHECK((in_parts(how, in, run, {256, 530}) == whole));
}

void check_rows(const context_options& how) {
    each_row_shape([&](idx rows, idx cols) {
        CAPTURE(rows, cols);
        if (cols > 2) {  // of fewer columns these gradients all but vanish
            const inputs normed{{{1, rows, cols, -2, 3, 1}}, {{2, 1, cols, .5, 1.5}, {3, 1, cols}}};
            gradients_agree(how, normed, [](auto& ctx, auto& all) {
                return ops::layer_norm(ctx, all.x[0], all.w[0], all.w[1], 1e-5f);
            });
            gradients_agree(
                how, {{{1, rows, cols, -2, 3}}, {{2, 1, cols, .5, 1.5}}},
                [](auto& ctx, auto& all) { return ops::rms_norm(ctx, all.x[0], all.w[0], 1e-2f); });
            gradients_agree(how, {{{1, rows, cols}}, {}},
                            [](auto& ctx, auto& all) { return ops::l2_normalize(ctx, all.x[0]); });
            gradients_agree(how, {{{1, rows, cols, -3, 3}}, {}},
                            [](auto& ctx, auto& all) { return ops::log_softmax(ctx, all.x[0]); });
        }
        gradients_agree(how, {{{1, rows, cols}, {2, rows, cols}}, {{3, 1, cols}}},
                        [](auto& ctx, auto& all) {
                            auto y = ops::add(ctx, all.x[0], all.x[1]);
                            ops::add_row_to(ctx, y, all.w[0]);
                            return y;
                        });
        for (const auto f : {activation::relu, activation::gelu, activation::gelu_tanh,
                             activation::silu, activation::none}) {
            gradients_agree(how, {{{1, rows, cols, -6, 6}}, {}},
                            [f](auto& ctx, auto& all) { return ops::activate(ctx, all.x[0], f); });
            gradients_agree(
                how, {{{1, rows, cols, -6, 6}, {2, rows, cols}}, {}},
                [f](auto& ctx, auto& all) { return ops::gated(ctx, all.x[0], all.x[1], f); });
        }
    });
}

void check_far_slopes(const context_options& how) {
    const std::vector<float> far{-1e30f, -1000,  -88, -20, -13, -1e-30f,
                                 0,      1e-30f, 13,  20,  88,  1e30f};
    for (const auto f :
         {activation::relu, activation::gelu, activation::gelu_tanh, activation::silu}) {
        inputs in{{{1, 1, far.size()}}, {}};
        std::copy(far.begin(), far.end(), in.x[0].look().data);
        const auto run = [f](auto& ctx, auto& all) { return ops::activate(ctx, all.x[0], f); };
        const auto actual = gradients_of<cpu>(in, run, how);
        const auto expected = gradients_of<cpu_reference>(in, run);
        for (idx i = 0; i < far.size(); ++i) {
            CAPTURE(int(f), far[i]);
            CHECK(actual[1][i] == Approx(expected[1][i]).margin(2e-7));
        }
    }
}

void check_tables(const context_options& how) {
    const std::vector<std::int32_t> offsets{0, 3, 4, 30, 61}, all_offsets{0, 5, 8, 34, 66};
    const ragged sequences{offsets}, all{all_offsets};
    for (idx cols : sizes{1, 4, 17, 64, 130}) {
        CAPTURE(cols);
        const auto ids = ids_below(61, 9);
        gradients_agree(how, {{{1, 61, cols}}, {{2, 9, cols}}}, [&](auto& ctx, auto& in) {
            auto y = ops::embedding(ctx, row_of(ids), in.w[0]);
            ops::embedding_add_to(ctx, y, row_of(ids), in.w[0]);
            ops::add_to(ctx, y, in.x[0]);
            return y;
        });
        gradients_agree(how, {{{1, 61, cols}}, {{2, 5, cols}}}, [&](auto& ctx, auto& in) {
            return ops::concat(ctx, in.w[0], first_prompt, in.x[0], sequences, all);
        });
        for (const auto pooled : {pooling::mean, pooling::first, pooling::last})
            gradients_agree(how, {{{1, 61, cols}}, {}}, [&](auto& ctx, auto& in) {
                return ops::pool(ctx, in.x[0], sequences, pooled);
            });
        const auto mask = dropout_step{dropout_rates::all(.3f), 9, 4}.at(dropout_place::hidden, 2);
        gradients_agree(how, {{{1, 61, cols}}, {}}, [&](auto& ctx, auto& in) {
            return ops::dropout(ctx, fresh(ctx, in.x[0]), sequences, mask);
        });
    }
    for (const auto layout : {rope_layout::half_split, rope_layout::interleaved})
        for (idx width : sizes{2, 10, 32})
            gradients_agree(how, {{{1, 61, 3 * width}}, {}}, [&](auto& ctx, auto& in) {
                auto y = fresh(ctx, in.x[0]);
                ops::rope(ctx, y, ops::rope_angles(ctx, sequences, 0, width, {}), layout);
                return y;
            });
}

/// Groups of sequences, and what stands in front of each.
constexpr std::int32_t groups[]{0, 4, 55, 355}, first_keys[]{0, 7, 7}, key_counts[]{7, 0, 290};

void check_attention(const context_options& how) {
    static constexpr std::int32_t source[]{2, 1, 3, 200};
    const std::vector<std::int32_t> offsets{0, 3, 4, 55, 355};
    const ragged sequences{offsets};
    const auto check = [&](const auto& mask, idx heads, idx key_heads, idx key_width,
                           idx value_width, const dropout_mask& dropped = {}) {
        CAPTURE(heads, key_heads, key_width, value_width);
        gradients_agree(
            how,
            {{{1, 355, heads * key_width},
              {2, 355, key_heads * key_width},
              {3, 355, key_heads * value_width}},
             {}},
            [&](auto& ctx, auto& in) {
                return ops::attention(
                    ctx, in.x[0], sequences, ops::key_values_from(ctx, in.x[1], in.x[2]), mask,
                    {.heads = heads, .key_heads = key_heads, .scale = .4f}, {}, dropped);
            });
    };
    check(causal{}, 2, 2, 16, 16);
    check(bidirectional{}, 1, 1, 5, 7);
    check(prefix_lm{source}, 4, 2, 8, 16);
    check(sliding_window{40}, 3, 1, 10, 3);
    check(prompted<history_and_group>{1, {2, 3}}, 1, 1, 32, 32);
    const auto mask = dropout_step{dropout_rates::all(.3f), 9, 4}.at(dropout_place::attention, 2);
    check(causal{}, 2, 1, 8, 8, mask);

    for (const auto& [key_width, value_width] : {std::pair<idx, idx>{5, 7}, {16, 32}})
        gradients_agree(how,
                        {{{1, 355, 4 * key_width},
                          {2, 355, 2 * key_width},
                          {3, 355, 2 * value_width},
                          {4, 297, 2 * key_width},
                          {5, 297, 2 * value_width}},
                         {}},
                        [&](auto& ctx, auto& in) {
                            auto prefix = ops::key_values_from(ctx, in.x[3], in.x[4]);
                            prefix.first = first_keys;
                            prefix.count = key_counts;
                            const auto own = ops::key_values_from(ctx, in.x[1], in.x[2]);
                            return ops::attention(ctx, in.x[0], sequences,
                                                  ops::behind_prefix{own, prefix, ragged{groups}},
                                                  prefix_lm{source},
                                                  {.heads = 4, .key_heads = 2, .scale = .4f});
                        });
}

void check_losses(const context_options& how) {
    for (idx rows : sizes{1, 9, 150})
        for (idx cols : sizes{1, 5, 16, 33, 257}) {
            CAPTURE(rows, cols);
            auto targets = ids_below(rows, cols);
            const auto columns = ids_below(rows * cols, 2 * cols, 6),
                       own = ids_below(rows, 2 * cols, 7);
            if (rows > 1) targets[1] = -1;
            softmax_targets plain{.columns = row_of(targets)}, collisions = plain;
            collisions.column_ids = {columns.data(), rows, cols};
            collisions.target_ids = row_of(own);
            numbers shares(4, rows, cols, -3, 0), weights(5, 1, cols, .5, 2);
            const auto check = [&](const softmax_targets& t, const softmax_options<float>& o) {
                gradients_agree(how, {{{1, rows, cols, -3, 3}}, {}}, [&](auto& ctx, auto& in) {
                    return ops::cross_entropy(ctx, in.x[0], t, o);
                });
                gradients_agree(how, {{{1, rows, 12}}, {{2, cols, 12}}}, [&](auto& ctx, auto& in) {
                    return ops::linear_cross_entropy(ctx, in.x[0], in.w[0], t, o);
                });
            };
            check(plain, {.weight = .1});
            check(collisions, {.scale = 1.7f, .log_shares = shares.look()});
            check(plain, {.smoothing = .2f, .class_weights = weights.look()});
            const auto candidates = ids_below(rows * 7, cols, 8);
            gradients_agree(how, {{{1, rows, 140}}, {{2, cols, 140}}}, [&](auto& ctx, auto& in) {
                return ops::candidate_scores(ctx, in.x[0], in.w[0], {candidates.data(), rows, 7});
            });
            numbers binary(3, rows, cols, 0, 1);
            gradients_agree(how, {{{1, rows, cols, -5, 5}}, {}}, [&](auto& ctx, auto& in) {
                return ops::binary_cross_entropy(ctx, in.x[0], binary.look(), .2);
            });
        }
}

/// What `cpu` takes for an instruction set.
template <class Set> context_options held_to() {
    context_options how;
    if constexpr (!std::same_as<Set, neon64>) how.max_isa = Set::name;
    return how;
}

}  // namespace

TEMPLATE_TEST_CASE("backward: linear", "", RECKON_TEST_SETS) {
    if (TestType::here()) return check_linear(held_to<TestType>());
    test_support::skip(TestType::name, "this CPU lacks it");
}
TEMPLATE_TEST_CASE("backward: a batch in parts gives the bits of the whole", "", RECKON_TEST_SETS) {
    if (TestType::here()) return check_parts(held_to<TestType>());
    test_support::skip(TestType::name, "this CPU lacks it");
}
TEMPLATE_TEST_CASE("backward: norms, activations, gates, sums", "", RECKON_TEST_SETS) {
    if (TestType::here()) return check_rows(held_to<TestType>());
    test_support::skip(TestType::name, "this CPU lacks it");
}
TEMPLATE_TEST_CASE("backward: slopes of activations far from zero", "", RECKON_TEST_SETS) {
    if (TestType::here()) return check_far_slopes(held_to<TestType>());
    test_support::skip(TestType::name, "this CPU lacks it");
}
TEMPLATE_TEST_CASE("backward: tables, rows in front, pooling, rotation, dropout", "",
                   RECKON_TEST_SETS) {
    if (TestType::here()) return check_tables(held_to<TestType>());
    test_support::skip(TestType::name, "this CPU lacks it");
}
TEMPLATE_TEST_CASE("backward: attention", "", RECKON_TEST_SETS) {
    if (TestType::here()) return check_attention(held_to<TestType>());
    test_support::skip(TestType::name, "this CPU lacks it");
}
TEMPLATE_TEST_CASE("backward: losses", "", RECKON_TEST_SETS) {
    if (TestType::here()) return check_losses(held_to<TestType>());
    test_support::skip(TestType::name, "this CPU lacks it");
}
