// Sequences enter, grow and leave a cache on their own; what a model makes of them there is what it
// makes of whole texts.
#include "io/raw_file.hpp"
#include "support/small_models.hpp"
#include "support/tolerance.hpp"

#include <reckon/cache/kv_cache.hpp>
#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/llama/model.hpp>
#include <reckon/models/m6/model.hpp>

using namespace small;

namespace {

using reference = context<cpu_reference>;
using numbers = std::vector<float>;
using id_list = std::vector<std::int32_t>;

constexpr m6::config m6_size{
    .vocabulary = 20, .positions = 24, .layers = 3, .heads = 2, .width = 8, .hidden = 16};
constexpr llama::config llama_size{.vocabulary = 20,
                                   .positions = 24,
                                   .layers = 2,
                                   .heads = 4,
                                   .key_heads = 2,
                                   .head_width = 4,
                                   .width = 12,
                                   .hidden = 16};

const llama::model<>& decoder() {
    static const auto made = with_random_weights(llama::model<>{llama_size});
    return made;
}

/// Of a text: its ids, how many are its source, and which rows of a table stand in front.
struct text {
    id_list ids;
    std::int32_t source = 0, first = 0, count = 0;
};
const text texts[]{{{7, 1, 19, 4, 0, 4, 11, 2, 5}, 4, 2, 3},  //
                   {{3, 3, 8, 14, 6, 1}, 0, 0, 0},
                   {{2, 13, 9, 9, 17, 10, 5, 0, 18, 12, 1}, 7, 0, 5}};

/// Rows of some texts, and what masks and prompts need to know of each, as arrays.
struct rows_of {
    id_list ids{}, offsets{0}, source{}, first{}, count{};

    void add(const text& t, idx begin, idx end) {
        ids.insert(ids.end(), t.ids.begin() + std::ptrdiff_t(begin),
                   t.ids.begin() + std::ptrdiff_t(end));
        offsets.push_back(std::int32_t(ids.size()));
        source.push_back(t.source);
        first.push_back(t.first);
        count.push_back(t.count);
    }
    id_batch<> batch() const { return batch_of(ids, offsets); }
    regions where() const { return {count.data(), source.data()}; }
};

numbers prompt_table() {
    numbers table(5 * 8);
    for (idx i = 0; i < table.size(); ++i) table[i] = philox{9}.uniform(i, -1, 1);
    return table;
}

/// The model's rows for texts behind soft prompts, [rows of prompts.all, width].
template <class C, class Model>
tensor_of<C> behind(C& ctx, const Model& model, const soft_prompts<C>& prompts,
                    const id_batch<>& batch, per_sequence source) {
    return model.run(ctx, with_soft_prompts(ctx, model, prompts, batch), prompts.all,
                     model.mask_of({prompts.count, source}));
}

/// All texts behind their prompts grow in slots 4, 0 and 2 of a cache: each enters with its source
/// and one row more, then they take a row a step, in an order that changes, until they end.
template <class Model> void grows_as_the_whole(const Model& model, double most) {
    reference ctx;
    const auto scope = ctx.scope();
    const numbers table = prompt_table();
    const view<const float> prompts{table.data(), 5, 8};
    const idx slot_of[]{4, 0, 2};

    rows_of all;
    for (const text& t : texts) all.add(t, 0, t.ids.size());
    const auto front =
        soft_prompts_of(ctx, prompts, all.first.data(), all.count.data(), all.batch().sequences);
    const auto whole = behind(ctx, model, front, all.batch(), all.source.data());
    const auto expect_rows = [&](idx t, idx begin, view<const float> rows) {
        const auto expected = whole.slice(front.all.begin(t) + begin, rows.rows);
        CHECK(test_support::relative_difference<float>(copy_of(rows),
                                                       copy_of(view<float>{expected})) <= most);
    };

    kv_cache cache{model.cached(), {.slots = 5, .tokens = 16}};
    rows_of entering;
    for (const text& t : texts) entering.add(t, 0, idx(t.source) + 1);
    const auto before = soft_prompts_of(ctx, prompts, entering.first.data(), entering.count.data(),
                                        entering.batch().sequences);
    const auto keys = cache.extend(ctx, slot_of, before.all);
    const auto y = model.run(ctx, with_soft_prompts(ctx, model, before, entering.batch()),
                             before.all, model.mask_of(entering.where()), keys);
    for (idx t = 0; t < 3; ++t)
        expect_rows(t, 0, y.slice(before.all.begin(t), before.all.length(t)));

    for (idx step = 1;; ++step) {
        rows_of next;
        std::vector<idx> growing, slots;
        for (idx i = 0; i < 3; ++i) {
            const idx t = (i + step) % 3, at = idx(texts[t].source) + step;
            if (at >= texts[t].ids.size()) continue;
            next.add(texts[t], at, at + 1);
            growing.push_back(t);
            slots.push_back(slot_of[t]);
        }
        if (growing.empty()) break;
        const auto more = cache.extend(ctx, slots, next.batch().sequences);
        const auto rows = model.run(ctx, model.embed(ctx, next.batch(), more.first()),
                                    next.batch().sequences, model.mask_of(next.where()), more);
        for (idx i = 0; i < growing.size(); ++i)
            expect_rows(growing[i], cache.length(slots[i]) - 1, rows.slice(i, 1));
    }
    for (idx t = 0; t < 3; ++t) CHECK(cache.length(slot_of[t]) == front.all.length(t));
    CHECK(cache.length(1) == 0);
}

/// The decoder's rows of `more` behind what the slot holds.
template <class K> numbers continued(kv_cache<K>& cache, idx slot, const id_list& more) {
    reference ctx;
    const id_list offsets{0, std::int32_t(more.size())};
    const auto batch = batch_of(more, offsets);
    const auto keys = cache.extend(ctx, std::span{&slot, 1}, batch.sequences);
    return copy_of(
        decoder().run(ctx, decoder().embed(ctx, batch), batch.sequences, causal{}, keys));
}
/// The last rows of a whole text.
numbers last_rows(const id_list& whole, idx count) {
    reference ctx;
    const id_list offsets{0, std::int32_t(whole.size())};
    return copy_of(decoder()(ctx, batch_of(whole, offsets)).slice(whole.size() - count, count));
}

kv_cache<> some_slots() { return {decoder().cached(), {.slots = 3, .tokens = 10}}; }

}  // namespace

