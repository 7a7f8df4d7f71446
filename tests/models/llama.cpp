#include "golden.hpp"

#include <reckon/io/write_safetensors.hpp>
#include <reckon/layers/prepare.hpp>
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
    for (idx s = 0; s < all.rows.sequences(); ++s) {
        const idx length = all.rows.length(s), first = length * begin / parts;
        cut.add({all.ids.data + all.rows.begin(s) + first, length * end / parts - first});
    }
    return cut;
}

/// Logits of a batch whose sequence s stands in slot s, behind what the cache holds of it.
template <class C, class Model, class K>
view<const float> continued(C& ctx, const Model& model, kv_cache<K>& cache,
                            const id_batch<>& batch) {
    std::vector<idx> slots(batch.rows.sequences());
    std::iota(slots.begin(), slots.end(), idx{0});
    const auto keys = cache.extend(ctx, slots, batch.rows);
    const auto rows = model.embed(ctx, batch, keys.first());
    return model.logits(ctx, model.run(ctx, rows, batch.rows, causal{}, keys));
}

/// What greedy decoding of the prompts adds, [sequences, count]; the prompts enter in `parts`.
template <class C, class Model>
ids greedy(C& ctx, const Model& model, const id_batch<>& prompts, idx parts, idx count) {
    const idx sequences = prompts.rows.sequences();
    kv_cache cache{model.cached(), {.slots = sequences, .tokens = prompts.rows.longest() + count}};
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
            const float* row = logits.row(batch.rows.begin(s + 1) - 1);
            const auto best = std::int32_t(std::max_element(row, row + logits.cols) - row);
            added[s * count + step + 1 - parts] = best;
            chosen.add({&best, 1});
        }
        next = chosen;
    }
    return added;
}

/// What is wrong with the folder whose config.json has `from` replaced.
std::string refusal(const std::string& name, const std::string& from, const std::string& to) {
    const temporary_folder place;
    const std::string folder = changed(place, name, from, to);
    return message_of([&] { llama::load(folder); });
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
    const idx count = wanted.size() / prompts.rows.sequences();
    for (const idx parts : {idx{1}, idx{2}, idx{3}})
        CHECK(greedy(ctx, model, prompts, parts, count) == ids(wanted.begin(), wanted.end()));

    const auto scope = ctx.scope();
    const cache_room room{prompts.rows.sequences(), prompts.rows.longest()};
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
            const idx before = part == 0 ? 0 : prompts.rows.length(s) - size;
            const auto of_whole = numbers(whole.slice(prompts.rows.begin(s) + before, size));
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

TEST_CASE("a llama folder says its sizes") {
    const llama::config plain{.vocabulary = 100,
                              .positions = 128,
                              .layers = 3,
                              .heads = 8,
                              .key_heads = 2,
                              .head_width = 6,
                              .width = 48,
                              .hidden = 96,
                              .epsilon = 1e-5f,
                              .rope = {.base = 50000},
                              .tied = false};
    const llama::config scaled{
        .vocabulary = 100,
        .positions = 512,
        .layers = 2,
        .heads = 8,
        .key_heads = 2,
        .head_width = 8,
        .width = 32,
        .hidden = 64,
        .epsilon = 1e-6f,
        .rope = {.base = 10000, .scaling = {.factor = 4, .low = 1, .high = 4, .context = 128}},
        .tied = true};
    CHECK(load<llama::model<>>(path_of("llama_tiny")).size == plain);
    CHECK(load<llama::model<>>(path_of("llama_tiny_scaled")).size == scaled);
}

TEST_CASE("what older configs of llama leave out has its old meaning") {
    const temporary_folder place;
    const auto read = [&](const std::string& from, const std::string& to) {
        const std::string folder = changed(place, "llama_tiny", from, to);
        const auto size = llama::read_config(folder + "/config.json");
        std::filesystem::remove_all(folder);
        return size;
    };
    CHECK(read(R"("head_dim": 6,)", "").head_width == 6);
    CHECK(read(R"("num_key_value_heads": 2,)", "").key_heads == 8);
    CHECK(read(R"("rope_theta": 50000.0,)", "").rope.base == 10000);
    CHECK_FALSE(read(R"("tie_word_embeddings": false,)", "").tied);
    CHECK(read(R"("attention_bias": false,)", "").heads == 8);
    const auto old = read(R"("rope_scaling": null)",
                          R"("rope_scaling": {"type": "llama3", "factor": 8, "low_freq_factor": 1,
                             "high_freq_factor": 4, "original_max_position_embeddings": 64})");
    CHECK(old.rope == rope_options{50000, {8, 1, 4, 64}});
}

