#include "golden.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/models/llama.hpp>

#include <algorithm>
#include <numeric>

using namespace golden;

namespace {

using ids = std::vector<std::int32_t>;

struct bf16_spec : llama::spec {
    using linear = dense<bf16>;
    using table = dense<bf16>;
};

std::string expected_of(const std::string& name) { return name + "_expected.safetensors"; }

template <class C, class Model>
view<const float> logits_of(C& ctx, const Model& model, auto batch) {
    return model.logits(ctx, model(ctx, batch));
}

/// Some rows of each sequence, for the cache.
struct pieces {
    ids all, offsets{0};

    void add(std::span<const std::int32_t> rows) {
        all.insert(all.end(), rows.begin(), rows.end());
        offsets.push_back(std::int32_t(all.size()));
    }
    id_batch<> batch() const { return batch_of(all, offsets); }
};

/// The rows of every sequence from its begin / parts of the way to its end / parts.
pieces part_of(const id_batch<>& all, idx begin, idx end, idx parts) {
    pieces cut;
    for (idx s = 0; s < all.sequences.count(); ++s) {
        const idx length = all.sequences.length(s), first = length * begin / parts;
        cut.add({all.ids.data + all.sequences.begin(s) + first, length * end / parts - first});
    }
    return cut;
}

/// Logits of a batch whose sequence s stands in slot s, behind what the cache holds of it.
template <class C, class Model, class K>
view<const float> continued(C& ctx, const Model& model, kv_cache<K>& cache,
                            const id_batch<>& batch) {
    std::vector<idx> slots(batch.sequences.count());
    std::iota(slots.begin(), slots.end(), idx{0});
    const auto keys = cache.extend(ctx, slots, batch.sequences);
    const auto rows = model.embed(ctx, batch, keys.first());
    return model.logits(ctx, model.run(ctx, rows, batch.sequences, causal{}, keys));
}

/// What greedy decoding of the prompts adds, [sequences, count]; the prompts enter in `parts`.
template <class C, class Model>
ids greedy(C& ctx, const Model& model, const id_batch<>& prompts, idx parts, idx count) {
    const idx sequences = prompts.sequences.count();
    kv_cache cache{model.cached(),
                   {.slots = sequences, .tokens = prompts.sequences.longest() + count}};
    ids added(sequences * count);
    pieces next;
    for (idx step = 0; step < parts + count - 1; ++step) {
        const auto scope = ctx.scope();
        if (step < parts) next = part_of(prompts, step, step + 1, parts);
        const auto batch = next.batch();
        const auto logits = continued(ctx, model, cache, batch);
        if (step + 1 < parts) continue;
        pieces chosen;
        for (idx s = 0; s < sequences; ++s) {
            const float* row = logits.row(batch.sequences.begin(s + 1) - 1);
            const auto best = std::int32_t(std::max_element(row, row + logits.cols) - row);
            added[s * count + step + 1 - parts] = best;
            chosen.add({&best, 1});
        }
        next = chosen;
    }
    return added;
}

}  // namespace

TEMPLATE_TEST_CASE("llama gives the logits of transformers", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("llama gives the logits")) return;
    const std::string name = GENERATE("llama_tiny", "llama_tiny_scaled", "llama_tiny_bf16");
    const file expected(expected_of(name));
    const auto batch = expected.batch("ids", "offsets");
    const auto model = llama::load(path_of(name));
    context<typename TestType::tag> ctx;
    const auto check = [&](const auto& m) {
        const auto scope = ctx.scope();
        CHECK(relative_difference(numbers(logits_of(ctx, m, batch)),
                                  expected.get<float>("logits")) < tolerance::model);
    };
    check(model);
    check(prepare(ctx, model));
}

TEMPLATE_TEST_CASE("llama makes the same of one ragged batch and of one text at a time", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("llama packed against one by one")) return;
    const file expected(expected_of("llama_tiny"));
    const auto batch = expected.batch("ids", "offsets");
    const auto model = llama::load(path_of("llama_tiny"));
    context<typename TestType::tag> ctx{{.threads = 2}};
    const double most = TestType::exact ? 0 : tolerance::packed;
    CHECK(packing_difference(ctx, model, batch) <= most);
    CHECK(packing_difference(ctx, prepare(ctx, model), batch) <= most);
}

