#include "fake_language_model.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

using namespace reckon;
using fake::fake_model;
using fake::ids;

namespace {

/// Prompts of 1 to 9 ids, of 1 to 20 new tokens, greedy or sampled in some way.
std::vector<generation_request> random_requests(idx count) {
    std::vector<generation_request> all(count);
    const philox random{3};
    idx n = 0;
    for (auto& r : all) {
        r.prompt.resize(1 + random.below(n++, 9));
        for (auto& id : r.prompt) id = std::int32_t(random.below(n++, 20));
        r.max_tokens = 1 + random.below(n++, 20);
        r.how.seed = random.below(n++, 3);
        if (random.below(n++, 3) != 0) r.how.temperature = random.uniform(n++, 0.5f, 2);
        if (random.below(n++, 3) == 0) r.how.top_k = 1 + random.below(n++, 20);
        if (random.below(n++, 3) == 0) r.how.top_p = random.uniform(n++, 0.1f, 1);
        if (random.below(n++, 3) == 0) r.how.repetition_penalty = random.uniform(n++, 0.5f, 2);
        if (random.below(n++, 3) == 0) r.stop = {std::int32_t(random.below(n++, 20)), 7};
    }
    return all;
}

/// What a request should become: without batch and cache.
ids plainly(const fake_model& model, const generation_request& r) {
    token_chances chances(model.size.vocabulary);
    ids text = r.prompt, output;
    while (output.size() < r.max_tokens) {
        const auto logits = model.behind(text);
        const auto all =
            chances.of(row_view(logits.data(), logits.size()), r.how, {}, r.prompt, output);
        const auto id = drawn(all, philox{r.how.seed, 0}.uniform(output.size()));
        if (std::find(r.stop.begin(), r.stop.end(), id) != r.stop.end()) break;
        text.push_back(id);
        output.push_back(id);
    }
    return output;
}
std::vector<ids> plainly(const fake_model& model, const std::vector<generation_request>& all) {
    std::vector<ids> outputs;
    for (const auto& r : all) outputs.push_back(plainly(model, r));
    return outputs;
}

}  // namespace

TEST_CASE("a sequence becomes the same in any batch, whoever enters and leaves") {
    const fake_model model;
    context<cpu_reference> ctx;
    const auto requests = random_requests(60);
    const auto expected = plainly(model, requests);
    for (idx slots : std::vector<idx>{1, 2, 7, 60, 100})
        CHECK(generate(ctx, model, requests, slots) == expected);
    CHECK(generate<bf16>(ctx, model, requests) == expected);  // these ids are exact in bf16
    CHECK(generate(ctx, model, {}).empty());
    CHECK(ctx.workspace().used() == 0);
}

TEST_CASE("tokens are told as they come: a step after the other, in the order of the places") {
    const fake_model model;
    context<cpu_reference> ctx;
    const auto requests = random_requests(9);
    std::vector<ids> told(requests.size());
    const auto outputs = generate(ctx, model, requests, 4, [&](idx request, std::int32_t id) {
        told[request].push_back(id);
    });
    CHECK(told == outputs);

    generator texts(ctx, model, {.slots = 3, .tokens = 20});
    for (idx n : std::vector<idx>{2, 1, 3}) texts.enter({.prompt = {4}, .max_tokens = n});
    std::vector<std::pair<idx, idx>> order;  // step, place
    for (idx step = 0; texts.running() != 0; ++step)
        texts.step([&](idx place, std::int32_t id) {
            CHECK(id == texts.output(place).back());
            order.emplace_back(step, place);
        });
    CHECK(order ==
          std::vector<std::pair<idx, idx>>{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 2}});
    texts.step([](idx, std::int32_t) { FAIL("nobody runs"); });
}

