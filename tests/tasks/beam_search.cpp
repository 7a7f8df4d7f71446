#include "fake_language_model.hpp"
#include "io/raw_file.hpp"
#include "support/skip.hpp"

#include <reckon/models/llama.hpp>
#include <reckon/tasks/beam_search.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

using namespace reckon;
using fake::fake_model;
using fake::ids;

namespace {

using Catch::Contains;

bool holds(const ids& all, std::int32_t id) {
    return std::find(all.begin(), all.end(), id) != all.end();
}

std::vector<double> log_chances(const fake_model& model, const ids& text) {
    const auto logits = model.behind(text);
    double total = 0;
    for (float logit : logits) total += std::exp(double(logit));
    std::vector<double> result;
    for (float logit : logits) result.push_back(double(logit) - std::log(total));
    return result;
}

ids joined(ids a, const ids& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// The ids that may follow, and whether the sequence is complete.
struct allowed_ids {
    ids next;
    bool complete;
};
allowed_ids allowed_behind(const std::vector<ids>& sequences, const ids& text) {
    allowed_ids result{{}, false};
    for (const auto& s : sequences)
        if (s.size() >= text.size() && std::equal(text.begin(), text.end(), s.begin())) {
            if (s.size() == text.size())
                result.complete = true;
            else if (!holds(result.next, s[text.size()]))
                result.next.push_back(s[text.size()]);
        }
    return result;
}

/// The rules of the search once more, without cache, trie and slots: every beam is read from its
/// beginning. Empty `sequences` allow everything.
std::vector<hypothesis> plainly(const fake_model& model, const generation_request& r,
                                const beam_options& o, const std::vector<ids>& sequences = {}) {
    struct state {
        ids text;
        double sum;
        bool stopped = false;
    };
    std::vector<state> beams{{{}, 0}};
    std::vector<hypothesis> finished;
    const auto score = [&](double sum, idx tokens) {
        return sum / std::pow(double(tokens), double(o.length_penalty));
    };
    const auto finish = [&](const state& s, idx tokens) {
        finished.push_back({s.text, score(s.sum, tokens)});
        std::stable_sort(finished.begin(), finished.end(),
                         [](const auto& a, const auto& b) { return a.score > b.score; });
        if (finished.size() > o.beams) finished.pop_back();
    };
    for (idx step = 1; step <= r.max_tokens && !beams.empty(); ++step) {
        std::vector<state> candidates;
        for (const auto& b : beams) {
            const auto chances = log_chances(model, joined(r.prompt, b.text));
            const auto allowed = allowed_behind(sequences, b.text);
            for (std::int32_t id = 0; id < std::int32_t(chances.size()); ++id) {
                const bool child = sequences.empty() || holds(allowed.next, id);
                const bool stop =
                    holds(r.stop, id) && (sequences.empty() || (!child && allowed.complete));
                if (!child && !stop) continue;
                candidates.push_back({b.text, b.sum + chances[idx(id)], stop});
                if (!stop) candidates.back().text.push_back(id);
            }
        }
        std::stable_sort(candidates.begin(), candidates.end(),
                         [](const auto& a, const auto& b) { return a.sum > b.sum; });
        beams.clear();
        for (idx rank = 0; rank < candidates.size() && beams.size() < o.beams; ++rank) {
            const auto& c = candidates[rank];
            const auto allowed = allowed_behind(sequences, c.text);
            const bool leaf = allowed.complete && allowed.next.empty();
            const bool ends = c.stopped || leaf || (allowed.complete && r.stop.empty());
            if (ends && rank < o.beams) finish(c, step);
            if (!c.stopped && !leaf) beams.push_back(c);
        }
        if (finished.size() == o.beams &&
            (o.stop_when_full || finished.back().score >= score(candidates[0].sum, step)))
            return finished;
    }
    if (sequences.empty())
        for (const auto& b : beams) finish(b, r.max_tokens);
    return finished;
}

void expect_same(const std::vector<hypothesis>& actual, const std::vector<hypothesis>& expected) {
    REQUIRE(actual.size() == expected.size());
    for (idx i = 0; i < actual.size(); ++i) {
        CAPTURE(i);
        CHECK(actual[i].ids == expected[i].ids);
        CHECK(actual[i].score == Approx(expected[i].score).epsilon(1e-5));
    }
}

}  // namespace

TEST_CASE("beams that move between slots find what beams read from their beginning find") {
    const fake_model model{.size = {.vocabulary = 8}};
    context<cpu_reference> ctx;
    const philox random{2};
    idx n = 0;
    for (idx turn = 0; turn < 150; ++turn) {
        generation_request r{.prompt = ids(1 + random.below(n++, 6)),
                             .max_tokens = 1 + random.below(n++, 9)};
        for (auto& id : r.prompt) id = std::int32_t(random.below(n++, 8));
        for (idx stop = 0; stop < turn % 6; ++stop) r.stop.push_back(std::int32_t(stop));
        const beam_options o{.beams = 1 + random.below(n++, 6),
                             .length_penalty = float(turn % 5),
                             .stop_when_full = turn % 7 == 0};
        CAPTURE(turn, o.beams, o.length_penalty);
        const auto expected = plainly(model, r, o);
        expect_same(beam_search(ctx, model, r, o), expected);
        expect_same(beam_search<bf16>(ctx, model, r, o), expected);
        r.rows = fake::rows_of(ctx, model, r.prompt);
        r.prompt.clear();
        expect_same(beam_search(ctx, model, r, o), expected);
    }
    CHECK(ctx.workspace().used() == 0);
}

TEST_CASE("beams in a trie find what the same search without one finds") {
    const fake_model model{.size = {.vocabulary = 12}};
    context<cpu_reference> ctx;
    const philox random{4};
    idx n = 0;
    for (idx turn = 0; turn < 150; ++turn) {
        // Many begin alike, so that beams become more as the search goes on, and many end at once.
        std::vector<ids> sequences(1 + random.below(n++, 60));
        for (auto& s : sequences) {
            s.resize(1 + random.below(n++, 4));
            for (idx i = 0; i < s.size(); ++i)
                s[i] = std::int32_t(random.below(n++, i == 0 ? 2 : 10));
        }
        const token_trie trie(sequences);
        generation_request r{.prompt = {3, 1, 2}, .max_tokens = 4, .allowed = &trie};
        if (turn % 2 == 0) r.stop = {11, 10};
        const beam_options o{.beams = 1 + random.below(n++, 8), .length_penalty = float(turn % 4)};
        CAPTURE(turn, o.beams, o.length_penalty);
        expect_same(beam_search(ctx, model, r, o), plainly(model, r, o, sequences));
    }
}

TEST_CASE("sequences that are complete do not keep a longer one from going on") {
    const fake_model model;
    context<cpu_reference> ctx;
    for (std::int32_t first = 0; first < 12; ++first) {
        std::vector<ids> sequences{{first, 0}};
        for (std::int32_t other = 0; other < 12; ++other)
            if (other != first) sequences.push_back({other});
        const token_trie trie(sequences);
        const generation_request r{.prompt = {1}, .max_tokens = 2, .allowed = &trie};
        const beam_options long_ones{.beams = 2, .length_penalty = 8};
        CHECK(beam_search(ctx, model, r, long_ones).front().ids == ids{first, 0});
    }
}

TEST_CASE("as many beams as there are texts find them all, best first") {
    const fake_model model{.size = {.vocabulary = 4}};
    context<cpu_reference> ctx;
    for (float penalty : {0.f, 1.f, 2.5f, -1.f})
        for (std::int32_t first = 0; first < 4; ++first) {
            const generation_request r{.prompt = {first, 2}, .max_tokens = 4, .stop = {0}};
            std::vector<hypothesis> all;
            const auto grow = [&](auto& self, const ids& text, double sum) -> void {
                const auto chances = log_chances(model, joined(r.prompt, text));
                const double length = std::pow(double(text.size() + 1), double(penalty));
                for (std::int32_t id = 0; id < 4; ++id) {
                    const auto longer = id == 0 ? text : joined(text, {id});
                    const double total = sum + chances[idx(id)];
                    if (id == 0 || longer.size() == r.max_tokens)
                        all.push_back({longer, total / length});
                    else
                        self(self, longer, total);
                }
            };
            grow(grow, {}, 0);
            std::sort(all.begin(), all.end(),
                      [](const auto& a, const auto& b) { return a.score > b.score; });
            REQUIRE(all.size() == 121);
            expect_same(beam_search(ctx, model, r, {.beams = 200, .length_penalty = penalty}), all);
        }
}

TEST_CASE("one beam without stop ids is the greedy text") {
    const fake_model model;
    context<cpu_reference> ctx;
    const generation_request r{.prompt = {4, 9}, .max_tokens = 30};
    CHECK(beam_search(ctx, model, r, {.beams = 1}).front().ids ==
          generate(ctx, model, {r}).front());
}

TEST_CASE("what a beam search can't do is refused") {
    fake_model model;
    context<cpu_reference> ctx;
    const generation_request good{.prompt = {4}, .max_tokens = 3};
    const auto refused = [&](const generation_request& r, const beam_options& o, const char* why) {
        CHECK_THROWS_WITH(beam_search(ctx, model, r, o), why);
    };
    refused(good, {.beams = 0}, "beam_search: beams: expected at least 1, got 0");
    for (float wrong :
         {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        refused(good, {.length_penalty = wrong},
                "beam_search: length_penalty: expected a finite number, got another");
    for (const sampling& how : {sampling{.temperature = 1}, sampling{.repetition_penalty = 2}}) {
        auto r = good;
        r.how = how;
        refused(r, {},
                "beam_search: how: expected neither temperature nor repetition penalty, got one");
    }
    refused({.prompt = {4}, .max_tokens = 64}, {},
            "generate: prompt + max_tokens (the context): expected at most 64, got 65");
    refused({}, {}, "generate: prompt: expected at least one id, got 0");
    model.noise = std::numeric_limits<float>::quiet_NaN();
    refused(good, {}, "beam_search: logits: expected numbers, got NaN");
}

TEST_CASE("the beams of stories260K are those of transformers") {
    const auto folder = test_support::data("the beams of stories260K", "stories260k");
    if (!folder) return;
    const auto file = test_support::source_folder() / "tests/golden/stories_beam.json";
    const auto golden = nlohmann::json::parse(read_text(file.string()));
    const auto model = llama::load(folder->string());
    context<cpu_reference> ctx;
    for (const auto& c : golden.at("cases")) {
        const generation_request r{
            .prompt = c.at("prompt"), .max_tokens = c.at("max_new_tokens"), .stop = c.at("stops")};
        const beam_options o{.beams = golden.at("beams"), .length_penalty = c.at("length_penalty")};
        CAPTURE(c.at("text"), r.stop, o.length_penalty);
        const auto found = beam_search(ctx, model, r, o);
        const auto& expected = c.at("hypotheses");
        REQUIRE(found.size() == expected.size());
        for (idx i = 0; i < found.size(); ++i) {
            CAPTURE(i);
            CHECK(found[i].ids == expected[i].at("ids").get<ids>());
            CHECK(found[i].score == Approx(expected[i].at("score").get<double>()).epsilon(1e-4));
        }
    }
}
