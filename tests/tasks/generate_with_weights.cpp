// Generation with real weights: stories260K tells its story, and m6 goes on as its goldens do.
#include "fake_language_model.hpp"
#include "models/golden.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/io/load.hpp>
#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/models/m6.hpp>
#include <reckon/ops/log_softmax.hpp>
#include <reckon/tasks/generate.hpp>
#include <reckon/text/llama2c_vocabulary.hpp>

#include <filesystem>
#include <optional>
#include <utility>

using namespace golden;
using fake::ids;

namespace {

struct stories {
    std::filesystem::path folder;
    llama2c_vocabulary text;

    /// BOS and the text.
    generation_request request(const std::string& prompt, idx max_tokens) const {
        generation_request r{.prompt = {1}, .max_tokens = max_tokens};
        for (std::int32_t id : text.encode(prompt)) r.prompt.push_back(id);
        return r;
    }
    /// Seven that end at different times; the first becomes the expected text.
    std::vector<generation_request> batch() const {
        std::vector<generation_request> all{request("", 200)};
        for (const char* prompt : {"Once upon a time", "Lily and Tom went to the park", "A",
                                   "The dog was sad because he lost his big red ball in the garden",
                                   "One day, a", "\"Hello\", said"})
            all.push_back(request(prompt, 20 + 7 * all.size()));
        all[6].how = {.temperature = 0.9f, .top_p = 0.95f, .seed = 4};
        return all;
    }
};

std::optional<stories> find_stories(const std::string& test) {
    const auto folder = test_support::data(test, "stories260k");
    if (!folder) return {};
    return stories{*folder, llama2c_vocabulary::load((*folder / "tok512.bin").string())};
}

/// Alone, in a batch of four places, with any number of threads.
template <class C, class Model> void expect_stories(const Model& model, const stories& s) {
    C one, two{{.threads = 2}}, three{{.threads = 3}};
    const auto requests = s.batch();
    const auto outputs = generate(one, model, requests, 4);
    for (idx i = 0; i < requests.size(); ++i) {
        CAPTURE(i);
        CHECK(outputs[i].size() == requests[i].max_tokens);
        CHECK(generate(one, model, {requests[i]}).front() == outputs[i]);
    }
    CHECK(s.text.decode(outputs[0]) == read_text((s.folder / "expected_greedy_200.txt").string()));
    CHECK(generate(two, model, requests, 4) == outputs);
    CHECK(generate(three, model, requests, 4) == outputs);
}

/// Alone, in a batch and with threads, over a cache in int8; exact backends to the bit.
template <class C, class Model> void expect_int8_stories(const Model& model, const stories& s) {
    C one, two{{.threads = 2}};
    const auto requests = s.batch();
    const auto outputs = generate<std::int8_t>(one, model, requests, 4);
    for (idx i = 0; i < requests.size(); ++i) {
        CAPTURE(i);
        CHECK(outputs[i].size() == requests[i].max_tokens);
        CHECK(generate<std::int8_t>(one, model, {requests[i]}).front() == outputs[i]);
    }
    CHECK(generate<std::int8_t>(two, model, requests, 4) == outputs);
}

/// exp of the mean surprise at each token of a text behind those before it, a few at a time.
template <class K, class C, class Model>
double perplexity(C& ctx, const Model& model, const ids& text) {
    kv_cache<K> cache{model.cached(), {.slots = 1, .tokens = text.size()}};
    double surprise = 0;
    for (idx begin = 0; begin + 1 < text.size(); begin += 7) {
        const auto scope = ctx.scope();
        const idx count = std::min(idx{7}, text.size() - 1 - begin), slot = 0;
        const std::int32_t offsets[] = {0, std::int32_t(count)};
        const auto batch = batch_of(std::span{text}.subspan(begin, count), offsets);
        const auto keys = cache.extend(ctx, std::span{&slot, 1}, batch.sequences);
        const auto x = model.embed(ctx, batch, keys.first());
        const auto chances = ops::log_softmax(
            ctx, model.logits(ctx, model.run(ctx, x, batch.sequences, causal{}, keys)));
        for (idx i = 0; i < count; ++i) surprise -= double(chances(i, idx(text[begin + i + 1])));
    }
    return std::exp(surprise / double(text.size() - 1));
}

}  // namespace

TEMPLATE_TEST_CASE("stories260K tells the expected story, alone and in a ragged batch", "",
                   RECKON_TEST_BACKENDS) {
    const std::string test = "stories260K tells the expected story";
    if (!test_support::runs<TestType>(test)) return;
    const auto s = find_stories(test);
    if (!s) return;
    using C = context<typename TestType::tag>;
    const auto model = llama::load(s->folder.string());
    expect_stories<C>(model, *s);
    C ctx;
    if constexpr (!std::same_as<typename C::kernels::packing, unpacked>)
        expect_stories<C>(prepare(ctx, model), *s);
}

TEMPLATE_TEST_CASE("stories260K tells from an int8 cache what it tells alone, hardly surprised", "",
                   RECKON_TEST_BACKENDS) {
    const std::string test = "stories260K from an int8 cache";
    if (!test_support::runs<TestType>(test)) return;
    const auto s = find_stories(test);
    if (!s) return;
    context<typename TestType::tag> ctx;
    const auto model = llama::load(s->folder.string());
    expect_int8_stories<context<typename TestType::tag>>(model, *s);
    const auto text = s->request(read_text((s->folder / "expected_greedy_200.txt").string()), 1);
    const double exact = perplexity<float>(ctx, model, text.prompt);
    const double kept = perplexity<std::int8_t>(ctx, model, text.prompt);
    CAPTURE(exact, kept);
    CHECK(std::abs(kept - exact) < 0.01 * exact);  // 1.605 becomes 1.612
    CHECK(kept != exact);
}

