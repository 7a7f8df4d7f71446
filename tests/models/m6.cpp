#include "m6_tiny.hpp"

#include <reckon/convert/place.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/convert/prune.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/core/random.hpp>
#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/m6.hpp>

#include <algorithm>

using namespace golden;

namespace {

m6::model<> plain() { return m6_tiny<m6::spec>("m6_tiny_plain"); }
m6::model<m6::edge_spec> edge() { return m6_tiny<m6::edge_spec>("m6_tiny_edge"); }

/// A golden's texts, how long the source of each is, and the prompts that stand before them.
struct texts {
    file expected;
    id_batch<> batch;
    const std::int32_t* sources;
    std::vector<float> prompts;              // rows of all sets
    std::vector<std::int32_t> first, count;  // which of them stand before each text

    explicit texts(const std::string& name)
        : expected(name + "_expected.safetensors"),
          batch(expected.batch("ids", "offsets")),
          sources(expected.get<std::int32_t>("sources").data()) {
        for (const char* set : {"prompts/set.0", "prompts/set.1"}) {
            const auto rows = expected.get<float>(set);
            prompts.insert(prompts.end(), rows.begin(), rows.end());
        }
        for (const std::int32_t set : expected.get<std::int32_t>("prompts/of")) {
            first.push_back(set == 1 ? 3 : 0);
            count.push_back(set == 1 ? 5 : set == 0 ? 3 : 0);
        }
    }
    view<const float> table() const { return {prompts.data(), 8, prompts.size() / 8}; }
    template <class C> soft_prompts<C> in_front(C& ctx) const {
        return soft_prompts_of(ctx, table(), first.data(), count.data(), batch.sequences);
    }
};

/// The model's rows for texts behind soft prompts, [rows of prompts.all, width].
template <class C, class Model>
tensor_of<C> behind(C& ctx, const Model& model, const soft_prompts<C>& prompts,
                    const id_batch<>& batch, per_sequence source) {
    return model.run(ctx, with_soft_prompts(ctx, model, prompts, batch), prompts.all,
                     model.mask_of({prompts.count, source}));
}

template <class C, class Model> void gives_the_goldens(C& ctx, const Model& model, const texts& t) {
    const auto scope = ctx.scope();
    const auto check = [&](const auto& states, const std::string& place) {
        CHECK(relative_difference(numbers(states), t.expected.get<float>(place + "states")) <
              tolerance::model);
        CHECK(relative_difference(numbers(model.logits(ctx, states)),
                                  t.expected.get<float>(place + "logits")) < tolerance::model);
    };
    check(model(ctx, t.batch, t.sources), "");
    check(behind(ctx, model, t.in_front(ctx), t.batch, t.sources), "prompts/");
}

/// The largest difference between all texts at once and one at a time, behind their prompts.
template <class C, class Model>
double packed_difference(C& ctx, const Model& model, const texts& t) {
    const auto scope = ctx.scope();
    const auto prompts = t.in_front(ctx);
    const auto all = behind(ctx, model, prompts, t.batch, t.sources);
    double worst = 0;
    for (idx s = 0; s < t.batch.sequences.count(); ++s) {
        const one_sequence alone(t.batch, s);
        const auto before =
            soft_prompts_of(ctx, t.table(), t.first[s], t.count[s], alone.batch.sequences);
        const auto y = behind(ctx, model, before, alone.batch, t.sources[s]);
        const auto rows = all.slice(prompts.all.begin(s), prompts.all.length(s));
        worst = std::max(worst, relative_difference(numbers(y), numbers(rows)));
    }
    return worst;
}

// Mistakes, and what they make of the first text of a golden.

/// A forward asks a mask for its rows alone.
struct no_transpose {
    constexpr intervals queries_of(idx, idx) const { return {}; }
};
using right_mask = prompted<prefix_lm>;  // whose rows see keys from the first on, without gaps

/// One cell is the other way round.
struct flipped {
    right_mask inner;
    idx row, key;

    struct sequence : no_transpose {
        right_mask::sequence inner;
        idx row, key;
        constexpr intervals keys_of(idx r, idx count) const {
            const intervals seen = inner.keys_of(r, count);
            if (r != row) return seen;
            if (key < seen.size()) return {0, {0, key}, {key + 1, seen.size()}};
            return {0, {0, seen.size()}, {key, key + 1}};
        }
    };
    constexpr sequence at(idx s) const { return {{}, inner.at(s), row, key}; }
};
struct prompts_that_see_all {
    idx prompts;
    right_mask inner;

