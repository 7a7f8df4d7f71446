#include "fake_language_model.hpp"
#include "io/raw_file.hpp"
#include "support/skip.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

using namespace reckon;
using fake::ids;

namespace {

using Catch::Contains;

/// The probability of each id.
std::vector<double> chances(const std::vector<float>& logits, const sampling& how,
                            const ids& allowed = {}, const ids& prompt = {},
                            const ids& output = {}) {
    token_chances all(logits.size());
    std::vector<double> result(logits.size());
    for (const auto& c :
         all.of(row_view(logits.data(), logits.size()), how, allowed, prompt, output))
        result[idx(c.id)] += c.weight;
    return result;
}

/// Draws without any memory of what came: the logits of every step are the same.
struct constant_model {
    struct {
        idx vocabulary = 20, positions = 1 << 20, width = 1;
    } size{};
    std::vector<float> row;

    cache_size cached() const { return {}; }
    static causal mask_of(const regions&) { return {}; }
    view<float> embed(context<cpu_reference>& ctx, const id_batch<>& batch,
                      per_sequence = {}) const {
        return ctx.make(batch.ids.cols, 1);
    }
    template <class Keys = own_keys>
    view<float> run(context<cpu_reference>&, view<float> x, const ragged&, causal = {},
                    const Keys& = {}) const {
        return x;
    }
    view<float> logits(context<cpu_reference>& ctx, view<float> x) const {
        const auto y = ctx.make(x.rows, row.size());
        for (idx r = 0; r < y.rows; ++r) std::copy(row.begin(), row.end(), y.row(r));
        return y;
    }
};

/// What a chi-square variable of so many degrees of freedom exceeds once in a thousand times
/// (Wilson and Hilferty 1931).
double rarely_exceeded(idx degrees) {
    const double part = 2 / (9 * double(degrees));
    return double(degrees) * std::pow(1 - part + 3.0902 * std::sqrt(part), 3);
}

/// Drawn ids against probabilities; an id that can't come fails at once.
void expect_frequencies(const std::vector<idx>& counts, const std::vector<double>& expected) {
    double draws = 0, statistic = 0;
    for (idx count : counts) draws += double(count);
    idx possible = 0;
    for (idx id = 0; id < counts.size(); ++id) {
        CAPTURE(id);
        if (expected[id] == 0) {
            CHECK(counts[id] == 0);
            continue;
        }
        REQUIRE(draws * expected[id] >= 5);  // the test holds for so many
        ++possible;
        const double difference = double(counts[id]) - draws * expected[id];
        statistic += difference * difference / (draws * expected[id]);
    }
    if (possible > 1) CHECK(statistic < rarely_exceeded(possible - 1));
}

/// Softmax of scaled logits, over the ids that stay.
std::vector<double> softmax(const std::vector<float>& logits, double temperature,
                            const std::set<idx>& stay = {}) {
    std::vector<double> result(logits.size());
    double total = 0;
    for (idx id = 0; id < logits.size(); ++id)
        if (stay.empty() || stay.count(id) != 0)
            total += result[id] = std::exp(double(logits[id]) / temperature);
    for (double& p : result) p /= total;
    return result;
}

}  // namespace

TEST_CASE("ids are drawn as often as the softmax says") {
    constant_model model;
    const philox random{5};
    for (idx id = 0; id < 20; ++id) model.row.push_back(random.uniform(id, -2, 2));
    std::vector<idx> order(20);
    for (idx i = 0; i < 20; ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](idx a, idx b) { return model.row[a] > model.row[b]; });
    const std::set<idx> best_5(order.begin(), order.begin() + 5),
        best_8(order.begin(), order.begin() + 8);
    const auto nucleus = [&](double temperature, double top_p, const std::set<idx>& of = {}) {
        const auto p = softmax(model.row, temperature, of);
        std::set<idx> stay;
        double sum = 0;
        for (idx i = 0; sum < top_p; ++i) {
            stay.insert(order[i]);
            sum += p[order[i]];
        }
        return stay;
    };

    const struct {
        sampling how;
        std::vector<double> expected;
    } cases[] = {
        {{.temperature = 1}, softmax(model.row, 1)},
        {{.temperature = 0.6f}, softmax(model.row, 0.6)},
        {{.temperature = 2.5f}, softmax(model.row, 2.5)},
        {{.temperature = 1, .top_k = 5}, softmax(model.row, 1, best_5)},
        {{.temperature = 1, .top_k = 1}, softmax(model.row, 1, {order[0]})},
        {{.temperature = 1, .top_k = 50}, softmax(model.row, 1)},
        {{.temperature = 0.8f, .top_p = 0.7f}, softmax(model.row, 0.8, nucleus(0.8, 0.7))},
        {{.temperature = 1, .top_p = 0.01f}, softmax(model.row, 1, {order[0]})},
        {{.temperature = 1.3f, .top_k = 8, .top_p = 0.6f},
         softmax(model.row, 1.3, nucleus(1.3, 0.6, best_8))},
    };
    context<cpu_reference> ctx;
    constexpr idx draws = 20'000;
    for (auto [how, expected] : cases) {
        CAPTURE(how.temperature, how.top_k, how.top_p);
        how.seed = 1;
        std::vector<idx> of_one(20), of_many(20);
        const auto count = [](std::vector<idx>& counts) {
            return [&counts](idx, std::int32_t id) { ++counts[idx(id)]; };
        };
        generate(ctx, model, {{.prompt = {0}, .max_tokens = draws, .how = how}}, 1, count(of_one));
        expect_frequencies(of_one, expected);

        std::vector<generation_request> seeds(draws, {.prompt = {0}, .max_tokens = 1, .how = how});
        for (idx s = 0; s < draws; ++s) seeds[s].how.seed = s;
        generate(ctx, model, std::move(seeds), 64, count(of_many));
        expect_frequencies(of_many, expected);
    }
}

