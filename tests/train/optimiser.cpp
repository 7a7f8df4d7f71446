// Optimisers against torch.optim: twelve steps of parameters of which matrices alone decay.
#include "models/golden.hpp"

#include <reckon/train/optimiser.hpp>

using namespace golden;

namespace {

constexpr idx steps = 12;

struct network {
    matrix<float> weight{61, 67}, bias{1, 61}, gain{1, 67}, prompts{3, 67};

    static constexpr void visit(auto&& f, auto&... self) {
        f("up.weight", self.weight...);
        f("up.bias", self.bias...);
        f("norm.gain", self.gain...);
        f("prompts", self.prompts...);
    }
};

/// Number i of all parameters at first, and its gradient in a step, as tests/golden/optimisers.py
/// has them.
float beginning(idx i) { return (float(i * 53 % 97) - 48) / 64; }
float gradient(idx step, idx i) {
    return (float((i * 37 + step * 101) % 211) - 105) / 64 / float(1 << 3 * (step % 4));
}

struct options {
    double clip = 0;
    bool falls = false;
};

/// Runs the steps, and checks each parameter and each norm.
template <class Tag, class How>
void gives_the_goldens(const std::string& run, const How& how, const options& o = {}) {
    INFO(run);
    const file golden("optimisers.safetensors");
    network net;
    parameters<> learned(net);
    for (const auto& p : learned.entries())
        for (idx i = 0; i < p.values.size(); ++i) p.values.data[i] = beginning(p.at + i);
    context<Tag> ctx{{.threads = 2}};
    optimiser_state<> state;
    for (idx s = 0; s < steps; ++s) {
        for (idx i = 0; i < learned.size(); ++i) learned.gradients().data[i] = gradient(s, i);
        const double norm = gradient_norm(ctx, learned);
        if (o.clip != 0)
            CHECK(norm == Approx(golden.get<float>(run + "/norms")[s]).epsilon(tolerance::op));
        step(ctx, how, learned, clipping(norm, o.clip),
             o.falls ? double(steps - s) / double(steps) : 1, state);
    }
    CHECK(state.steps == steps);
    for (const auto& p : learned.entries()) {
        INFO(p.name);
        CHECK(relative_difference(numbers(p.values), golden.get<float>(run + '/' + p.name)) <
              tolerance::op);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("twelve steps of an optimiser are those of torch.optim", "",
                   RECKON_BACKENDS_REFERENCE RECKON_BACKENDS_CPU) {
    if (!test_support::runs<TestType>("twelve steps of an optimiser")) return;
    using tag = typename TestType::tag;
    gives_the_goldens<tag>("sgd", sgd{.rate = .05f});
    gives_the_goldens<tag>("sgd_momentum", sgd{.rate = .05f, .momentum = .9f});
    gives_the_goldens<tag>("sgd_damped",
                           sgd{.rate = .1f, .momentum = .8f, .damping = .3f, .decay = .25f});
    gives_the_goldens<tag>("sgd_nesterov",
                           sgd{.rate = .05f, .momentum = .9f, .decay = .25f, .nesterov = true});
    gives_the_goldens<tag>("adam", adam{.rate = .05f});
    gives_the_goldens<tag>("adam_decay",
                           adam{.rate = .05f, .beta_1 = .8f, .beta_2 = .95f, .decay = .5f});
    gives_the_goldens<tag>("adamw", adamw{.rate = .05f, .decay = .5f});
    gives_the_goldens<tag>(
        "adamw_epsilon",
        adamw{.rate = .05f, .beta_1 = .8f, .beta_2 = .95f, .epsilon = .25f, .decay = .5f});
    gives_the_goldens<tag>("sgd_clipped", sgd{.rate = .5f, .momentum = .9f}, {.clip = 4});
    gives_the_goldens<tag>("adamw_clipped", adamw{.rate = .05f, .epsilon = 1e-3f, .decay = .5f},
                           {.clip = 4, .falls = true});
}

TEST_CASE("gradients are clipped where their norm is above the limit, and where there is one") {
    CHECK(clipping(8, 4) == Approx(.5));
    CHECK(clipping(3.9, 4) == 1);
    CHECK(clipping(1e9, 0) == 1);
    CHECK(clipping(0, 4) == 1);
}

TEST_CASE("biases, gains, prompts and what else is one row do not decay") {
    CHECK(is_undecayed("layers.0.ffn.up.bias", 1));
    CHECK(is_undecayed("norm.gain", 1));
    CHECK(is_undecayed("prompts", 8));
    CHECK(is_undecayed("task.prompt.rows", 8));
    CHECK(is_undecayed("log_scale", 1));
    CHECK(!is_undecayed("layers.0.ffn.up.weight", 2));
    CHECK(!is_undecayed("items.weight", 40));
}
