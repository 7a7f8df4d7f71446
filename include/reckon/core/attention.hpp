// The contract of attention, for everything that is to come: ragged queries against keys that lie
// anywhere (a cache with spare room is not packed), grouped heads, widths of query-key and value
// heads apart, explicit scale and normaliser, and an optional bias from tables. `ops::attention`
// says which of it the kernels serve today and refuses the rest by name.
#pragma once

#include <reckon/core/attention_bias.hpp>
#include <reckon/core/cache_view.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/view.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Rows of keys and values, kept in K: float, bf16 or int8; sequence s owns rows [first[s],
/// first[s] + count[s]). Null `first` and `count` mean: the same rows as the queries
/// (self-attention over a packed batch).
template <class K, class Space = host> struct key_values {
    using element = K;
    using space = Space;
    cache_view<const K, Space> keys;    // [rows, key_heads * key_width]
    cache_view<const K, Space> values;  // [rows, key_heads * value_width]
    const std::int32_t* first = nullptr;
    const std::int32_t* count = nullptr;
};

/// softmax: exp(score) / sum; silu: silu(score) / divisor (HSTU).
enum class weighting : std::uint8_t { softmax, silu };

struct attention_options {
    idx heads = 1;
    idx key_heads = 0;  // 0: as many as heads; else heads / key_heads queries share one
    float scale = 1;    // of the products, often 1 / sqrt(key_width)
    weighting normalise = weighting::softmax;
    float divisor = 1;              // of weighting::silu
    per_sequence first_position{};  // the mask's row number of each sequence's first query
};

/// All that a kernel receives. Nothing in it needs checking any more.
template <class E, class K, class M, class Space = host> struct attention_problem {
    view<const E, Space> query;  // [rows, heads * key_width]
    ragged sequences;
    key_values<K, Space> source;
    M mask;
    attention_options options;
    attention_bias<E, Space> bias{};

    constexpr idx longest_keys() const {
        idx longest = 0;
        for (idx s = 0; s < sequences.count(); ++s)
            if (keys(s) > longest) longest = keys(s);
        return longest;
    }
    constexpr idx key_width() const { return query.cols / options.heads; }
    constexpr idx value_width() const { return source.values.cols / options.key_heads; }
    constexpr idx first_key(idx s) const {
        return source.first == nullptr ? sequences.begin(s) : idx(source.first[s]);
    }
    constexpr idx keys(idx s) const {
        return source.count == nullptr ? sequences.length(s) : idx(source.count[s]);
    }
    /// Query head h reads this key head.
    constexpr idx key_head(idx h) const { return h * options.key_heads / options.heads; }
};

}}}  // namespace reckon::v0::RECKON_ISA