TEST_CASE("what may be drawn, and how probable it is, is what transformers says") {
    const auto file = test_support::source_folder() / "tests/golden/sampling_rows.json";
    const auto golden = nlohmann::json::parse(read_text(file.string()));
    const auto logits = golden.at("logits").get<std::vector<std::vector<float>>>();
    const auto histories = golden.at("histories").get<std::vector<ids>>();
    for (const auto& c : golden.at("cases")) {
        const idx row = c.at("row");
        const sampling how{.temperature = c.at("temperature"),
                           .top_k = c.at("top_k"),
                           .top_p = c.at("top_p"),
                           .repetition_penalty = c.at("repetition_penalty")};
        CAPTURE(row, how.temperature, how.top_k, how.top_p, how.repetition_penalty);
        // The past is prompt and output alike.
        const ids& past = histories[row];
        const auto middle = past.begin() + std::ptrdiff_t(past.size() / 2);
        const auto actual =
            chances(logits[row], how, {}, {past.begin(), middle}, {middle, past.end()});
        const auto expected = c.at("probabilities").get<std::vector<double>>();
        REQUIRE(actual.size() == expected.size());
        for (idx id = 0; id < actual.size(); ++id) {
            CAPTURE(id);
            CHECK((actual[id] == 0) == (expected[id] == 0));
            CHECK(actual[id] == Approx(expected[id]).epsilon(1e-5));
        }
    }
}

TEST_CASE("without a temperature the most probable id comes, of equal ones the first") {
    const std::vector<float> logits{1, 3, -2, 3, 2};
    CHECK(chances(logits, {})[1] == 1);
    CHECK(chances(logits, {}, {2, 4, 3})[3] == 1);
    CHECK(chances(logits, {.repetition_penalty = 2}, {}, {1}, {3})[4] == 1);
    CHECK(chances({-1, -2, -3}, {.repetition_penalty = 4}, {}, {0})[1] == 1);
}

TEST_CASE("a choice among allowed ids is the softmax over them") {
    const std::vector<float> logits{1, 3, -2, 0.5f, 2};
    const auto p = chances(logits, {.temperature = 0.5f}, {0, 4, 2});
    const auto expected = softmax(logits, 0.5, {0, 2, 4});
    for (idx id = 0; id < 5; ++id) CHECK(p[id] == Approx(expected[id]));
    CHECK(chances(logits, {.temperature = 1, .top_k = 1}, {0, 2, 3})[0] == 1);
}

TEST_CASE("the chances of a row do not depend on those of the row before") {
    token_chances all(3);
    const std::vector<float> first{1, 1, 1}, second{0, 1, 0.9f};
    const ids past{1};
    all.of(row_view(first.data(), 3), {.temperature = 1, .top_k = 1, .repetition_penalty = 5}, {},
           past, past);
    CHECK(all.of(row_view(second.data(), 3), {.repetition_penalty = 5}, {}, {}, {})[0].id == 1);
}

TEST_CASE("logits that are no numbers, or leave no choice, are refused") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float none = std::numeric_limits<float>::quiet_NaN();
    for (const sampling& how : {sampling{}, sampling{.temperature = 1, .top_k = 1}})
        CHECK_THROWS_WITH(chances({1, none, 2}, how), "sample: logits: expected numbers, got NaN");
    CHECK(chances({1, none, 2}, {}, {0, 2})[2] == 1);  // it is no candidate
    for (float most : {infinity, -infinity})
        CHECK_THROWS_WITH(chances({most, -infinity}, {.temperature = 1}), Contains("finite"));
    CHECK(chances({-infinity, 1}, {.temperature = 1})[1] == 1);
}

TEST_CASE("settings that leave no choice are refused wherever they come") {
    CHECK_THROWS_WITH(chances({1, 2}, {.temperature = 1, .top_p = 0}), Contains("sampling: top_p"));
}

TEST_CASE("a draw is the id at which the chances reach the number") {
    const token_chances::chance three[] = {{5, 0.25}, {9, 0}, {2, 0.75}};
    CHECK(drawn(three, 0) == 5);
    CHECK(drawn(three, 0.2499) == 5);
    CHECK(drawn(three, 0.25) == 2);
    CHECK(drawn(three, 0.9999) == 2);
    const token_chances::chance rounded[] = {{5, 0.25}, {2, 0.74}};
    CHECK(drawn(rounded, 0.999) == 2);
}
