// The loop, by an objective of ten lines: a line is fitted to points.
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>
#include <reckon/cpu.hpp>
#include <reckon/layers/base_spec.hpp>
#include <reckon/ops/binary_cross_entropy.hpp>
#include <reckon/train/initialise.hpp>
#include <reckon/train/trainer.hpp>

#include <fstream>
#include <iterator>

using namespace reckon;
using test_support::scratch_folder;

namespace {

constexpr idx width = 6, hidden = 9;

struct spec : base_spec {};

struct network {
    module_of<spec::linear, spec> up{width, hidden}, down{hidden, 1};

    static constexpr void visit(auto&& f, auto&... self) {
        f("up", self.up...);
        f("down", self.down...);
    }
    template <any_context C>
    tensor_of<C> operator()(C& ctx, tensor_of<C> x, const ragged& of) const {
        const site at{of, bidirectional{}};
        return down(ctx, dropped(ctx, up(ctx, x, at, activation::gelu), at, dropout_place::hidden),
                    at);
    }
};

/// Example i is 1 + i % 3 rows of numbers drawn by i.
struct points {
    const network& net;
    idx count = 23;
    idx poisoned = ~idx{0};  // an example whose numbers are none

    struct batch {
        std::vector<float> x, y;
        std::vector<std::int32_t> offsets;
    };
    idx size() const { return count; }
    idx rows(idx i) const { return 1 + i % 3; }
    void fill(batch& b, std::span<const std::int64_t> examples, idx) const {
        b.x.clear();
        b.y.clear();
        b.offsets.assign(1, 0);
        for (const auto i : examples) {
            const philox random{7, std::uint64_t(i)};
            for (idx n = 0; n < rows(idx(i)) * width; ++n)
                b.x.push_back(idx(i) == poisoned ? NAN : random.uniform(n, -1, 1));
            for (idx n = 0; n < rows(idx(i)); ++n) b.y.push_back(float(random.below(99 + n, 2)));
            b.offsets.push_back(std::int32_t(b.y.size()));
        }
    }
    double targets(const batch& b) const { return double(b.y.size()); }
    template <any_context C> double loss(C& ctx, const batch& b, double weight) const {
        auto x = ctx.make(b.y.size(), width);
        if constexpr (!C::dry) std::copy(b.x.begin(), b.x.end(), x.data);
        const auto y = net(ctx, x, ragged{b.offsets});
        return ops::binary_cross_entropy(ctx, y, {b.y.data(), b.y.size(), 1}, weight);
    }
};

train_options options(std::string folder = {}) {
    return {.epochs = 4,
            .batch = {.examples = 5},
            .clip = 1,
            .dropout = dropout_rates::all(.2f),
            .seed = 3,
            .averaging = .9f,
            .save_every = 2,
            .folder = std::move(folder),
            .task = {{"data", "one"}}};
}

network fresh_network() {
    network net;
    initialise(net, 1, normal{.3f});
    return net;
}

std::vector<float> numbers_of(const network& net) {
    std::vector<float> all;
    walk_all([&](const path&,
                 const matrix<float>& p) { all.insert(all.end(), p.data(), p.data() + p.size()); },
             net);
    return all;
}

/// The network after a run, and whether the run ended by itself.
struct outcome {
    std::vector<float> numbers;
    run_progress at;
};
template <class Tag = cpu, class Rates = constant_rate>
outcome train(train_options how, idx threads = 1, std::string isa = {}) {
    network net = fresh_network();
    parameters learned{net};
    recording_context<Tag> ctx{learned.ranges(), {.threads = threads, .max_isa = isa}};
    trainer fit{ctx, learned, adamw{.rate = .05f}, Rates{}, std::move(how)};
    const auto at = fit(points{net}, [&] { return double(numbers_of(net)[0]); });
    return {numbers_of(net), at};
}

std::string text_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct with_idle {
    network net;
    matrix<float> idle{1, 3};

    static constexpr void visit(auto&& f, auto&... self) {
        f("net", self.net...);
        f("idle", self.idle...);
    }
};

struct stop_here {};
/// Ends a run, as an interruption would, after so many steps.
struct interrupter : train_observer {
    idx left;
    explicit interrupter(idx steps) : left(steps) {}
    void after_step(idx, idx, double, double, double) override {
        if (--left == 0) throw stop_here{};
    }
};

}  // namespace

