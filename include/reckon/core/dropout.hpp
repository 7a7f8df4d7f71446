// Dropout (Srivastava et al. 2014) with masks by counter: whether a number is dropped is a function
// of the seed, the step, the place in the model, the example and the number's row and column there,
// and of nothing else. So a mask is the same when a block is computed again, in a batch of any
// packing or part of a step, and on any number of threads.
#pragma once

#include <reckon/core/random.hpp>

namespace reckon { inline namespace v0 {

enum class dropout_place : std::uint8_t {
    embedding,      // what the first block reads
    attention,      // the weights of attention
    attention_out,  // what attention adds to the rows
    hidden,         // the feed-forward's hidden layer
    ffn_out,        // what the feed-forward adds to the rows
    table,          // a whole table of items, where it is read and where it scores
};

/// The share of numbers that each place drops.
struct dropout_rates {
    float embedding = 0, attention = 0, attention_out = 0, hidden = 0, ffn_out = 0, table = 0;

    /// The same everywhere but in the table.
    RECKON_BOTH static constexpr dropout_rates all(float rate) {
        return {rate, rate, rate, rate, rate, 0};
    }

    RECKON_BOTH constexpr float at(dropout_place p) const {
        const float rates[] = {embedding, attention, attention_out, hidden, ffn_out, table};
        return rates[idx(p)];
    }
    bool operator==(const dropout_rates&) const = default;
};

/// One place's mask in one step. What it keeps is multiplied by `scale`, so that the expected value
/// stays as it was; the rate is a multiple of 1 / 65536.
struct dropout_mask {
    philox bits{};
    std::uint32_t below = 0;  // of 65536: a number whose 16 bits are smaller is dropped
    float scale = 1;
    const std::int64_t* examples = nullptr;  // of each sequence; none: the sequence's number

    RECKON_BOTH constexpr bool drops() const { return below != 0; }
    RECKON_BOTH constexpr std::uint64_t example(idx sequence) const {
        return examples == nullptr ? sequence : std::uint64_t(examples[sequence]);
    }
    /// The eight 16-bit numbers of columns [8 n, 8 n + 8) of a row.
    RECKON_BOTH constexpr philox::block block(std::uint64_t example, idx row, idx n) const {
        return bits(example << 32 ^ std::uint64_t{row} << 16 ^ n);
    }
    RECKON_BOTH constexpr bool keeps(std::uint64_t example, idx row, idx column) const {
        const std::uint32_t word = block(example, row, column / 8).word[column % 8 / 2];
        return (column % 2 == 0 ? word & 0xffffu : word >> 16) >= below;
    }
    /// What that number is multiplied by.
    RECKON_BOTH constexpr float factor(std::uint64_t example, idx row, idx column) const {
        return below == 0 || keeps(example, row, column) ? scale : 0.f;
    }
    /// The mask of one head of attention.
    RECKON_BOTH constexpr dropout_mask of_head(idx head) const {
        dropout_mask own = *this;
        own.bits.stream += head;
        return own;
    }
};

/// What a step of training drops.
struct dropout_step {
    dropout_rates rates{};
    std::uint64_t seed = 0, step = 0;
    const std::int64_t* examples = nullptr;  // the example's number of each sequence of the batch

    RECKON_BOTH constexpr dropout_mask at(dropout_place place, idx layer) const {
        const float rate = rates.at(place);
        if (!(rate > 0)) return {};
        const auto below = std::uint32_t(rate * 65536 + 0.5f);
        const std::uint64_t stream =
            step << 32 ^ (std::uint64_t{layer} & 0xffff) << 16 ^ (std::uint64_t(place) + 1) << 12;
        return {{seed, stream}, below, 65536.f / float(65536 - below), examples};
    }
};

}}  // namespace reckon::v0
