// y[r] = sum over the keys j that the mask shows row r of  softmax_j(scale q[r] . k[j]) v[j], head
// by head. The whole contract is core/attention.hpp; what no kernel serves yet is refused by name
// here.
#pragma once

#include <reckon/core/attention.hpp>
#include <reckon/ops/dispatch.hpp>

#include <initializer_list>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class C, class K> using key_values_of = key_values<K, typename C::space>;
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

template <any_context C, class K, mask M>
constexpr tensor_of<C> attention(C& ctx, tensor_of<C> query, const ragged& sequences,
                                 key_values_of<C, K> source, const M& m, attention_options options,
                                 const bias_of<C>& bias = {}) {
    static_assert(!C::recording, "attention: has no backward yet");
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
    const auto scope = ctx.scope();
    const auto scratch = ctx.template make<std::byte>(
        1, attention_scratch(typename C::kernels{}, problem, ctx.threads()));
    dispatch<attention_op<K, M>>(ctx, problem, scratch.data, y);
    return y;
}

/// The sentence for a mask that is none.
template <any_context C, class K, class M>
requires(!mask<M>) constexpr tensor_of<C> attention(C&, tensor_of<C> query, const ragged&,
                                                    key_values_of<C, K>, const M&,
                                                    attention_options) {
    is_mask<M>();
    return query;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