TEST_CASE("training lowers the loss, and what it learns is the same on any number of threads") {
    struct losses : train_observer {
        std::vector<double> all;
        void after_epoch(const epoch_report& r) override { all.push_back(r.loss); }
    } seen;
    network net = fresh_network();
    parameters learned{net};
    recording_context<cpu> ctx{learned.ranges()};
    trainer fit{ctx,
                learned,
                adamw{.rate = .05f},
                constant_rate{},
                {.epochs = 30, .batch = {.examples = 5}},
                &seen};
    fit(points{net});
    CHECK(seen.all.back() < .5 * seen.all.front());

    const auto one = train<cpu>(options());
    CHECK((train<cpu>(options(), 3).numbers == one.numbers));
    CHECK((train<cpu_reference>(options(), 3).numbers == train<cpu_reference>(options()).numbers));
    auto other_seed = options();
    other_seed.seed = 4;
    CHECK((train<cpu>(other_seed).numbers != one.numbers));
}

TEST_CASE("a step in parts gives the bits of the whole, its dropout too") {
    auto parts = options();
    parts.rows_at_once = 4;
    CHECK((train<cpu>(parts).numbers == train<cpu>(options()).numbers));
}

TEST_CASE("packed steps take no more rows than they may, and all examples once") {
    const points task{fresh_network()};
    for (idx most : {idx{3}, idx{7}, idx{100}}) {
        const auto plan = plan_epoch(
            23, [&](idx i) { return task.rows(i); }, {.rows = most}, 5, 2);
        std::vector<int> times(23);
        for (idx s = 0; s < plan.steps(); ++s) {
            idx rows = 0;
            for (const auto i : plan.step(s)) {
                rows += task.rows(idx(i));
                ++times[idx(i)];
            }
            CHECK(rows <= most);
            CHECK(rows > 0);
        }
        CHECK(times == std::vector<int>(23, 1));
        CHECK(plan.order != plan_epoch(
                                23, [&](idx i) { return task.rows(i); }, {.rows = most}, 5, 3)
                                .order);
    }
    CHECK_THROWS_WITH(plan_epoch(
                          23, [&](idx i) { return task.rows(i); }, {.rows = 2}, 5, 2),
                      "plan_epoch: rows of an example: expected 2, got 3");
}

TEST_CASE("the bytes of the largest step are predicted") {
    for (idx threads : {idx{1}, idx{3}}) {
        network net = fresh_network();
        parameters learned{net};
        recording_context<cpu> ctx{learned.ranges(), {.threads = threads}};
        auto how = options();
        trainer fit{ctx, learned, adamw{}, constant_rate{}, how};
        const points task{net};
        const idx bytes = fit.predicted_bytes(task);
        CHECK(ctx.high_water() == 0);  // nothing was computed
        fit(task);
        CHECK(ctx.high_water() == bytes);
    }
}

TEST_CASE("a run that was interrupted after any step goes on as if it had not been") {
    const auto uninterrupted = train<cpu>(options());
    const auto whole_folder = scratch_folder("train_whole");
    train<cpu>(options(whole_folder));
    for (idx steps = 1; steps < 20; ++steps) {
        CAPTURE(steps);
        const auto folder = scratch_folder("train_interrupted");
        network net = fresh_network();
        {
            parameters learned{net};
            recording_context<cpu> ctx{learned.ranges()};
            interrupter after{steps};
            trainer fit{ctx,   learned, adamw{.rate = .05f}, constant_rate{}, options(folder),
                        &after};
            CHECK_THROWS_AS(fit(points{net}, [&] { return double(numbers_of(net)[0]); }),
                            stop_here);
        }
        const auto resumed = train<cpu>(options(folder), 2);
        CHECK((resumed.numbers == uninterrupted.numbers));
        CHECK((resumed.at == uninterrupted.at));
        CHECK(text_of_file(folder + "/model.safetensors") ==
              text_of_file(whole_folder + "/model.safetensors"));
        const auto lines = text_of_file(folder + "/log.jsonl");
        CHECK(std::count(lines.begin(), lines.end(), '\n') == 20 + 4);
    }
}