TEST_CASE("transformers 5 keeps the rope's base beside its scaling, which may be none") {
    const temporary_folder place;
    const auto folder =
        changed(place, "llama_tiny_scaled", R"("rope_theta": 10000.0)", R"("rope_theta": 20000.0)");
    CHECK(llama::read_config(folder + "/config.json").rope == rope_options{20000, {4, 1, 4, 128}});
    std::filesystem::remove_all(folder);
    changed(place, "llama_tiny_scaled", R"("llama3")", R"("default")");
    CHECK(llama::read_config(folder + "/config.json").rope == rope_options{10000});
}

TEST_CASE("a llama folder of another kind is refused by the name of its key") {
    const auto [from, to, says] = GENERATE(table<std::string, std::string, std::string>({
        {R"("llama")", R"("mistral")", R"("model_type": expected "llama", got "mistral")"},
        {R"("silu")", R"("gelu")", R"("hidden_act": expected "silu", got "gelu")"},
        {R"("attention_bias": false)", R"("attention_bias": true)",
         R"("attention_bias": expected false, got true)"},
        {R"("mlp_bias": false)", R"("mlp_bias": true)", R"("mlp_bias": expected false, got true)"},
        {R"("rope_scaling": null)", R"("partial_rotary_factor": 0.5)",
         R"("partial_rotary_factor": expected 1)"},
        {R"("rope_scaling": null)", R"("rope_scaling": {"type": "linear", "factor": 2.0})",
         R"("rope_scaling": "type": expected "default" or "llama3", got "linear")"},
        {R"("rope_scaling": null)", R"("rope_scaling": {"rope_type": "yarn", "factor": 2.0})",
         R"("rope_scaling": "rope_type": expected "default" or "llama3", got "yarn")"},
        {R"("rope_scaling": null)", R"("rope_scaling": {"rope_type": "llama3"})",
         R"("rope_scaling": "factor": expected a value, got nothing)"},
        {R"("rope_scaling": null)", R"("rope_scaling": 2)",
         R"("rope_scaling": expected an object, got 2)"},
        {R"("rope_theta": 50000.0)", R"("rope_theta": 0)", R"("rope_theta": expected above 0)"},
        {R"("num_key_value_heads": 2)", R"("num_key_value_heads": 3)",
         R"("num_key_value_heads": expected a divisor of the heads 8, got 3)"},
        {R"("head_dim": 6)", R"("head_dim": 5)", R"("head_dim": expected an even number, got 5)"},
        {R"("num_hidden_layers": 3)", R"("num_hidden_layers": 0)",
         R"("num_hidden_layers": expected 1 to 4096, got 0)"},
        {R"("vocab_size": 100)", R"("vocab_size": -100)",
         R"("vocab_size": expected a non-negative integer, got -100)"},
        {R"("hidden_size": 48,)", "", R"("hidden_size": expected a value, got nothing)"},
        {R"("rms_norm_eps": 1e-05)", R"("rms_norm_eps": -1)",
         R"("rms_norm_eps": expected above 0)"},
        {R"("tie_word_embeddings": false)", R"("tie_word_embeddings": "no")",
         R"("tie_word_embeddings": expected true or false, got "no")"},
        {R"("hidden_size": 48)", R"("hidden_size": 2000000)",
         R"("hidden_size": expected 1 to 1048576, got 2000000)"},
    }));
    CHECK_THAT(refusal("llama_tiny", from, to), Catch::Contains("config.json: " + says));
}

TEST_CASE("rope parameters of transformers 5 that llama does not know are refused by name") {
    const auto [from, to, says] = GENERATE(table<std::string, std::string, std::string>({
        {R"("llama3")", R"("dynamic")",
         R"("rope_type": expected "default" or "llama3", got "dynamic")"},
        {R"("high_freq_factor": 4.0)", R"("high_freq_factor": 1.0)",
         R"("high_freq_factor": expected above low_freq_factor, got 1.0)"},
        {R"("rope_theta": 10000.0)", R"("rope_theta": -1)", R"("rope_theta": expected above 0)"},
        {R"("original_max_position_embeddings": 128)", R"("original_max_position_embeddings": 0)",
         R"("original_max_position_embeddings": expected 1 to)"},
    }));
    CHECK_THAT(refusal("llama_tiny_scaled", from, to),
               Catch::Contains(R"(config.json: "rope_parameters": )" + says));
}

