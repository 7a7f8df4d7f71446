// What a llama folder says of its model, and which folders are refused.
#include "golden.hpp"

#include <reckon/io/write_safetensors.hpp>
#include <reckon/models/llama.hpp>

using namespace golden;

namespace {

using ids = std::vector<std::int32_t>;

/// What is wrong with the folder whose config.json has `from` replaced.
std::string refusal(const std::string& name, const std::string& from, const std::string& to) {
    const temporary_folder place;
    const std::string folder = changed(place, name, from, to);
    return message_of([&] { llama::load(folder); });
}

}  // namespace

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

    const file expected("llama_tiny_scaled_expected.safetensors");
    const auto batch = expected.batch("ids", "offsets");
    context<cpu_reference> ctx;
    const auto logits = [&](const std::string& of) {
        const auto model = llama::load(of);
        return numbers(model.logits(ctx, model(ctx, batch)));
    };
    CHECK(relative_difference(logits(folder), logits(path_of("llama_tiny_scaled"))) == 0);

    CHECK_THAT(refusal("llama_tiny_scaled", R"("tie_word_embeddings": true)",
                       R"("tie_word_embeddings": false)"),
               Catch::Contains(R"(missing "lm_head.weight": F32 [100, 32])"));
    CHECK_THAT(refusal("llama_tiny", R"("num_hidden_layers": 3)", R"("num_hidden_layers": 2)"),
               Catch::Contains(R"(surplus "model.layers.2.input_layernorm.weight")"));
}
