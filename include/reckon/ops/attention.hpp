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

/// `source`: key_values, or learned_key_values of a context that records. `dropped`: weights that
/// training drops.
template <any_context C, class Source, mask M>
constexpr tensor_of<C> attention(C& ctx, tensor_of<C> query, const ragged& sequences,
                                 const Source& source, const M& m, attention_options options,
                                 const bias_of<C>& bias = {}, const dropout_mask& dropped = {}) {
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

    auto y = ctx.make(query.rows, options.heads * (source.values.cols / options.key_heads));
    const attention_problem_of<C, K, M> problem{query, sequences, source, m, options, bias};
    if constexpr (!C::dry && std::same_as<typename C::space, host>)
        expect_visible_keys<C, K>(problem);  // a device's numbers can't be read here
    const auto run = [&](const auto& call) {
        const auto inside = ctx.scratch();
        call(ctx.template make<std::byte>(
                    1, attention_scratch(typename C::kernels{}, problem, ctx.threads()))
                 .data);
    };
    if constexpr (C::recording) {
        static_assert(
            requires { source.dkeys; },
            "attention: a recording context takes keys and values with their gradients, "
            "key_values_from(ctx, keys, values)");
        const place_of<C> places[]{gradient(ctx, query), source.dkeys, source.dvalues};
        if (learns<C>(places) || dropped.drops()) {
            const auto log_totals = ctx.make(query.rows, options.heads);
            run([&](std::byte* scratch) {
                dispatch<attention_recorded_op<K, M>>(ctx, problem, dropped, scratch, y,
                                                      log_totals);
            });
            return recorded<C>(ctx, y, places, [=](auto& c, auto dy, auto... d) {
                const auto inside = c.scratch();
                const auto scratch = c.template make<std::byte>(
                    1, attention_backward_scratch(typename C::kernels{}, problem, c.threads()));
                dispatch<attention_backward_op<K, M>>(c, problem, dropped, y, log_totals,
                                                      scratch.data, dy, d...);
            });
        }
    }
    expect_that(!dropped.drops(), op, "dropped", "nothing, as this context records nothing",
                "weights");
    run([&](std::byte* scratch) { dispatch<attention_op<K, M>>(ctx, problem, scratch, y); });
    return y;
}

/// The sentence for a mask that is none.
template <any_context C, class Source, class M>
requires(!mask<M>) constexpr tensor_of<C> attention(C&, tensor_of<C> query, const ragged&,
                                                    const Source&, const M&, attention_options) {
    is_mask<M>();
    return query;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