    struct sequence : no_transpose {
        idx prompts;
        right_mask::sequence inner;
        constexpr intervals keys_of(idx row, idx count) const {
            return row < prompts ? intervals{count, {}, {}} : inner.keys_of(row, count);
        }
    };
    constexpr sequence at(idx s) const { return {{}, prompts, inner.at(s)}; }
};

using logits = std::vector<float>;

/// The first text of a golden behind so many prompts, and what a model says of its rows.
struct first_text {
    texts all;
    idx prompts;
    one_sequence text{all.batch, 0};
    idx source = idx(all.sources[0]), rows = text.batch.sequences.rows();

    first_text(const std::string& name, idx prompt_count) : all(name), prompts(prompt_count) {}

    template <class Model> right_mask mask_of(const Model& model) const {
        return model.mask_of({prompts, source});
    }
    template <class Model, class M, class Head>
    logits operator()(const Model& model, const M& mask, const Head& head) const {
        context<cpu_reference> ctx;
        const auto front = soft_prompts_of(ctx, all.table(), 0, prompts, text.batch.sequences);
        const auto states =
            model.run(ctx, with_soft_prompts(ctx, model, front, text.batch), front.all, mask);
        const auto y = numbers(head(ctx, states.slice(prompts, rows)));
        return {y.begin(), y.end()};
    }
    template <class Model, class M> logits operator()(const Model& model, const M& mask) const {
        return (*this)(model, mask, [&](auto& ctx, auto x) { return model.logits(ctx, x); });
    }
};

/// A mistake moves the logits by far more than the tolerance, or no golden would show it.
bool moved(const logits& mistaken, const logits& right) {
    return relative_difference<float>(mistaken, right) > 100 * tolerance::model;
}

/// f(model, text) for both models, without prompts and behind three.
template <class F> void each_text(const F& f) {
    for (const idx prompts : {idx{0}, idx{3}}) {
        f(plain(), first_text{"m6_tiny_plain", prompts});
        f(edge(), first_text{"m6_tiny_edge", prompts});
    }
}

/// The magnitude that four fifths of these numbers stay below.
float four_fifths_of(const matrix<float>& values) {
    std::vector<float> sizes;
    for (idx i = 0; i < values.size(); ++i) sizes.push_back(std::abs(values.data()[i]));
    const auto limit = sizes.begin() + std::ptrdiff_t(sizes.size() * 4 / 5);
    std::nth_element(sizes.begin(), limit, sizes.end());
    return *limit;
}

}  // namespace

TEMPLATE_TEST_CASE("m6 gives the goldens of states and logits, without prompts and with them", "",
                   RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("m6 gives the goldens")) return;
    context<typename TestType::tag> ctx;
    const auto check = [&](const auto& model, const std::string& name) {
        const texts t(name);
        gives_the_goldens(ctx, model, t);
        const auto prepared = prepare(ctx, model);
        gives_the_goldens(ctx, prepared, t);
        CHECK(packed_difference(ctx, prepared, t) <= (TestType::exact ? 0 : tolerance::packed));
    };
    check(plain(), "m6_tiny_plain");
    check(edge(), "m6_tiny_edge");
}

TEST_CASE("any one cell of the mask, flipped, moves the logits of m6") {
    each_text([](const auto& model, const first_text& text) {
        const auto mask = text.mask_of(model);
        const logits right = text(model, mask);
        for (idx row = text.prompts; row < text.prompts + text.rows; ++row)
            for (idx key = 0; key < text.prompts + text.rows; ++key)
                CHECK(moved(text(model, flipped{mask, row, key}), right));
    });
}

TEST_CASE("positions that are one too far move the logits of m6") {
    each_text([](const auto& model, const first_text& text) {
        auto shifted = model;
        auto& table = shifted.positions.weight;
        std::copy(table.data() + table.cols(), table.data() + table.size(), table.data());
        const auto mask = text.mask_of(model);
        CHECK(moved(text(shifted, mask), text(model, mask)));
    });
}