TEST_CASE("texts of two regions behind prompts grow in a cache as they are in one go") {
    grows_as_the_whole(with_random_weights(m6::model<>{m6_size}), 0);
}

TEST_CASE("layers that share a block keep keys of their own") {
    auto size = m6_size;
    size.embedding = 4;  // rows behind prompts are widened in two parts
    const auto shared = with_random_weights(m6::model<m6::edge_spec>{size});
    CHECK(shared.cached().layers == 3);
    grows_as_the_whole(shared, test_support::tolerance::packed);
}

TEST_CASE("a cache takes a row of keys and one of values a token and layer") {
    const kv_cache all{decoder().cached(), {.slots = 3, .tokens = 10}};
    const kv_cache<bf16> half{decoder().cached(), {.slots = 3, .tokens = 10}};
    CHECK(all.bytes() == 2 * 3 * 10 * (8 + 8) * sizeof(float));
    CHECK(half.bytes() == all.bytes() / 2);
    const kv_cache<std::int8_t> quarter{decoder().cached(), {.slots = 3, .tokens = 10}};
    CHECK(quarter.bytes() == 2 * 3 * 10 * (8 + 8 + (2 + 2) * sizeof(float)));  // two key heads
    CHECK(all.slots() == 3);
    CHECK(all.tokens() == 10);
}

TEST_CASE("a slot forgets what is cut, and takes another text instead") {
    auto cache = some_slots();
    continued(cache, 0, {9, 9, 9, 9, 9, 9, 9});
    continued(cache, 1, {1, 2, 3, 4, 5, 6});
    cache.cut(1, 3);
    CHECK(cache.length(1) == 3);
    CHECK(continued(cache, 1, {7, 8}) == last_rows({1, 2, 3, 7, 8}, 2));
    cache.cut(1);
    CHECK(cache.length(1) == 0);
    CHECK(continued(cache, 1, {10, 11}) == last_rows({10, 11}, 2));
    CHECK(continued(cache, 0, {8}) == last_rows({9, 9, 9, 9, 9, 9, 9, 8}, 1));
}

TEST_CASE("a copied slot goes its own way") {
    auto cache = some_slots();
    continued(cache, 2, {1, 2, 3, 4, 5});
    continued(cache, 0, {6, 6, 6, 6, 6, 6, 6, 6});
    cache.copy(2, 0);
    CHECK(cache.length(0) == 5);
    CHECK(continued(cache, 0, {7, 8}) == last_rows({1, 2, 3, 4, 5, 7, 8}, 2));
    CHECK(continued(cache, 2, {9}) == last_rows({1, 2, 3, 4, 5, 9}, 1));
    cache.copy(0, 2, 5);  // of which the slots have the first five in common
    CHECK(continued(cache, 2, {4}) == last_rows({1, 2, 3, 4, 5, 7, 8, 4}, 1));
    cache.copy(0, 0);
    CHECK(continued(cache, 0, {3}) == last_rows({1, 2, 3, 4, 5, 7, 8, 3}, 1));
}