TEST_CASE("heads that do not divide the width of a llama without head_dim are refused by name") {
    const temporary_folder place;
    const std::string folder = changed(place, "llama_tiny", R"("head_dim": 6,)", "");
    const auto refusal_of = [&](const std::string& heads) {
        std::string config = read_text(folder + "/config.json");
        const std::string key = R"("num_attention_heads": )";
        config.replace(config.find(key + "8"), key.size() + 1, key + heads);
        std::ofstream{folder + "/other.json"} << config;
        return message_of([&] { llama::read_config(folder + "/other.json"); });
    };
    const std::string says = R"("num_attention_heads": expected a divisor of the width 48, got )";
    CHECK_THAT(refusal_of("10"), Catch::Contains(says + "10"));
    CHECK_THAT(refusal_of("96"), Catch::Contains(says + "96"));
}

TEST_CASE("a llama folder that lacks a file is refused by its path") {
    const temporary_folder place;
    CHECK_THAT(message_of([&] { llama::load(place.file("nowhere")); }),
               Catch::Contains("nowhere/config.json"));
    const std::string folder = changed(place, "llama_tiny_bf16", "{", "{");
    std::filesystem::remove(folder + "/model.safetensors");
    CHECK_THAT(message_of([&] { llama::load(folder); }),
               Catch::Contains("llama_tiny_bf16/model.safetensors"));
}

TEST_CASE("sizes that a llama's shards are far from filling are refused before memory is taken") {
    CHECK_THAT(refusal("llama_tiny", R"("vocab_size": 100)", R"("vocab_size": 2000000000)"),
               Catch::Contains("model.safetensors.index.json: expected the 192000"));
}

TEST_CASE("generation_config.json says where a text ends, or else config.json; an id or a list") {
    const llama::config size{.vocabulary = 100};
    const temporary_folder place;
    const auto end_of = [&](const std::string& folder) {
        return llama::read_special_ids(folder, size).end;
    };
    CHECK(end_of(path_of("llama_tiny")) == ids{39, 10});
    CHECK(end_of(path_of("llama_tiny_bf16")) == ids{27});
    CHECK(end_of(path_of("llama_tiny_scaled")) == ids{93, 7});
    CHECK(llama::read_special_ids(path_of("llama_tiny"), size).begin == 1);

    const std::string key = R"("eos_token_id": )";
    const auto none = changed(place, "llama_tiny_bf16", key + "27", key + "null");
    CHECK(end_of(none).empty());
    std::ofstream{none + "/generation_config.json"} << "{" << key << "12}";
    CHECK(end_of(none) == ids{12});
    CHECK(llama::read_special_ids(none, size).begin == 1);  // from config.json
    std::filesystem::remove_all(none);

    const auto refusal_of = [&](const std::string& value) {
        const auto folder = changed(place, "llama_tiny_bf16", key + "27", key + value);
        const auto says = message_of([&] { end_of(folder); });
        std::filesystem::remove_all(folder);
        return says;
    };
    CHECK_THAT(refusal_of("100"),
               Catch::Contains(R"(config.json: "eos_token_id": expected ids below 100, got 100)"));
    CHECK_THAT(refusal_of("[7, 4294967303]"), Catch::Contains("ids below 100, got 4294967303"));
    CHECK_THAT(refusal_of("-1"), Catch::Contains("expected a non-negative integer, got -1"));
    CHECK_THAT(refusal_of(R"(["a"])"), Catch::Contains(R"(expected a non-negative integer)"));
}

TEST_CASE("a tied llama whose checkpoint holds the head all the same loads, an untied needs it") {
    const temporary_folder place;
    const std::string folder = changed(place, "llama_tiny_scaled", "{", "{");
    const auto original = safetensors::open(path_of("llama_tiny_scaled/model.safetensors"));
    std::vector<stored_tensor> tensors(original.tensors().begin(), original.tensors().end());
    tensors.push_back(original.at("model.embed_tokens.weight"));
    tensors.back().name = "lm_head.weight";
    const std::vector<float> frequencies(4, 1.0f);
    tensors.push_back(
        store("model.layers.1.self_attn.rotary_emb.inv_freq", {4}, std::span{frequencies}));
    write_safetensors(folder + "/model.safetensors", tensors);

    const file expected(expected_of("llama_tiny_scaled"));
    const auto batch = expected.batch("ids", "offsets");
    context<cpu_reference> ctx;
    CHECK(relative_difference(
              numbers(logits_of(ctx, llama::load(folder), batch)),
              numbers(logits_of(ctx, llama::load(path_of("llama_tiny_scaled")), batch))) == 0);

    CHECK_THAT(refusal("llama_tiny_scaled", R"("tie_word_embeddings": true)",
                       R"("tie_word_embeddings": false)"),
               Catch::Contains(R"(missing "lm_head.weight": F32 [100, 32])"));
    CHECK_THAT(refusal("llama_tiny", R"("num_hidden_layers": 3)", R"("num_hidden_layers": 2)"),
               Catch::Contains(R"(surplus "model.layers.2.input_layernorm.weight")"));
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