TEST_CASE("prompts without a segment of their own move the logits of m6") {
    each_text([](const auto& model, const first_text& text) {
        const auto mask = text.mask_of(model);
        if (text.prompts == 0) return;
        const logits right = text(model, mask);
        const auto see_all = prompts_that_see_all{text.prompts, mask};
        CHECK(moved(text(model, see_all), right));
        CHECK(moved(text(model, prefix_lm{text.prompts + text.source}), right));  // a longer source
        CHECK(moved(text(model, prefix_lm{text.source}), right));  // as if nothing stood in front
    });
}

TEST_CASE("a tied projection that is swapped moves the logits of m6") {
    const auto model = edge();
    const first_text text{"m6_tiny_edge", 3};
    const auto mask = text.mask_of(model);
    const auto swapped = [&](auto& ctx, auto x) {
        const auto& p = model.projection;
        return ops::linear(ctx,
                           ops::linear(ctx, x, view<const float>{p.data(), p.cols(), p.rows()}),
                           model.tokens.weight.look());
    };
    CHECK(moved(text(model, mask, swapped), text(model, mask)));
}

TEST_CASE("the presets of m6 have the parameters of the paper") {
    using namespace m6;
    CHECK(count(model<placed_in<rom, spec>>{base}).parameters == 324'995'072);
    CHECK(count(model<placed_in<rom, edge_spec>>{m6::edge}).parameters == 10'023'168);
}

TEST_CASE("an edge model of m6 whose weights and tables are pruned by four fifths has 2 M left") {
    m6::model<m6::edge_spec> dense{m6::edge};
    std::uint64_t n = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); ++i) p.data()[i] = philox{3}.uniform(n++, -1, 1);
        },
        dense);
    const float lowest = four_fifths_of(dense.positions.weight);
    for (float& x : std::span{dense.positions.weight.data(), dense.positions.weight.size()})
        if (std::abs(x) < lowest) x = 0;  // no policy masks it

    auto pruned = prunable(dense);
    walk_all(overload{[](const path&, pruned_matrix<matrix<float>>& w) {
                          const float limit = four_fifths_of(w.inner);
                          for (idx i = 0; i < w.size(); ++i)
                              w.kept.data()[i] = std::abs(w.inner.data()[i]) >= limit;
                      },
                      [](const path&, matrix<float>&) {}},  // biases and norms are exempt
             pruned);
    CHECK(count(pruned).parameters == 10'023'168);
    CHECK(double(count_nonzero(pruned)) == Approx(2'013'850).margin(10));
}

TEST_CASE("m6 of a fixed size, also with int8 weights, is m6 of that size") {
    static constexpr m6::config size{.vocabulary = 60,
                                     .positions = 64,
                                     .layers = 4,
                                     .heads = 4,
                                     .width = 48,
                                     .hidden = 192,
                                     .embedding = 16};
    REQUIRE(size == m6_size_of("m6_tiny_edge"));
    const auto fixed = m6_loaded(m6::model<m6::edge_spec, size>{}, "m6_tiny_edge");
    const texts t("m6_tiny_edge");
    context<cpu_reference> ctx;
    gives_the_goldens(ctx, fixed, t);

    const auto logits_of = [&](const auto& model) {
        return numbers(model.logits(ctx, behind(ctx, model, t.in_front(ctx), t.batch, t.sources)));
    };
    const auto small = logits_of(quantise(fixed));
    CHECK(relative_difference(small, logits_of(quantise(edge()))) == 0);
    CHECK(relative_difference(small, t.expected.get<float>("prompts/logits")) <
          tolerance::int8_weights);
}

TEST_CASE("m6 refuses texts beyond its positions, and sources beyond the text") {
    const auto model = plain();
    const texts t("m6_tiny_plain");
    context<cpu_reference> ctx;
    const std::vector<std::int32_t> ids(65, 1), all{0, 65}, less{0, 62};
    CHECK_THAT(message_of([&] { model(ctx, batch_of(ids, all), 5); }),
               Catch::Equals("positions: rows of a sequence: expected 64, got 65"));
    const auto fits = batch_of(std::span{ids}.first(62), less);
    CHECK(model(ctx, fits, 62).rows == 62);
    CHECK_THAT(message_of([&] { model(ctx, fits, 63); }),
               Catch::Equals("attention: mask, keys shown to a row: expected 62, got 63"));
    const auto front = soft_prompts_of(ctx, t.table(), 0, 3, fits.sequences);
    CHECK_THAT(message_of([&] { behind(ctx, model, front, fits, 5); }),
               Catch::Equals("positions: rows of a sequence: expected 64, got 65"));
}
