// Losses and their gradients against PyTorch's, on float.
#include "models/golden.hpp"

#include <reckon/ops/binary_cross_entropy.hpp>
#include <reckon/ops/cross_entropy.hpp>
#include <reckon/train/parameters.hpp>

using namespace golden;

namespace {

const file& goldens() {
    static const file all("losses.safetensors");
    return all;
}
view<const float> given(const std::string& name, idx cols) {
    const auto all = goldens().get<float>(name);
    return {all.data(), all.size() / cols, cols};
}
view<const float> given_row(const std::string& name) {
    return given(name, goldens().get<float>(name).size());
}
view<const std::int32_t> integers(const std::string& name) {
    const auto all = goldens().get<std::int32_t>(name);
    return row_view(all.data(), all.size());
}

/// A parameter of these numbers.
struct parameter_of {
    matrix<float> values;
    explicit parameter_of(view<const float> from) : values(from.rows, from.cols) {
        std::copy_n(from.data, from.size(), values.data());
    }
    static constexpr void visit(auto&& f, auto&... self) { f("values", self.values...); }
};

/// An activation of these numbers that learns.
template <class C> tensor_of<C> tracked(C& ctx, view<const float> from) {
    auto x = ctx.make(from.rows, from.cols);
    std::copy_n(from.data, from.size(), x.data);
    ctx.track(x);
    return x;
}

void is(double loss, const std::string& name) {
    CHECK(loss == Approx(goldens().get<float>(name + "/loss")[0]).epsilon(tolerance::op));
}
void is_gradient(view<const float> d, const std::string& name) {
    INFO(name);
    CHECK(relative_difference(numbers(d), goldens().get<float>(name)) < tolerance::gradient);
}

constexpr idx width = 6, rows = 150;

/// Of given scores, and fused with the product that makes them.
template <class Tag>
void softmax_case(const std::string& name, const softmax_options<float>& options) {
    INFO(name);
    const std::string own = "softmax/" + name;
    const softmax_targets targets{.columns = integers("softmax/targets")};
    parameter_of w(given("softmax/w", width));
    parameters<> learned(w);
    {
        recording_context<Tag> ctx{learned.ranges(), {.threads = 2}};
        const auto x = tracked(ctx, given("softmax/x", width));
        const auto scores = ops::linear(ctx, x, w.values.look());
        is(ops::cross_entropy(ctx, scores, targets, options), own);
        is_gradient(ctx.gradient(scores), own + "/dscores");
        ctx.replay();
        is_gradient(ctx.gradient(x), own + "/dx");
        is_gradient(learned.gradient(learned.entries()[0]), own + "/dw");
    }
    learned.clear_gradients();
    {
        recording_context<Tag> ctx{learned.ranges(), {.threads = 2}};
        const auto x = tracked(ctx, given("softmax/x", width));
        is(ops::linear_cross_entropy(ctx, x, w.values.look(), targets, options), own);
        ctx.replay();
        is_gradient(ctx.gradient(x), own + "/dx");
        is_gradient(learned.gradient(learned.entries()[0]), own + "/dw");
    }
    {  // The weight may be an activation as well.
        recording_context<Tag> ctx{{}, {.threads = 2}};
        const auto x = tracked(ctx, given("softmax/x", width));
        const auto v = tracked(ctx, given("softmax/w", width));
        is(ops::linear_cross_entropy(ctx, x, v, targets, options), own);
        is_gradient(ctx.gradient(x), own + "/dx");
        is_gradient(ctx.gradient(v), own + "/dw");
    }
    // Without gradients, the loss alone.
    context<Tag> ctx;
    const auto x = ctx.make(rows, width);
    std::copy_n(given("softmax/x", width).data, rows * width, x.data);
    is(ops::linear_cross_entropy(ctx, x, w.values.look(), targets, options), own);
    is(ops::cross_entropy(ctx, ops::linear(ctx, x, w.values.look()), targets, options), own);
}

template <class Tag>
void binary_case(const std::string& name, double weight, view<const float> weights = {}) {
    const std::string own = "binary/" + name;
    recording_context<Tag> ctx{{}, {.threads = 2}};
    const auto x = tracked(ctx, given("binary/scores", 9));
    is(ops::binary_cross_entropy(ctx, x, given("binary/targets", 9), weight, weights), own);
    is_gradient(ctx.gradient(x), own + "/dscores");
}

/// `most` and a learned scale, or a fixed one.
template <class Tag> void contrastive_case(const std::string& name, float fixed, float most) {
    const std::string own = "contrastive/" + name;
    parameter_of log_scale(given("contrastive/log_scale", 1));
    parameters<> learned(log_scale);
    recording_context<Tag> ctx{learned.ranges(), {.threads = 2}};
    const auto queries = tracked(ctx, given("contrastive/queries", 5));
    const auto keys = tracked(ctx, given("contrastive/keys", 5));
    ops::inverse_temperature<float> temperature{.fixed = fixed, .most = most};
    if (fixed == 0) temperature.log_scale = log_scale.values.look();
    is(ops::info_nce(ctx, queries, keys, integers("contrastive/items"), temperature, 1. / 8), own);
    ctx.replay();
    is_gradient(ctx.gradient(queries), own + "/dqueries");
    is_gradient(ctx.gradient(keys), own + "/dkeys");
    if (fixed == 0) is_gradient(learned.gradients(), own + "/dlog_scale");
}

}  // namespace

