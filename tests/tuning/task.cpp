// Tasks over a frozen backbone: one copy of the prompts does what a copy for each text does, tasks
// share a batch without a trace, and the gradients are those of the model written out.
#include "all_of.hpp"
#include "support/backends.hpp"
#include "support/small_models.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/models/m6.hpp>
#include <reckon/tasks/score_texts.hpp>
#include <reckon/train/parameters.hpp>
#include <reckon/tuning/begin_task.hpp>
#include <reckon/tuning/delta_file.hpp>
#include <reckon/tuning/merge.hpp>

using namespace reckon;
using small::with_random_weights;

namespace {

bert::model<> small_bert() {
    return with_random_weights(bert::model<>{{.vocabulary = 20,
                                              .positions = 16,
                                              .types = 2,
                                              .layers = 3,
                                              .heads = 2,
                                              .width = 8,
                                              .hidden = 16}});
}
m6::model<> small_m6() { return with_random_weights(m6::model<>{small::m6_of_size(2, 16)}); }
m6::model<m6::edge_spec> small_edge() {
    auto size = small::m6_of_size(3, 16);
    size.embedding = 4;
    return with_random_weights(m6::model<m6::edge_spec>{size});
}
llama::model<> small_llama() {
    return with_random_weights(llama::model<>{small::llama_of_size(2, 16)});
}

/// A task with random numbers everywhere: nothing in it is zero.
template <class Model>
task random_task(tuning_method how, const Model& model, std::uint64_t seed, idx prompts = 3) {
    return with_random_weights(
        task{how, sizes_of_task(model), {.prompts = prompts, .rank = 2}, {"no", "yes"}, {1, 2}},
        seed);
}

/// Texts that begin with 1 and end with 2, some with 2 inside, of types 0 and 1.
std::vector<labelled_text> texts_of(idx count, idx shortest = 2) {
    std::vector<labelled_text> all;
    for (idx i = 0; i < count; ++i) {
        labelled_text t;
        const idx length = shortest + i * 5 % 8;
        for (idx k = 0; k < length; ++k) {
            const bool middle = k == length / 2 && i % 2 == 0;
            t.text.ids.push_back(k == 0                      ? 1
                                 : k + 1 == length || middle ? 2
                                                             : std::int32_t(3 + (i * 7 + k) % 17));
            t.text.types.push_back(k > length / 2 ? 1 : 0);
        }
        t.text.source = length / 2 + 1;
        t.label = std::int32_t(i % 2);
        all.push_back(t);
    }
    return all;
}

using shares = std::vector<float>;
shares numbers_of(const class_shares& all) {
    shares numbers;
    for (const auto& own : all) numbers.insert(numbers.end(), own.begin(), own.end());
    return numbers;
}

double difference(const shares& a, const shares& b) {
    REQUIRE(a.size() == b.size());
    double most = 0;
    for (idx i = 0; i < a.size(); ++i) most = std::max(most, std::abs(double(a[i] - b[i])));
    return most;
}

/// The gradients of a step on all texts, by parameter.
template <class Tag, class Model>
std::vector<shares> gradients_of(const Model& model, task& t, std::span<const labelled_text> texts,
                                 double* loss = nullptr) {
    parameters learned{t};
    recording_context<Tag> ctx{learned.ranges()};
    const score_texts objective{model, t, texts};
    const auto batch = tuning::all_of(objective);
    const double found = objective.loss(ctx, batch, 1 / objective.targets(batch));
    if (loss != nullptr) *loss = found;
    ctx.replay();
    learned.expect_asked();
    std::vector<shares> gradients;
    for (const auto& p : learned.entries()) {
        const auto g = learned.gradient(p);
        gradients.emplace_back(g.data, g.data + g.size());
    }
    return gradients;
}

}  // namespace