TEST_CASE("stories260K goes on from rows as from ids, and from narrower caches") {
    const auto s = find_stories("stories260K goes on from rows");
    if (!s) return;
    const auto model = llama::load(s->folder.string());
    context<cpu_reference> ctx;
    auto request = s->request("Once upon a time", 60);
    generator exact(ctx, model, {.slots = 2, .tokens = 100});
    generator<context<cpu_reference>, llama::model<>, bf16> rounded(ctx, model,
                                                                    {.slots = 2, .tokens = 100});
    generator<context<cpu_reference>, llama::model<>, std::int8_t> coarse(
        ctx, model, {.slots = 2, .tokens = 100});
    CHECK(2 * rounded.cache().bytes() == exact.cache().bytes());
    CHECK(8 * coarse.cache().bytes() == 3 * exact.cache().bytes());  // heads of 8: 12 of 32 bytes
    exact.enter(request);
    rounded.enter(request);
    coarse.enter(request);
    request.rows = fake::rows_of(ctx, model, request.prompt);
    request.prompt.clear();
    exact.enter(request);
    rounded.enter(request);
    coarse.enter(request);
    while (exact.running() + rounded.running() + coarse.running() != 0) {
        exact.step();
        rounded.step();
        coarse.step();
    }
    CHECK(exact.output(1) == exact.output(0));
    CHECK(rounded.output(1) == rounded.output(0));
    CHECK(rounded.output(0) == exact.output(0));
    CHECK(coarse.output(1) == coarse.output(0));
    CHECK(coarse.output(0) == exact.output(0));
}

namespace {

m6::model<> tiny_m6() {
    m6::model<> model{
        {.vocabulary = 60, .positions = 64, .layers = 3, .heads = 4, .width = 32, .hidden = 128}};
    load_parameters(model, safetensors::open(path_of("m6_tiny_plain/model.safetensors")));
    return model;
}

std::int32_t best(const float* row) { return std::int32_t(std::max_element(row, row + 60) - row); }

/// The sequences of the goldens, and what each should go on with.
struct m6_texts {
    file expected{"m6_tiny_plain_expected.safetensors"};
    id_batch<> all = expected.batch("ids", "offsets");
    std::span<const std::int32_t> sources = expected.get<std::int32_t>("sources");

    static std::int32_t next(std::span<const float> logits, const ragged& sequences, idx s) {
        return best(logits.data() + (sequences.begin(s + 1) - 1) * 60);
    }
};

}  // namespace

TEST_CASE("m6 reads the source of each sequence both ways, and goes on one way") {
    const auto model = tiny_m6();
    const m6_texts texts;
    context<cpu_reference> ctx;
    std::vector<generation_request> requests;
    for (idx s = 0; s < texts.sources.size(); ++s) {
        const auto begin = texts.all.ids.data + texts.all.sequences.begin(s);
        requests.push_back({.prompt = {begin, begin + texts.all.sequences.length(s)},
                            .source = idx(texts.sources[s]),
                            .max_tokens = 12});
    }
    const auto outputs = generate(ctx, model, requests, 3);
    for (idx s = 0; s < requests.size(); ++s) {
        CAPTURE(s);
        CHECK(outputs[s][0] ==
              texts.next(texts.expected.get<float>("logits"), texts.all.sequences, s));
        ids text = requests[s].prompt;  // read anew for each token, without a cache
        for (std::int32_t id : outputs[s]) {
            const auto scope = ctx.scope();
            const std::int32_t offsets[] = {0, std::int32_t(text.size())};
            const auto states = model(ctx, batch_of(text, offsets), requests[s].source);
            CHECK(id == best(model.logits(ctx, states.slice(text.size() - 1, 1)).data));
            text.push_back(id);
        }
    }
}

TEST_CASE("m6 goes on behind rows in front, of which each sequence has its own number") {
    const auto model = tiny_m6();
    const m6_texts texts;
    const auto set = texts.expected.get<std::int32_t>("prompts/of");
    const ragged sequences{texts.expected.get<std::int32_t>("prompts/offsets")};
    context<cpu_reference> ctx;
    std::vector<generation_request> requests;
    for (idx s = 0; s < texts.sources.size(); ++s) {
        const auto scope = ctx.scope();
        const one_sequence text(texts.all, s);
        const auto prompts =
            texts.expected.get<float>(set[s] == 1 ? "prompts/set.1" : "prompts/set.0");
        const view<const float> table{prompts.data(), prompts.size() / 32, 32};
        const idx count = set[s] < 0 ? 0 : table.rows;
        const auto x = with_soft_prompts(
            ctx, model, soft_prompts_of(ctx, table, 0, count, text.batch.sequences), text.batch);
        generation_request r{.rows = {x.rows, x.cols},
                             .soft_prompts = count,
                             .source = idx(texts.sources[s]),
                             .max_tokens = 1};
        std::copy_n(x.data, x.size(), r.rows.data());
        requests.push_back(std::move(r));
    }
    const auto outputs = generate(ctx, model, requests);
    for (idx s = 0; s < requests.size(); ++s)
        CHECK(outputs[s] ==
              ids{texts.next(texts.expected.get<float>("prompts/logits"), sequences, s)});
}
