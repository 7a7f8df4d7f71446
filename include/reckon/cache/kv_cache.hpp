// Keys and values of sequences that grow, for every layer of a stack. A slot holds one sequence of
// at most `tokens` rows; sequences enter, grow and leave on their own, in any order.
//     kv_cache<bf16> cache{model.cached(), {.slots = 16, .tokens = 512}};  // or float, or int8
//     const auto keys = cache.extend(ctx, slots, batch.sequences);      // where the new rows will
//     stand const auto hidden = model.run(ctx, model.embed(ctx, batch, keys.first()),
//     batch.sequences,
//                                   causal{}, keys);
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/layers/site.hpp>
#include <reckon/ops/store_rows.hpp>

#include <algorithm>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// What a model keeps of a token: a row of keys and one of values in each layer.
struct cache_size {
    idx layers = 0, key_width = 0, value_width = 0;
    idx key_heads = 1;  // of which a row is made
};
struct cache_room {
    idx slots = 1, tokens = 0;  // at once, and of each
};

/// A step's view of a cache: the keys of a site.
template <element K, class Space = host> struct cached_keys {
    cache_view<K, Space> keys, values;  // of all layers
    idx layer_rows = 0;
    const std::int32_t* begin = nullptr;   // of each sequence: its slot's first row,
    const std::int32_t* end = nullptr;     // the row behind what it held,
    const std::int32_t* before = nullptr;  // how many tokens it held,
    const std::int32_t* after = nullptr;   // and how many with the new ones

    template <any_context C>
    constexpr key_values<K, Space> source(C& ctx, idx layer, const ragged& sequences,
                                          const tensor_of<C>& k, const tensor_of<C>& v) const {
        const auto own_keys = keys.slice(layer * layer_rows, layer_rows);
        const auto own_values = values.slice(layer * layer_rows, layer_rows);
        ops::store_rows(ctx, k, sequences, end, own_keys);
        ops::store_rows(ctx, v, sequences, end, own_values);
        return {own_keys, own_values, begin, after};
    }
    constexpr per_sequence first() const { return before; }
    constexpr per_sequence first_row() const { return before; }
};

namespace detail {

/// Rows of keys, or of values, of all layers.
template <element K> class cache_rows {
  public:
    cache_rows(idx rows, idx width, idx) : numbers_(rows, width) {}
    idx bytes() const { return numbers_.bytes(); }
    view<K> look() { return numbers_.look(); }
    void copy(idx from, idx to) { std::copy_n(look().row(from), numbers_.cols(), look().row(to)); }

  private:
    matrix<K> numbers_;
};

template <> class cache_rows<std::int8_t> {
  public:
    cache_rows(idx rows, idx width, idx heads) : numbers_(rows, width), scales_(rows, heads) {}
    idx bytes() const { return numbers_.bytes() + scales_.bytes(); }
    int8_heads_view<std::int8_t> look() { return {numbers_.look(), scales_.look()}; }
    void copy(idx from, idx to) {
        const auto all = look();
        std::copy_n(all.values.row(from), all.values.cols, all.values.row(to));
        std::copy_n(all.scales.row(from), all.scales.cols, all.scales.row(to));
    }

  private:
    matrix<std::int8_t> numbers_;
    matrix<float> scales_;
};

}  // namespace detail

/// K: what keys and values are kept in, float, bf16 or int8; the last with a scale for each row and
/// key head, a float each.
template <element K = float> class kv_cache {
  public:
    kv_cache(const cache_size& size, const cache_room& room)
        : room_(checked(room)),
          layers_(size.layers),
          keys_(size.layers * room.slots * room.tokens, size.key_width, checked(size).key_heads),
          values_(size.layers * room.slots * room.tokens, size.value_width, size.key_heads),
          lengths_(room.slots) {}

    idx slots() const { return room_.slots; }
    idx tokens() const { return room_.tokens; }
    idx bytes() const { return keys_.bytes() + values_.bytes(); }
    idx length(idx slot) const { return lengths_[checked(slot)]; }

    /// Makes room for the rows of a batch, whose sequence s stands in slots[s]: no slot twice. The
    /// result lives in the workspace.
    template <any_context C>
    requires(std::same_as<typename C::space, host> &&
             !C::dry) cached_keys<K> extend(C& ctx, std::span<const idx> slots,
                                            const ragged& sequences) {
        expect("kv_cache", "slots", sequences.count(), slots.size());
        for (idx s = 0; s < slots.size(); ++s) {
            const idx held = length(slots[s]);
            if (sequences.length(s) > room_.tokens - held)
                fail("kv_cache", "tokens of a sequence", room_.tokens, held + sequences.length(s));
            for (idx other = 0; other < s; ++other)
                if (slots[other] == slots[s]) fail("kv_cache", "slots", "each slot once", slots[s]);
        }
        const auto numbers = ctx.template make<std::int32_t>(4, slots.size());
        for (idx s = 0; s < slots.size(); ++s) {
            idx& held = lengths_[slots[s]];
            const idx begin = slots[s] * room_.tokens;
            numbers(0, s) = std::int32_t(begin);
            numbers(1, s) = std::int32_t(begin + held);
            numbers(2, s) = std::int32_t(held);
            held += sequences.length(s);
            numbers(3, s) = std::int32_t(held);
        }
        return {keys_.look(),   values_.look(), room_.slots * room_.tokens,
                numbers.row(0), numbers.row(1), numbers.row(2),
                numbers.row(3)};
    }

    /// Forgets what a slot holds behind its first `kept` tokens.
    void cut(idx slot, idx kept = 0) {
        expect_that(kept <= length(slot), "kv_cache", "tokens kept", "at most those of the slot",
                    kept);
        lengths_[slot] = kept;
    }

    /// `to` becomes what `from` is; their first `same` tokens are known to be equal.
    void copy(idx from, idx to, idx same = 0) {
        const idx held = length(from);
        expect_that(same <= held && same <= length(to), "kv_cache", "same tokens",
                    "at most those of both slots", same);
        if (from == to) return;
        for (idx layer = 0; layer < layers_; ++layer)
            for (idx i = same; i < held; ++i) {
                const idx source = row(layer, from, i), target = row(layer, to, i);
                keys_.copy(source, target);
                values_.copy(source, target);
            }
        lengths_[to] = held;
    }

  private:
    /// Rows of a layer have numbers of 32 bits.
    static cache_room checked(const cache_room& room) {
        constexpr idx most = (idx{1} << 31) - 1;
        if (room.tokens != 0 && room.slots > most / room.tokens)
            fail("kv_cache", "slots * tokens", "less than 2^31", "more");
        return room;
    }
    static const cache_size& checked(const cache_size& size) {
        constexpr const char* op = "kv_cache";
        expect_that(size.key_heads != 0, op, "key_heads", "at least 1", size.key_heads);
        expect_that(size.key_width % size.key_heads == 0, op, "key_width",
                    "a multiple of key_heads", size.key_width);
        expect_that(size.value_width % size.key_heads == 0, op, "value_width",
                    "a multiple of key_heads", size.value_width);
        return size;
    }
    idx checked(idx slot) const {
        if (slot >= room_.slots) fail("kv_cache", "slot", error_text{"one below the slots"}, slot);
        return slot;
    }
    idx row(idx layer, idx slot, idx i) const {
        return (layer * room_.slots + slot) * room_.tokens + i;
    }

    cache_room room_;
    idx layers_;
    detail::cache_rows<K> keys_, values_;  // [layers * slots * tokens, width]
    heap_array<idx> lengths_;
};

}}}  // namespace reckon::v0::RECKON_ISA
