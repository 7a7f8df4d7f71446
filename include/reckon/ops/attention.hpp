// y[r] = sum over the keys j that the mask shows row r of  softmax_j(scale q[r] . k[j]) v[j], head
// by head. The whole contract is core/attention.hpp; what no kernel serves yet is refused by name
// here.
#pragma once

#include <reckon/core/attention.hpp>
#include <reckon/core/dropout.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

#include <initializer_list>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class C> using bias_of = attention_bias<number_of<C>, typename C::space>;
template <class C, class K, class M>
using attention_problem_of = attention_problem<number_of<C>, K, M, typename C::space>;

template <class K, class M> struct attention_op {
    static constexpr const char* name = "attention";
    template <class C>
    using signature = void(const attention_problem_of<C, K, M>& problem, std::byte* scratch,
                           output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(attention_kernel(tag, a...)) {
        attention_kernel(tag, a...);
    }
};

/// attention as training wants it: with weights dropped, and with the logarithm of each row's and
/// head's total weight, log(sum_j exp(score_j)), from which the backward finds the weights again.
template <class K, class M> struct attention_recorded_op {
    static constexpr const char* name = "attention, recorded";
    template <class C>
    using signature = void(const attention_problem_of<C, K, M>& problem, dropout_mask dropped,
                           std::byte* scratch, output_of<C> y, output_of<C> log_totals);
    static auto kernel(auto tag, auto&... a) -> decltype(attention_recorded_kernel(tag, a...)) {
        attention_recorded_kernel(tag, a...);
    }
};

template <class K, class M> struct attention_backward_op {
    static constexpr const char* name = "attention, backward";
    template <class C>
    using signature = void(const attention_problem_of<C, K, M>& problem, dropout_mask dropped,
                           input_of<C> y, input_of<C> log_totals, std::byte* scratch,
                           input_of<C> dy, gradient_of<C> dquery, gradient_of<C> dkeys,
                           gradient_of<C> dvalues);
    static auto kernel(auto tag, auto&... a) -> decltype(attention_backward(tag, a...)) {
        attention_backward(tag, a...);
    }
};

/// Keys and values that learn.
template <any_context C> struct learned_key_values : key_values<number_of<C>, typename C::space> {
    place_of<C> dkeys, dvalues;
};

/// The batch's own keys and values, with their gradients where the context records.
template <any_context C>
constexpr auto key_values_from(C& ctx, const tensor_of<C>& keys, const tensor_of<C>& values) {
    const key_values<number_of<C>, typename C::space> both{keys, values};
    if constexpr (C::recording)
        return learned_key_values<C>{both, gradient(ctx, keys), gradient(ctx, values)};
    else
        return both;
}

/// Keys lie inside their source, and no row is shown a key that is not there.
template <class C, class K, class M>
constexpr void expect_visible_keys(const attention_problem_of<C, K, M>& p) {
    for (idx s = 0; s < p.sequences.count(); ++s) {
        const idx first = p.first_key(s), count = p.keys(s), stored = p.source.keys.rows;
        if (first > stored) fail("attention", "source.first", error_text{"a row of keys"}, first);
        if (count > stored - first) fail("attention", "source.count", stored - first, count);
        const idx position = p.options.first_position[s];
        expect_that(position <= ~idx{0} / 2, "attention", "first_position", "no negative number",
                    "one");
        const auto m = p.mask.at(s);
        for (idx i = 0; i < p.sequences.length(s); ++i) {
            const intervals k = m.keys_of(position + i, count);
            for (idx end : {k.prefix, k.first.end, k.second.end})
                if (end > count) fail("attention", "mask, keys shown to a row", count, end);
        }
    }
}

/// What kernels receive of an attention, once all of it has been checked.
template <any_context C, class Source, mask M>
constexpr auto attention_problem_for(tensor_of<C> query, const ragged& sequences,
                                     const Source& source, const M& m, attention_options options,
                                     const bias_of<C>& bias = {}) {
    using K = typename Source::element;
    constexpr const char* op = "attention";
    if (options.key_heads == 0) options.key_heads = options.heads;
    expect_that(options.heads != 0, op, "heads", "at least 1", options.heads);
    expect_that(query.cols % options.heads == 0, op, "heads", "a divisor of query.cols",
                options.heads);
    expect_that(options.heads % options.key_heads == 0, op, "key_heads", "a divisor of heads",
                options.key_heads);
    const idx key_width = query.cols / options.heads;
    expect(op, "query.rows", sequences.rows(), query.rows);
    expect(op, "keys.cols", options.key_heads * key_width, source.keys.cols);
    expect_that(source.values.cols % options.key_heads == 0, op, "values.cols",
                "a multiple of key_heads", source.values.cols);
    expect(op, "values.rows", source.keys.rows, source.values.rows);
    if constexpr (std::same_as<K, std::int8_t>) {
        expect(op, "keys.scales.rows", source.keys.rows, source.keys.scales.rows);
        expect(op, "keys.scales.cols", options.key_heads, source.keys.scales.cols);
        expect(op, "values.scales.rows", source.values.rows, source.values.scales.rows);
        expect(op, "values.scales.cols", options.key_heads, source.values.scales.cols);
    }
    expect_that((source.first == nullptr) == (source.count == nullptr), op, "source",
                "first and count together", "one of them");
    if (source.first == nullptr) expect(op, "keys.rows", sequences.rows(), source.keys.rows);
    expect_that(options.normalise == weighting::softmax, op, "normalise", "softmax", "silu");
    expect_that(bias.empty(), op, "bias", "none", "a bias");

    const attention_problem_of<C, K, M> problem{query, sequences, source, m, options, bias};
    if constexpr (!C::dry && std::same_as<typename C::space, host>)
        expect_visible_keys<C, K>(problem);  // a device's numbers can't be read here
    return problem;
}

/// call(scratch) with what the kernel of this problem takes.
template <any_context C, class Problem, class F>
constexpr void with_attention_scratch(C& ctx, const Problem& problem, const F& call) {
    const auto inside = ctx.scratch();
    call(ctx.template make<std::byte>(
                1, attention_scratch(typename C::kernels{}, problem, ctx.threads()))
             .data);
}
template <any_context C, class K, class M>
void attention_backward_of(C& ctx, const attention_problem_of<C, K, M>& problem,
                           const dropout_mask& dropped, input_of<C> y, input_of<C> log_totals,
                           input_of<C> dy, gradient_of<C> dquery, gradient_of<C> dkeys,
                           gradient_of<C> dvalues) {
    const auto inside = ctx.scratch();
    const auto scratch = ctx.template make<std::byte>(
        1, attention_backward_scratch(typename C::kernels{}, problem, ctx.threads()));
    dispatch<attention_backward_op<K, M>>(ctx, problem, dropped, y, log_totals, scratch.data, dy,
                                          dquery, dkeys, dvalues);
}

/// `source`: key_values, or learned_key_values of a context that records. `dropped`: weights that
/// training drops.
template <any_context C, class Source, mask M>
constexpr tensor_of<C> attention(C& ctx, tensor_of<C> query, const ragged& sequences,
                                 const Source& source, const M& m, const attention_options& options,
                                 const bias_of<C>& bias = {}, const dropout_mask& dropped = {}) {
    using K = typename Source::element;
    const auto problem = attention_problem_for<C>(query, sequences, source, m, options, bias);
    const idx heads = problem.options.heads;
    auto y = ctx.make(query.rows, heads * problem.value_width());
    if constexpr (C::recording) {
        static_assert(
            requires { source.dkeys; },
            "attention: a recording context takes keys and values with their gradients, "
            "key_values_from(ctx, keys, values)");
        const place_of<C> places[]{gradient(ctx, query), source.dkeys, source.dvalues};
        if (learns<C>(places) || dropped.drops()) {
            const auto log_totals = ctx.make(query.rows, heads);
            with_attention_scratch(ctx, problem, [&](std::byte* scratch) {
                dispatch<attention_recorded_op<K, M>>(ctx, problem, dropped, scratch, y,
                                                      log_totals);
            });
            return recorded<C>(ctx, y, places, [=](auto& c, auto dy, auto... d) {
                attention_backward_of<C, K, M>(c, problem, dropped, y, log_totals, dy, d...);
            });
        }
    }
    expect_that(!dropped.drops(), "attention", "dropped",
                "nothing, as this context records nothing", "weights");
    with_attention_scratch(ctx, problem, [&](std::byte* scratch) {
        dispatch<attention_op<K, M>>(ctx, problem, scratch, y);
    });
    return y;
}

/// Keys in two places: those of each sequence, and in front of them those of a prefix that many
/// sequences share, such as a task's soft prompts. Group g of whole sequences, rows
/// [groups.begin(g), + groups.length(g)), sees all of prefix rows [first[g], + count[g]), be they
/// none; masks and positions count without them.
template <class Own, class Prefix = Own> struct behind_prefix {
    using element = typename Own::element;
    Own own;
    Prefix prefix;  // its first and count: of each group
    ragged groups;
};
template <class Own, class Prefix> behind_prefix(Own, Prefix, ragged) -> behind_prefix<Own, Prefix>;

/// y of two parts of a row's keys, head by head: with L_i the logarithm of a part's total weight
/// (+inf: it has no keys) and L that of both, y = e^(L_1 - L) y_1 + e^(L_2 - L) y_2. What the
/// first part has is overwritten.
struct attention_merge_op {
    static constexpr const char* name = "attention, merge";
    template <class C>
    using signature = void(input_of<C> other, input_of<C> other_totals, output_of<C> y,
                           output_of<C> log_totals);
    static auto kernel(auto tag, auto&... a) -> decltype(attention_merge_kernel(tag, a...)) {
        attention_merge_kernel(tag, a...);
    }
};

/// The rows of a group are the queries of one sequence to the prefix, so its keys are read once for
/// all of them; the two parts are merged (Juravsky et al. 2024, section 3.1). With the total of
/// both, the backward of each part is that of an attention on its own.
template <any_context C, class Own, class Prefix, mask M>
constexpr tensor_of<C> attention(C& ctx, tensor_of<C> query, const ragged& sequences,
                                 const behind_prefix<Own, Prefix>& source, const M& m,
                                 const attention_options& options, const bias_of<C>& bias = {},
                                 const dropout_mask& dropped = {}) {
    using K = typename Own::element;
    using K2 = typename Prefix::element;
    const auto own = attention_problem_for<C>(query, sequences, source.own, m, options, bias);
    expect_that(source.prefix.first != nullptr, "attention", "prefix.first", "a row of each group",
                "none");
    attention_options whole = options;
    whole.first_position = {};
    const auto prefix =
        attention_problem_for<C>(query, source.groups, source.prefix, bidirectional{}, whole);
    expect("attention", "prefix.values.cols", own.source.values.cols, prefix.source.values.cols);
    expect_that(!dropped.drops(), "attention", "dropped", "nothing where keys stand in front",
                "weights");
    if constexpr (C::recording)  // a row of keys takes its gradient from one group
        for (idx g = 1; g < source.groups.count(); ++g)
            expect_that(
                source.prefix.first[g] >= source.prefix.first[g - 1] + source.prefix.count[g - 1],
                "attention", "prefix.first", "groups in the order of their keys, apart",
                error_text{"keys of two groups"});

    const auto y = ctx.make(query.rows, own.options.heads * own.value_width());
    const auto log_totals = ctx.make(query.rows, own.options.heads);
    {
        const auto inside = ctx.scratch();
        const auto other = ctx.make(y.rows, y.cols);
        const auto other_totals = ctx.make(log_totals.rows, log_totals.cols);
        with_attention_scratch(ctx, own, [&](std::byte* scratch) {
            dispatch<attention_recorded_op<K, M>>(ctx, own, dropout_mask{}, scratch, y, log_totals);
        });
        with_attention_scratch(ctx, prefix, [&](std::byte* scratch) {
            dispatch<attention_recorded_op<K2, bidirectional>>(ctx, prefix, dropout_mask{}, scratch,
                                                               other, other_totals);
        });
        dispatch<attention_merge_op>(ctx, other, other_totals, y, log_totals);
    }
    if constexpr (C::recording) {
        const place_of<C> places[]{gradient(ctx, query), source.own.dkeys, source.own.dvalues,
                                   source.prefix.dkeys, source.prefix.dvalues};
        return recorded<C>(ctx, y, places,
                           [=](auto& c, auto dy, auto dquery, auto dkeys, auto dvalues,
                               auto dprefix_keys, auto dprefix_values) {
                               attention_backward_of<C, K, M>(c, own, {}, y, log_totals, dy, dquery,
                                                              dkeys, dvalues);
                               if (dquery.wanted()) dquery.use = gradient_use::adds;
                               attention_backward_of<C, K2, bidirectional>(
                                   c, prefix, {}, y, log_totals, dy, dquery, dprefix_keys,
                                   dprefix_values);
                           });
    } else {
        return y;
    }
}

/// The sentence for a mask that is none.
template <any_context C, class Source, class M>
requires(!mask<M>) constexpr tensor_of<C> attention(C&, tensor_of<C> query, const ragged&,
                                                    const Source&, const M&, attention_options) {
    is_mask<M>();
    return query;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