TEST_CASE("a run is taken up by the same settings only, named by the first that differs") {
    const auto folder = scratch_folder("train_settings");
    train<cpu>(options(folder));
    const auto refuses = [&](auto change, const std::string& what) {
        auto how = options(folder);
        change(how);
        CHECK_THROWS_WITH(train<cpu>(how),
                          Catch::Contains("train: resume " + folder + ": " + what));
    };
    refuses([](auto& how) { how.seed = 9; }, "seed: expected 3, got 9");
    refuses([](auto& how) { how.batch.examples = 6; }, "batch.examples: expected 5, got 6");
    refuses([](auto& how) { how.clip = 2; }, "clip: expected 1, got 2");
    refuses([](auto& how) { how.dropout.hidden = .5f; }, "dropout.3");
    refuses([](auto& how) { how.task["data"] = "another"; }, "data: expected one, got another");
    CHECK_THROWS_WITH((train<cpu, cosine_rate>(options(folder))), Catch::Contains(": schedule: "));
    // More epochs, at a constant rate, are the longer run.
    auto longer = options(folder), at_once = options();
    longer.epochs = at_once.epochs = 6;
    CHECK((train<cpu>(longer).numbers == train<cpu>(at_once).numbers));
}

TEST_CASE("patience ends a run that gets no better") {
    network net = fresh_network();
    parameters learned{net};
    recording_context<cpu> ctx{learned.ranges()};
    auto how = options();
    how.epochs = 50;
    how.patience = 3;
    trainer fit{ctx, learned, sgd{}, constant_rate{}, how};
    int calls = 0;
    const auto at = fit(points{net}, [&] { return ++calls == 2 ? 1. : 0.; });
    CHECK(at.finished);
    CHECK(at.best_epoch == 2);
    CHECK(calls == 5);
}

TEST_CASE("a loss that is no number names the step, its examples and the first op") {
    network net = fresh_network();
    parameters learned{net};
    recording_context<cpu> ctx{learned.ranges()};
    const auto folder = scratch_folder("train_poisoned");
    trainer fit{ctx, learned, sgd{}, constant_rate{}, options(folder)};
    CHECK_THROWS_WITH(fit(points{.net = net, .poisoned = 17}),
                      Catch::StartsWith("train: step ") && Catch::Contains(" 17") &&
                          Catch::Contains("expected a finite loss and gradient, got nan, first in "
                                          "linear, recorded"));
    CHECK(ctx.recorded() == 0);  // neither tape nor tensors were left behind
    CHECK(ctx.workspace().used() == 0);
}

TEST_CASE("a parameter that no op asks for is named") {
    with_idle model{fresh_network()};
    parameters learned{model};
    recording_context<cpu> ctx{learned.ranges()};
    trainer fit{ctx, learned, sgd{}, constant_rate{}, options()};
    CHECK_THROWS_WITH(fit(points{model.net}), Catch::Contains("parameters: idle"));
}

TEST_CASE("a state cut at any byte is refused in one line, and nothing is changed") {
    const auto folder = scratch_folder("train_cut");
    train<cpu>(options(folder));
    const auto path = folder + "/state.safetensors", whole = text_of_file(path);
    for (idx bytes = 0; bytes < whole.size(); bytes += 97) {
        std::ofstream(path, std::ios::binary | std::ios::trunc)
            .write(whole.data(), std::streamsize(bytes));
        try {
            train<cpu>(options(folder));
            FAIL("taken for a state");
        } catch (const error& e) {
            CHECK(std::string_view{e.what()}.find('\n') == std::string_view::npos);
        }
    }
}