TEMPLATE_TEST_CASE("llama says the same behind its cache as in one go, and as transformers", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("llama behind its cache")) return;
    const std::string name = GENERATE("llama_tiny", "llama_tiny_scaled");
    const file expected(expected_of(name));
    const auto prompts = expected.batch("ids", "offsets");
    const auto model = llama::load(path_of(name));
    context<typename TestType::tag> ctx;

    const auto wanted = expected.get<std::int32_t>("greedy");
    const idx count = wanted.size() / prompts.sequences.count();
    for (const idx parts : {idx{1}, idx{2}, idx{3}})
        CHECK(greedy(ctx, model, prompts, parts, count) == ids(wanted.begin(), wanted.end()));

    const auto scope = ctx.scope();
    const cache_room room{prompts.sequences.count(), prompts.sequences.longest()};
    kv_cache cache{model.cached(), room};
    kv_cache<bf16> half{model.cached(), room};
    kv_cache<std::int8_t> quarter{model.cached(), room};
    CHECK(2 * half.bytes() == cache.bytes());
    const idx head_width = model.size.head_width;  // bytes, and four of a scale
    CHECK(4 * head_width * quarter.bytes() == (head_width + 4) * cache.bytes());
    const auto whole = logits_of(ctx, model, prompts);
    for (idx part = 0; part < 2; ++part) {
        const pieces rows = part_of(prompts, part, part + 1, 2);
        const auto exact = continued(ctx, model, cache, rows.batch());
        const auto near = continued(ctx, model, half, rows.batch());
        const auto coarse = continued(ctx, model, quarter, rows.batch());
        for (idx s = 0; s < room.slots; ++s) {
            const idx begin = idx(rows.offsets[s]), size = idx(rows.offsets[s + 1]) - begin;
            const idx before = part == 0 ? 0 : prompts.sequences.length(s) - size;
            const auto of_whole = numbers(whole.slice(prompts.sequences.begin(s) + before, size));
            CHECK(relative_difference(numbers(exact.slice(begin, size)), of_whole) <
                  tolerance::packed);
            CHECK(relative_difference(numbers(near.slice(begin, size)), of_whole) <
                  tolerance::bf16_keys);
            CHECK(relative_difference(numbers(coarse.slice(begin, size)), of_whole) <
                  tolerance::int8_keys);
        }
    }
}

TEST_CASE("llama keeps weights in bf16, and activations are rounded where it multiplies them") {
    const auto batch_file = file(expected_of("llama_tiny_bf16"));
    const auto batch = batch_file.batch("ids", "offsets");
    const auto model = llama::load(path_of("llama_tiny_bf16"));
    const auto half = llama::load<bf16_spec>(path_of("llama_tiny_bf16"));
    CHECK(count(half).bytes < count(model).bytes * 51 / 100);  // but for the norms' gains
    context<cpu_reference> ctx;
    const double difference = relative_difference(numbers(logits_of(ctx, half, batch)),
                                                  numbers(logits_of(ctx, model, batch)));
    CHECK(difference > 0);
    CHECK(difference < tolerance::bf16_products);
}

TEST_CASE("a text beyond the positions of llama, or the room of its cache, is refused") {
    const auto model = llama::load(path_of("llama_tiny"));
    context<cpu_reference> ctx;
    const auto text = [](idx length) {
        pieces rows;
        rows.add(ids(length, 1));
        return rows;
    };
    const pieces most = text(128), beyond = text(129), one = text(1);
    CHECK(model(ctx, most.batch()).rows == 128);
    CHECK_THAT(message_of([&] { model(ctx, beyond.batch()); }),
               Catch::Equals("positions: rows of a sequence: expected 128, got 129"));

    kv_cache roomy{model.cached(), {.slots = 1, .tokens = 200}};
    continued(ctx, model, roomy, most.batch());
    CHECK_THAT(message_of([&] { continued(ctx, model, roomy, one.batch()); }),
               Catch::Equals("positions: first + rows of a sequence: expected 128, got 129"));

    kv_cache narrow{model.cached(), {.slots = 1, .tokens = 128}};
    continued(ctx, model, narrow, most.batch());
    CHECK_THAT(message_of([&] { continued(ctx, model, narrow, one.batch()); }),
               Catch::Equals("kv_cache: tokens of a sequence: expected 128, got 129"));
    CHECK(narrow.length(0) == 128);
}

TEST_CASE("a token that llama does not have is refused") {
    const auto model = llama::load(path_of("llama_tiny"));
    context<cpu_reference> ctx;
    pieces rows;
    rows.add(ids{3, 100});
    CHECK_THAT(message_of([&] { model(ctx, rows.batch()); }),
               Catch::Contains("ids below 100, got 100 at 1"));
}