#define BACKENDS RECKON_BACKENDS_REFERENCE RECKON_BACKENDS_CPU

TEMPLATE_TEST_CASE("cross-entropy and its gradients are those of PyTorch", "", BACKENDS) {
    if (!test_support::runs<TestType>("cross-entropy and its gradients")) return;
    using tag = typename TestType::tag;
    const auto targets = integers("softmax/targets");
    const auto weights = given_row("softmax/class_weights");
    double counted = 0, sum = 0;  // what PyTorch divides by
    for (idx i = 0; i < rows; ++i)
        if (targets(0, i) >= 0) {
            ++counted;
            sum += double(weights(0, idx(targets(0, i))));
        }
    softmax_case<tag>("sum", {});
    softmax_case<tag>("mean", {.weight = 1 / counted});
    softmax_case<tag>("smoothed", {.weight = 1 / counted, .smoothing = .125f});
    softmax_case<tag>("weighted_sum", {.class_weights = weights});
    softmax_case<tag>("weighted_mean", {.weight = 1 / sum, .class_weights = weights});
    softmax_case<tag>("weighted_smoothed",
                      {.weight = 1 / sum, .smoothing = .125f, .class_weights = weights});
    softmax_case<tag>("scaled", {.weight = 1 / counted, .scale = 1.75f});
    softmax_case<tag>("sampled",
                      {.weight = 1 / counted, .log_shares = given_row("softmax/log_shares")});
}

TEMPLATE_TEST_CASE("binary cross-entropy and its gradient are those of PyTorch", "", BACKENDS) {
    if (!test_support::runs<TestType>("binary cross-entropy and its gradient")) return;
    using tag = typename TestType::tag;
    const auto weights = given("binary/weights", 9);
    binary_case<tag>("sum", 1);
    binary_case<tag>("mean", 1. / 45);
    binary_case<tag>("weighted_sum", 1, weights);
    binary_case<tag>("weighted_mean", 1. / 45, weights);
}

TEMPLATE_TEST_CASE("in-batch negatives, those of the same item left out, are those of PyTorch", "",
                   BACKENDS) {
    if (!test_support::runs<TestType>("in-batch negatives")) return;
    using tag = typename TestType::tag;
    contrastive_case<tag>("fixed", 20, 100);
    contrastive_case<tag>("learned", 0, 100);
    contrastive_case<tag>("clipped", 0, 4);
}