TEST_CASE("what an int8 cache makes of a text depends on it alone: grown, copied, cut or beside") {
    const auto empty = [] {
        return kv_cache<std::int8_t>{decoder().cached(), {.slots = 3, .tokens = 10}};
    };
    auto cache = empty(), other = empty();
    const id_list text{1, 2, 3, 4, 5, 6, 7};
    const numbers whole = continued(cache, 1, text);
    const auto end = [&](idx begin) {
        return numbers(whole.begin() + std::ptrdiff_t(begin * llama_size.width), whole.end());
    };
    CHECK(test_support::relative_difference<float>(whole, last_rows(text, 7)) <
          test_support::tolerance::int8_keys);
    CHECK(test_support::relative_difference<float>(whole, last_rows(text, 7)) > 0);

    continued(other, 2, {9, 9, 9, 9, 9, 9, 9, 9});  // grown in parts, in another slot
    other.cut(2);
    continued(other, 2, {1, 2, 3});
    CHECK(continued(other, 2, {4, 5, 6, 7}) == end(3));

    continued(cache, 0, {8, 8, 8, 8, 8, 8, 8, 8});
    cache.copy(1, 0);
    CHECK(cache.length(0) == 7);
    for (idx slot : {idx{0}, idx{1}}) {
        cache.cut(slot, 5);
        CHECK(continued(cache, slot, {6, 7}) == end(5));
    }
    cache.cut(0, 2);
    continued(cache, 0, {8, 8, 8});
    cache.copy(1, 0, 2);  // all but the first two rows
    cache.cut(0, 4);
    CHECK(continued(cache, 0, {5, 6, 7}) == end(4));
}

TEST_CASE("texts beside one another in an int8 cache become what each becomes alone") {
    reference ctx;
    kv_cache<std::int8_t> cache{decoder().cached(), {.slots = 3, .tokens = 10}};
    auto alone = cache;
    const id_list all{1, 2, 3, 4, 5, 6, 7, 8}, offsets{0, 5, 5, 8};
    const idx slots[]{2, 1, 0};
    const auto batch = batch_of(all, offsets);
    const auto keys = cache.extend(ctx, slots, batch.sequences);
    auto together = continued(alone, 0, {1, 2, 3, 4, 5});
    const auto second = continued(alone, 1, {6, 7, 8});
    together.insert(together.end(), second.begin(), second.end());
    CHECK(copy_of(decoder().run(ctx, decoder().embed(ctx, batch), batch.sequences, causal{},
                                keys)) == together);
}

TEST_CASE("a cache whose rows are not made of its heads is refused") {
    const auto made = [](const cache_size& size) {
        return message_of([&] { kv_cache<std::int8_t>{size, {.slots = 1, .tokens = 4}}; });
    };
    CHECK(made({.layers = 1, .key_width = 10, .value_width = 12, .key_heads = 3}) ==
          "kv_cache: key_width: expected a multiple of key_heads, got 10");
    CHECK(made({.layers = 1, .key_width = 12, .value_width = 10, .key_heads = 3}) ==
          "kv_cache: value_width: expected a multiple of key_heads, got 10");
    CHECK(made({.layers = 1, .key_width = 12, .value_width = 12, .key_heads = 0}) ==
          "kv_cache: key_heads: expected at least 1, got 0");
    kv_cache<std::int8_t> one_scale{{.layers = 2, .key_width = 8, .value_width = 8},
                                    {.slots = 1, .tokens = 4}};
    CHECK(message_of([&] { continued(one_scale, 0, {1}); }) ==
          "attention: keys.scales.cols: expected 2, got 1");
}

TEST_CASE("a copy leaves alone what the slots are said to have in common") {
    auto cache = some_slots();
    continued(cache, 0, {1, 2, 3});
    continued(cache, 1, {4, 5});
    cache.copy(0, 1, 2);
    CHECK(continued(cache, 1, {6}) != last_rows({1, 2, 3, 6}, 1));
}

TEST_CASE("a sequence of no rows waits in its slot") {
    auto cache = some_slots();
    reference ctx;
    const id_list ids{1, 2, 3}, offsets{0, 0, 3};
    const idx slots[]{2, 1};
    const auto batch = batch_of(ids, offsets);
    const auto keys = cache.extend(ctx, slots, batch.sequences);
    const auto y = decoder().run(ctx, decoder().embed(ctx, batch), batch.sequences, causal{}, keys);
    CHECK(copy_of(y) == last_rows(ids, 3));
    CHECK(cache.length(2) == 0);
    CHECK(cache.length(1) == 3);
}