TEST_CASE("option-adapter on MiniLM trains 158,406 numbers, .70 %") {
    const task t{tuning_method::option_adapter,
                 {.width = 384, .blocks = 6, .query_width = 384, .value_width = 384},
                 {.prompts = 20, .rank = 32},
                 {"no", "yes"},
                 {101, 102}};
    CHECK(count(t).parameters == 158406);
    // A stack that shares its block shares its adapter: M6-Edge, rank 48 (specs 3.3).
    CHECK(count(task{tuning_method::adapter, {768, 1, 768, 768}, {.rank = 48}, {"a", "b"}, {}}
                    .adapters[0])
              .parameters == 74545);
}

TEMPLATE_TEST_CASE("one copy of the prompts does what a copy for each text does", "",
                   test_support::reference, test_support::cpu) {
    using C = context<typename TestType::tag>;
    C ctx;
    const auto check = [&](const auto& model) {
        const task t = random_task(tuning_method::prompt, model, 7);
        const auto texts = texts_of(6);
        task_batch batch;
        batch.add_prompts(t);
        std::vector<std::int32_t> ids, types, offsets{0}, source;
        for (const auto& one : texts) {
            batch.add(t, one.text.ids, one.text.types, one.text.source);
            ids.insert(ids.end(), one.text.ids.begin(), one.text.ids.end());
            types.insert(types.end(), 3, 0);
            types.insert(types.end(), one.text.types.begin(), one.text.types.end());
            offsets.push_back(std::int32_t(ids.size()));
            source.push_back(std::int32_t(one.text.source));
        }
        batch.end_task(t);
        const auto read = read_texts(ctx, model, batch, t.prompts.look());
        REQUIRE(read.rows == 6);

        const auto together = batch_of(ids, offsets);
        const auto prompts = soft_prompts_of(ctx, t.prompts.look(), 0, 3, together.sequences);
        const auto x = [&] {
            if constexpr (requires { model.types; })
                return with_soft_prompts(ctx, model, prompts, together,
                                         view<const std::int32_t>{types.data(), 1, types.size()});
            else
                return with_soft_prompts(ctx, model, prompts, together);
        }();
        const auto y =
            model.run(ctx, x, prompts.all, model.mask_of({prompts.count, source.data()}));
        const auto expected = ops::pool(ctx, y, prompts.all, pooling::last);
        for (idx i = 0; i < read.rows; ++i)
            for (idx c = 0; c < read.cols; ++c)
                CHECK(std::abs(read(i, c) - expected(i, c)) < 1e-5f);
    };
    check(small_bert());
    check(small_m6());
    check(small_edge());
    check(small_llama());
}

TEMPLATE_TEST_CASE("rows of several tasks share a batch", "", test_support::reference,
                   test_support::cpu) {
    using C = context<typename TestType::tag>;
    const auto check = [&](const auto& model) {
        C ctx;
        std::vector<task> tasks;
        std::uint64_t seed = 10;
        for (const auto how :
             {tuning_method::option_adapter, tuning_method::prompt, tuning_method::option,
              tuning_method::adapter, tuning_method::lora, tuning_method::option_adapter}) {
            tasks.push_back(random_task(how, model, seed, 2 + seed % 3));
            ++seed;
        }
        resident_tasks residents{model, tasks.size(), 6};
        for (idx i = 0; i < tasks.size(); ++i) residents.move_in(ctx, i, tasks[i]);

        const auto texts = texts_of(17);
        std::vector<asked_text> asked;
        for (idx i = 0; i < texts.size(); ++i) asked.push_back({&texts[i].text, i * 5 % 6});
        const auto mixed = score(ctx, residents, std::span<const asked_text>{asked});
        for (idx i = 0; i < texts.size(); ++i) {
            CAPTURE(i);
            const std::vector<asked_text> alone{asked[i]};
            CHECK(score(ctx, residents, std::span<const asked_text>{alone})[0] == mixed[i]);
            // .. and with its prompts in the batch, as in training.
            const auto own = score(ctx, model, tasks[asked[i].slot], std::span{&texts[i], 1});
            CHECK(difference(numbers_of(own), mixed[i]) < 1e-6);
        }
        // A slot takes another task.
        residents.move_in(ctx, 0, tasks[2]);
        const std::vector<asked_text> first{{&texts[3].text, 0}}, third{{&texts[3].text, 2}};
        CHECK(score(ctx, residents, std::span<const asked_text>{first}) ==
              score(ctx, residents, std::span<const asked_text>{third}));
        CHECK_THROWS_WITH(residents.move_in(ctx, 9, tasks[0]), Catch::Contains("slot"));
    };
    check(small_bert());
    check(small_edge());
    check(small_llama());
    const auto model = small_bert();
    C ctx;
    check(prepare(ctx, model));
}