TEST_CASE("a callback may let sequences leave and enter while the step's tokens are told") {
    const fake_model model;
    context<cpu_reference> ctx;
    const auto requests = random_requests(4);
    generator texts(ctx, model, {.slots = 3, .tokens = 40});
    for (idx i : std::vector<idx>{0, 1, 2}) texts.enter(requests[i]);
    std::vector<idx> told;
    texts.step([&](idx place, std::int32_t) {
        told.push_back(place);
        if (place != 0) return;
        texts.leave(1);
        texts.leave(2);
        CHECK(texts.enter(requests[3]) == 1);
    });
    CHECK(told == std::vector<idx>{0});
    while (texts.running() != 0) texts.step();
    CHECK(texts.output(0) == plainly(model, requests[0]));
    CHECK(texts.output(1) == plainly(model, requests[3]));
}

TEST_CASE("a stop id ends a text and is no part of it") {
    const fake_model model;
    context<cpu_reference> ctx;
    const generation_request free{.prompt = {3, 1}, .max_tokens = 12};
    const ids all = plainly(model, free);
    for (idx end = 0; end <= all.size(); ++end) {
        auto r = free;
        if (end < all.size()) r.stop = {19, all[end], 18};
        const idx first =
            end < all.size()
                ? idx(std::find_first_of(all.begin(), all.end(), r.stop.begin(), r.stop.end()) -
                      all.begin())
                : end;
        generator texts(ctx, model, {.slots = 1, .tokens = 14});
        texts.enter(r);
        idx told = 0;
        while (texts.running() != 0) texts.step([&](idx, std::int32_t) { ++told; });
        CHECK(texts.output(0) == ids(all.begin(), all.begin() + std::ptrdiff_t(first)));
        CHECK(told == first);
        CHECK(texts.ended(0) == (end < all.size() ? ending::stop : ending::max_tokens));
    }
}

TEST_CASE("a seed is a text: the same again, and another with another seed") {
    const fake_model model;
    context<cpu_reference> ctx;
    std::vector<generation_request> requests;
    for (idx seed : std::vector<idx>{1, 2, 1, 3})
        requests.push_back(
            {.prompt = {5}, .max_tokens = 30, .how = {.temperature = 1.f, .seed = seed}});
    const auto texts = generate(ctx, model, requests, 3);
    CHECK(texts[0] == texts[2]);
    CHECK(texts[0] != texts[1]);
    CHECK(texts[0] != texts[3]);
    CHECK(texts[1] != texts[3]);
}

TEST_CASE("embedded rows go on as their ids do, beside sequences of ids") {
    const fake_model model;
    context<cpu_reference> ctx;
    auto requests = random_requests(12);
    for (auto& r : requests) r.how.repetition_penalty = 1;  // knows no ids of rows
    const auto expected = plainly(model, requests);
    for (idx i = 0; i < requests.size(); ++i)
        if (i % 3 != 1) {
            requests[i].rows = fake::rows_of(ctx, model, requests[i].prompt);
            requests[i].prompt.clear();
        }
    CHECK(generate(ctx, model, requests, 5) == expected);
}

TEST_CASE("a step that failed may be repeated") {
    fake_model model;
    context<cpu_reference> ctx;
    auto requests = random_requests(4);
    requests[2].rows = fake::rows_of(ctx, model, requests[2].prompt);
    requests[2].how.repetition_penalty = 1;
    for (auto& r : requests) r.stop.clear();  // each step tells a token
    const auto expected = plainly(model, requests);
    requests[2].prompt.clear();
    generator texts(ctx, model, {.slots = 4, .tokens = 40});
    for (const auto& r : requests) texts.enter(r);
    for (idx step = 0; texts.running() != 0; ++step) {
        model.noise = std::numeric_limits<float>::quiet_NaN();
        CHECK_THROWS_WITH(texts.step(), Catch::Contains("logits") && Catch::Contains("NaN"));
        model.noise = 0;
        if (step % 2 == 0)
            CHECK_THROWS_AS(texts.step([](idx, std::int32_t) { throw std::runtime_error{"full"}; }),
                            std::runtime_error);
        else
            texts.step();
    }
    for (idx i = 0; i < requests.size(); ++i) CHECK(texts.output(i) == expected[i]);
}