TEST_CASE("slots that are not there, stand twice or are full are refused, and stay as they are") {
    auto cache = some_slots();
    reference ctx;
    continued(cache, 1, {1, 2, 3, 4, 5, 6, 7, 8});
    const id_list offsets{0, 2, 5};
    const ragged sequences{offsets};
    const auto extended = [&](std::vector<idx> slots) {
        return message_of([&] { cache.extend(ctx, slots, sequences); });
    };
    CHECK(extended({0, 1}) == "kv_cache: tokens of a sequence: expected 10, got 11");
    CHECK(extended({0, 0}) == "kv_cache: slots: expected each slot once, got 0");
    CHECK(extended({0, 3}) == "kv_cache: slot: expected one below the slots, got 3");
    CHECK(extended({0}) == "kv_cache: slots: expected 2, got 1");
    CHECK(cache.length(0) == 0);
    CHECK(cache.length(1) == 8);
    cache.extend(ctx, std::vector<idx>{1, 0}, sequences);
    CHECK(cache.length(1) == 10);

    CHECK(message_of([&] { cache.length(3); }) ==
          "kv_cache: slot: expected one below the slots, got 3");
    CHECK(message_of([&] { cache.cut(1, 11); }) ==
          "kv_cache: tokens kept: expected at most those of the slot, got 11");
    CHECK(message_of([&] { cache.cut(4); }) ==
          "kv_cache: slot: expected one below the slots, got 4");
    CHECK(message_of([&] { cache.copy(1, 5); }) ==
          "kv_cache: slot: expected one below the slots, got 5");
    CHECK(message_of([&] { cache.copy(5, 1); }) ==
          "kv_cache: slot: expected one below the slots, got 5");
    CHECK(message_of([&] { cache.copy(1, 0, 4); }) ==
          "kv_cache: same tokens: expected at most those of both slots, got 4");
    CHECK(message_of([&] { cache.copy(0, 1, 4); }) ==
          "kv_cache: same tokens: expected at most those of both slots, got 4");
}

TEST_CASE("a cache of more rows than 32 bits count is refused before memory is taken") {
    const auto room = GENERATE(cache_room{idx{1} << 16, idx{1} << 15},
                               cache_room{idx{1} << 40, idx{1} << 40}, cache_room{1, idx{1} << 31});
    CHECK(message_of([&] {
              kv_cache{decoder().cached(), room};
          }) == "kv_cache: slots * tokens: expected less than 2^31, got more");
}

TEST_CASE("keys of another width than the model's are refused") {
    kv_cache cache{{.layers = 2, .key_width = 8, .value_width = 4}, {.slots = 1, .tokens = 10}};
    CHECK(message_of([&] { continued(cache, 0, {1}); }) ==
          "store_rows: cache.cols: expected 8, got 4");
}

TEST_CASE("a source that is not yet there as a whole is refused") {
    const auto model = with_random_weights(m6::model<>{m6_size});
    kv_cache cache{model.cached(), {.slots = 1, .tokens = 16}};
    reference ctx;
    const auto enter = [&](const id_list& ids, idx source) {
        const id_list offsets{0, std::int32_t(ids.size())};
        const auto batch = batch_of(ids, offsets);
        const idx slots[]{0};
        const auto keys = cache.extend(ctx, slots, batch.sequences);
        model.run(ctx, model.embed(ctx, batch, keys.first()), batch.sequences,
                  model.mask_of({0, source}), keys);
    };
    CHECK(message_of([&] {
              enter({1, 2, 3}, 4);
          }) == "attention: mask, keys shown to a row: expected 3, got 4");
    cache.cut(0);
    enter({1, 2, 3, 4}, 4);
    enter({5}, 4);
    CHECK(cache.length(0) == 5);
}

TEST_CASE("a text that grows beyond the positions of m6 is refused") {
    const auto model = with_random_weights(m6::model<>{m6_size});
    reference ctx;
    const id_list ids{1, 2}, offsets{0, 2};
    const std::int32_t last[]{22}, beyond[]{23};
    CHECK(model.embed(ctx, batch_of(ids, offsets), last).rows == 2);
    CHECK(message_of([&] { model.embed(ctx, batch_of(ids, offsets), beyond); }) ==
          "positions: first + rows of a sequence: expected 24, got 25");
}
