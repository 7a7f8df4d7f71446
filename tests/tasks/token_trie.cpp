#include "fake_language_model.hpp"

#include <reckon/tasks/beam_search.hpp>

#include <catch2/catch.hpp>
#include <set>

using namespace reckon;
using fake::fake_model;
using fake::ids;

namespace {

using Catch::Contains;

/// 1 to 12 sequences of 1 to 5 ids, few of them different, so that many begin alike and some are
/// the beginning of others.
std::vector<ids> random_sequences(std::uint64_t seed) {
    const philox random{seed, 1};
    idx n = 0;
    std::vector<ids> all(1 + random.below(n++, 12));
    for (auto& sequence : all) {
        sequence.resize(1 + random.below(n++, 5));
        for (auto& id : sequence) id = std::int32_t(random.below(n++, 3));
    }
    return all;
}

bool begins(const ids& whole, const ids& part) {
    return part.size() < whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

TEST_CASE("a trie holds its sequences and nothing else") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto sequences = random_sequences(seed);
        const token_trie trie(sequences);
        const std::set<ids> expected(sequences.begin(), sequences.end());
        std::set<ids> found;
        idx deepest = 0;
        const auto walk = [&](auto& self, token_trie::node at, ids path) -> void {
            deepest = std::max(deepest, path.size());
            if (trie.ends(at)) found.insert(path);
            CHECK((trie.ends(at) || !trie.children(at).empty()));
            std::int32_t before = -1;
            for (const auto& child : trie.children(at)) {
                CHECK(child.id > before);
                before = child.id;
                CHECK(trie.next(at, child.id) == child.to);
                auto longer = path;
                longer.push_back(child.id);
                self(self, child.to, longer);
            }
            CHECK(trie.next(at, 7) == -1);
        };
        walk(walk, token_trie::root, {});
        CHECK(found == expected);
        CHECK(trie.depth() == deepest);
    }
    CHECK(token_trie(std::vector<ids>{{4, 9}, {7}}).largest_id() == 9);
}

TEST_CASE("a trie of nothing, of empty sequences or of negative ids is refused") {
    using sequences = std::vector<ids>;
    CHECK_THROWS_WITH(token_trie(sequences{}), Contains("token_trie: sequences"));
    CHECK_THROWS_WITH(token_trie(sequences{{1}, {}}),
                      Contains("token_trie: sequence: expected at least one id"));
    CHECK_THROWS_WITH(token_trie(sequences{{1, -2}}),
                      Contains("token_trie: ids: expected 0 or more, got -2"));
}

TEST_CASE("ten thousand texts, and none that is not allowed") {
    const fake_model model;
    context<cpu_reference> ctx;
    idx texts = 0, beginnings = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto sequences = random_sequences(seed);
        const std::set<ids> legal(sequences.begin(), sequences.end());
        const token_trie trie(sequences);
        const bool stops = seed % 2 == 0;
        const auto check = [&](const ids& text, bool may_go_on) {
            ++texts;
            CAPTURE(seed, text);
            REQUIRE(legal.count(text) == 1);
            for (const auto& other : legal) {
                if (begins(other, text)) ++beginnings;
                if (!may_go_on)
                    REQUIRE_FALSE(begins(text, other));  // the first complete one ends it
            }
        };
        std::vector<generation_request> requests(80);
        for (idx i = 0; i < requests.size(); ++i) {
            auto& r = requests[i];
            r = {.prompt = {std::int32_t(i % 20), 1},
                 .max_tokens = trie.depth() + i % 2,
                 .allowed = &trie};
            if (stops) r.stop = {11, 12};
            r.how = {.temperature = float(i % 3),
                     .top_k = i % 5,
                     .top_p = i % 7 == 0 ? 0.5f : 1,
                     .seed = i};
        }
        for (const auto& text : generate(ctx, model, requests)) check(text, stops);
        for (idx i = 0; i < 8; ++i) {
            requests[i].how = {};
            const auto found = beam_search(ctx, model, requests[i], {.beams = 1 + i});
            REQUIRE_FALSE(found.empty());
            for (const auto& h : found) check(h.ids, true);
        }
    }
    CHECK(texts > 10'000);
    CHECK(beginnings > 100);
}

TEST_CASE("with a stop id every allowed sequence comes, also one that others begin with") {
    const fake_model model;
    context<cpu_reference> ctx;
    const std::vector<ids> sequences{{3}, {3, 4}, {3, 4, 5}, {6, 7}};
    const token_trie trie(sequences);
    std::vector<generation_request> requests(300);
    for (idx i = 0; i < requests.size(); ++i)
        requests[i] = {.prompt = {1},
                       .max_tokens = 3,
                       .how = {.temperature = 3, .seed = i},
                       .stop = {2},
                       .allowed = &trie};
    const auto texts = generate(ctx, model, requests);
    CHECK(std::set<ids>(texts.begin(), texts.end()) ==
          std::set<ids>(sequences.begin(), sequences.end()));
    for (auto& r : requests) r.stop.clear();
    const auto shortest = generate(ctx, model, requests);
    CHECK(std::set<ids>(shortest.begin(), shortest.end()) == std::set<ids>{{3}, {6, 7}});
}

TEST_CASE("a complete sequence says how it ended") {
    const fake_model model;
    context<cpu_reference> ctx;
    const token_trie trie(std::vector<ids>{{3, 4}});
    generator texts(ctx, model, {.slots = 2, .tokens = 8});
    texts.enter({.prompt = {1}, .max_tokens = 5, .stop = {2}, .allowed = &trie});
    while (texts.running() != 0) texts.step();
    CHECK(texts.ended(0) == ending::allowed);
    CHECK(texts.output(0) == ids{3, 4});

    const token_trie longer(std::vector<ids>{{3}, {3, 4}});
    for (idx seed = 0; seed < 20; ++seed) {
        texts.leave(0);
        texts.enter({.prompt = {1},
                     .max_tokens = 5,
                     .how = {.temperature = 1, .seed = seed},
                     .stop = {2},
                     .allowed = &longer});
        while (texts.running() != 0) texts.step();
        CHECK(texts.ended(0) == (texts.output(0).size() == 1 ? ending::stop : ending::allowed));
    }
}

TEST_CASE("a stop id that goes on in an allowed sequence does that") {
    const fake_model model;
    context<cpu_reference> ctx;
    const token_trie trie(std::vector<ids>{{3, 2}, {4, 2}});
    const auto texts =
        generate(ctx, model, {{.prompt = {1}, .max_tokens = 2, .stop = {2}, .allowed = &trie}});
    CHECK(texts.front().back() == 2);
    CHECK(texts.front().size() == 2);
}

TEST_CASE("sequences that could be cut, or that the model has no ids for, are refused") {
    const fake_model model;
    context<cpu_reference> ctx;
    const token_trie long_one(std::vector<ids>{{1}, {3, 4, 5}}), unknown(std::vector<ids>{{20}});
    const auto refused = [&](const generation_request& r, const char* why) {
        CHECK_THROWS_WITH(generate(ctx, model, {r}), why);
        CHECK_THROWS_WITH(beam_search(ctx, model, r, {}), why);
    };
    refused({.prompt = {1}, .max_tokens = 2, .allowed = &long_one},
            "generate: max_tokens: expected at least 3, got 2");
    refused({.prompt = {1}, .max_tokens = 2, .allowed = &unknown},
            "generate: allowed: expected ids from 0, below 20, got 20");
}