TEST_CASE("gradients of tasks are difference quotients") {
    const auto check = [](const auto& model, tuning_method how) {
        CAPTURE(name_of(how));
        task t = random_task(how, model, 5);
        const auto texts = texts_of(5);
        const auto gradients = gradients_of<cpu_reference>(model, t, texts);
        parameters<> learned{t};
        context<cpu_reference, float> plain;
        idx at = 0;
        for (const auto& p : learned.entries()) {
            // Along the gradient itself the loss rises by its squared length.
            const auto& g = gradients[at++];
            double square = 0;
            for (const float x : g) square += double(x) * double(x);
            const double length = std::sqrt(square), step = 3e-3;
            CAPTURE(p.name, length);
            const auto loss_at = [&](double way) {
                const std::vector<float> kept(p.values.data, p.values.data + p.values.size());
                for (idx i = 0; i < g.size(); ++i)
                    p.values.data[i] += float(way * double(g[i]) / length);
                double loss = 0;
                gradients_of<cpu_reference>(model, t, texts, &loss);
                std::copy(kept.begin(), kept.end(), p.values.data);
                return loss;
            };
            if (length < 1e-6) continue;
            const double rise = (loss_at(step) - loss_at(-step)) / (2 * step);
            CHECK(std::abs(rise - length) < 2e-2 * length + 2e-5);
        }
    };
    for (const auto how :
         {tuning_method::option_adapter, tuning_method::lora, tuning_method::prompt})
        check(small_bert(), how);
    check(small_edge(), tuning_method::option_adapter);
    check(small_llama(), tuning_method::option_adapter);
    check(small_m6(), tuning_method::option);
}

TEST_CASE("gradients of tasks are the same on simd, over a backbone packed both ways") {
    const auto model = small_bert();
    for (const auto how : {tuning_method::option_adapter, tuning_method::lora,
                           tuning_method::prompt, tuning_method::adapter, tuning_method::option}) {
        CAPTURE(name_of(how));
        task t = random_task(how, model, 5);
        const auto texts = texts_of(9);
        const auto expected = gradients_of<cpu_reference>(model, t, texts);
        parameters learned{t};
        recording_context<cpu> ctx{learned.ranges()};
        const auto actual = gradients_of<cpu>(prepare(ctx, model), t, texts);
        REQUIRE(actual.size() == expected.size());
        for (idx i = 0; i < actual.size(); ++i) {
            double largest = 0;
            for (const float g : expected[i]) largest = std::max(largest, std::abs(double(g)));
            CHECK(difference(actual[i], expected[i]) <= 1e-5 * largest + 1e-7);
        }
    }
}

TEMPLATE_TEST_CASE("a step of tuning takes what a dry recording counts", "",
                   test_support::reference, test_support::cpu) {
    using Tag = typename TestType::tag;
    const auto check = [](const auto& model, tuning_method how) {
        CAPTURE(name_of(how));
        task t = random_task(how, model, 5);
        const auto texts = texts_of(9);
        parameters learned{t};
        const auto bytes_of = [&](auto& ctx) {
            const score_texts objective{model, t, texts};
            const auto batch = tuning::all_of(objective);
            const auto scope = ctx.scope();
            ctx.drop(
                {{.embedding = .1f, .attention_out = .1f, .hidden = .1f, .ffn_out = .1f}, 3, 1});
            objective.loss(ctx, batch, .1);
            ctx.replay();
            return ctx.high_water();
        };
        recording_context<dry_run<Tag>> counting{learned.ranges()};
        recording_context<Tag> ctx{learned.ranges()};
        CHECK(bytes_of(counting) == bytes_of(ctx));
    };
    for (const auto how : {tuning_method::option_adapter, tuning_method::lora,
                           tuning_method::prompt, tuning_method::adapter})
        check(small_bert(), how);
    check(small_edge(), tuning_method::option_adapter);
    check(small_llama(), tuning_method::option);
}