TEST_CASE("what is wrong with a request is refused at the door") {
    const fake_model model;
    context<cpu_reference> ctx;
    generator texts(ctx, model, {.slots = 1, .tokens = 24});
    const generation_request good{.prompt = {1, 2, 3}, .max_tokens = 21};
    const auto refused = [&](auto change, const std::string& argument, const std::string& expected,
                             const std::string& actual) {
        auto r = good;
        change(r);
        try {
            texts.enter(std::move(r));
            FAIL("entered: " << argument);
        } catch (const error& e) {
            CHECK(std::string{e.what()} ==
                  "generate: " + argument + ": expected " + expected + ", got " + actual);
        }
    };
    const float none = std::numeric_limits<float>::quiet_NaN();
    refused([](auto& r) { r.prompt.clear(); }, "prompt", "at least one id", "0");
    refused([](auto& r) { r.prompt[1] = 20; }, "prompt", "ids from 0, below 20", "20");
    refused([](auto& r) { r.prompt[1] = -1; }, "prompt", "ids from 0, below 20", "-1");
    refused([](auto& r) { r.stop = {20}; }, "stop", "ids from 0, below 20", "20");
    refused([](auto& r) { r.rows = matrix<float>(1, 1); }, "prompt", "ids or rows", "both");
    refused([](auto& r) { r.prompt.clear(), r.rows = matrix<float>(1, 2); }, "rows.cols", "1", "2");
    refused([](auto& r) { r.max_tokens = 0; }, "max_tokens", "at least 1", "0");
    refused([](auto& r) { r.max_tokens = 22; }, "prompt + max_tokens (the context)", "at most 24",
            "25");
    refused([](auto& r) { r.max_tokens = ~idx{0} - 1; }, "prompt + max_tokens (the context)",
            "at most 24", std::to_string(~idx{0}));
    refused([](auto& r) { r.prompt.resize(30); }, "prompt + max_tokens (the context)", "at most 24",
            "51");
    refused([](auto& r) { r.soft_prompts = 4; }, "soft_prompts", "at most 3", "4");
    refused([](auto& r) { r.soft_prompts = 2, r.source = 2; }, "source", "at most 1", "2");
    refused([](auto& r) { r.source = ~idx{0}; }, "source", "at most 3", std::to_string(~idx{0}));
    texts.enter(good);  // nothing of that took the place
    CHECK_THROWS_WITH(texts.enter(good), "generator: slots: expected a free one, got none");

    const auto sampling_refused = [&](const sampling& how, const std::string& argument) {
        auto r = good;
        r.how = how;
        texts.leave(0);
        CHECK_THROWS_WITH(texts.enter(r),
                          Catch::StartsWith("sampling: " + argument + ": expected "));
        texts.enter(good);
    };
    for (float wrong : {-1.f, none, std::numeric_limits<float>::infinity()})
        sampling_refused({.temperature = wrong}, "temperature");
    for (float wrong : {0.f, -1.f, 1.5f, none}) sampling_refused({.top_p = wrong}, "top_p");
    for (float wrong : {0.f, -1.f, none})
        sampling_refused({.repetition_penalty = wrong}, "repetition_penalty");

    for (idx nobody : std::vector<idx>{1, 9}) {
        CHECK_THROWS_AS(texts.output(nobody), error);
        CHECK_THROWS_AS(texts.ended(nobody), error);
        CHECK_THROWS_AS(texts.finished(nobody), error);
        CHECK_THROWS_AS(texts.leave(nobody), error);
    }
    texts.leave(0);
    CHECK_THROWS_AS(texts.output(0), error);
    CHECK_FALSE(texts.finished(0));
}

TEST_CASE("a list of requests is checked before any of them runs") {
    const fake_model model;
    context<cpu_reference> ctx;
    auto requests = random_requests(5);
    requests.back().prompt.push_back(20);
    const auto run = [&] {
        generate(ctx, model, requests, 1, [](idx, std::int32_t) { FAIL("one ran"); });
    };
    CHECK_THROWS_WITH(run(), Catch::StartsWith("generate: prompt: "));
    requests.back() = {.prompt = {1},
                       .max_tokens = 64};  // one more than the model has positions for
    CHECK_THROWS_WITH(run(), Catch::Contains("context") && Catch::Contains("at most 64, got 65"));
    requests = {{.prompt = {1}, .max_tokens = 63}};
    CHECK(generate(ctx, model, requests).front().size() == 63);
}