TEST_CASE("low-rank terms merge into the weights") {
    context<cpu_reference> ctx;
    auto model = small_bert();
    const task t = random_task(tuning_method::lora, model, 3);
    task none = t;  // the classifier alone
    for (auto* each : {&none.queries, &none.values})
        for (auto& term : *each) std::fill_n(term.up.data(), term.up.size(), 0.f);
    const auto texts = texts_of(4);
    const auto apart = score(ctx, model, t, texts);
    const auto before = score(ctx, model, none, texts);
    merge(model, t);
    CHECK(difference(numbers_of(score(ctx, model, none, texts)), numbers_of(apart)) < 1e-6);
    CHECK(difference(numbers_of(before), numbers_of(apart)) > 1e-3);
    CHECK_THROWS_WITH(merge(model, random_task(tuning_method::adapter, model, 3)),
                      Catch::Contains("low-rank"));
}

TEST_CASE("every kind of block hears its task") {
    context<cpu_reference> ctx;
    const auto check = [&](const auto& model, tuning_method how) {
        CAPTURE(name_of(how));
        const task t = random_task(how, model, 4);
        const rows_of_task all[]{{0, 9, &t}};
        const auto batch = small::batch();
        const auto with = model.run(ctx, model.embed(ctx, batch), batch.sequences, causal{},
                                    own_keys{}, no_hook{}, tasks_by_rows{all, {}});
        const auto without = model.run(ctx, model.embed(ctx, batch), batch.sequences, causal{});
        double most = 0;
        for (idx i = 0; i < with.size(); ++i)
            most = std::max(most, std::abs(double(with.data[i] - without.data[i])));
        CHECK(most > 1e-3);
    };
    const sasrec::config size{
        .items = 20, .positions = 8, .layers = 2, .heads = 2, .width = 8, .hidden = 8};
    for (const auto how : {tuning_method::adapter, tuning_method::lora}) {
        check(with_random_weights(sasrec::model<>{size}), how);
        check(with_random_weights(sasrec::model<sasrec::original_spec>{size}), how);
        check(small_bert(), how);
        check(small_m6(), how);
        check(small_llama(), how);
    }
}

TEST_CASE("a task begins as the model is") {
    context<cpu_reference> ctx;
    const auto model = small_bert();
    task t{tuning_method::option_adapter,
           sizes_of_task(model),
           {.prompts = 4, .rank = 2},
           {"no", "yes"},
           {1, 2}};
    const std::vector<std::vector<std::int32_t>> words{{5}, {6, 8}};
    begin_task(ctx, model, t, words, 3);
    const auto rows = t.prompts.look();
    const auto table = model.tokens.weight.look();
    for (idx c = 0; c < 8; ++c) {
        CHECK(rows(2, c) == table(5, c));
        CHECK(rows(3, c) == Approx((table(6, c) + table(8, c)) / 2));
        CHECK(rows(4, c) == table(1, c));
        CHECK(rows(5, c) == table(2, c));
    }
    CHECK(t.adapters[1].gate.look()(0, 0) == 1);
    for (idx i = 0; i < t.adapters[1].up.weight.size(); ++i)
        CHECK(t.adapters[1].up.weight.data()[i] == 0);
    CHECK_THROWS_WITH(
        (task{tuning_method::option, sizes_of_task(model), {.prompts = 1}, {"a", "b"}, {}}),
        Catch::Contains("prompts"));
}
