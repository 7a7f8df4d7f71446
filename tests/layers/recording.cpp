// Gradients come from ops: layers that know nothing of a tape are recorded and replayed, and every
// parameter and input is checked against central differences in double.
#include "support/small_models.hpp"

#include <reckon/backend/tape.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/cpu.hpp>

using namespace small;

namespace {

struct spec {
    using memory = heap;
    using number = double;
    using linear = dense<double>;
    using bias = with_bias;
};

constexpr idx rows = 4, width = 5, hidden = 7;
using recorder = recording_context<cpu_reference, double>;
using plain = context<cpu_reference, double>;
using numbers = std::vector<double>;
using range = gradient_range<double>;

/// norm(x + down(f(up(x)))): a post-norm feed-forward with its residual.
struct network {
    module_of<spec::linear, spec> up{width, hidden}, down{hidden, width};
    module_of<layer_normed, spec> norm{width, 1e-3f};
    activation f = activation::gelu;

    static constexpr void visit(auto&& v, auto&... self) {
        v("up", self.up...);
        v("down", self.down...);
        v("norm", self.norm...);
    }
    template <any_context C> tensor_of<C> operator()(C& ctx, tensor_of<C> x) const {
        const auto scope = ctx.scope();
        auto y = x;
        const site at{ragged{}, bidirectional{}};
        norm.of_sum_in_place(ctx, y, down(ctx, up(ctx, x, at, f), at), at);
        return y;
    }
};

numbers random_numbers(std::uint64_t seed, idx count) {
    numbers all(count);
    for (idx i = 0; i < count; ++i) all[i] = double(philox{seed}.uniform(i, -1, 1));
    return all;
}

template <class C> tensor_of<C> given(C& ctx, const numbers& values, idx cols) {
    auto x = ctx.make(values.size() / cols, cols);
    std::copy(values.begin(), values.end(), x.data);
    return x;
}

/// sum of y's numbers, each times a random one: what is differentiated.
const numbers slopes = random_numbers(50, 100);
double loss_of(view<const double> y) {
    double sum = 0;
    for (idx i = 0; i < y.size(); ++i) sum += slopes[i] * y.data[i];
    return sum;
}

/// Sets the loss's gradient on y, and replays.
void replay(recorder& ctx, const recorder::tensor& y) {
    REQUIRE(y.grad != nullptr);
    const auto dy = ctx.gradient(y);
    for (idx i = 0; i < y.size(); ++i) dy.data[i] = slopes[i];
    ctx.replay();
}

/// The table that pairs the parameters of a module with those of its twin, which gather gradients.
template <class M, class Which>
std::vector<range> trainable(const M& module, M& twin, const Which& which) {
    std::vector<range> table;
    walk_all(
        [&](const path& at, const matrix<double>& p, matrix<double>& gradient) {
            if (which(at.text().view()))
                table.push_back({p.data(), p.data() + p.size(), gradient.data()});
        },
        module, twin);
    std::sort(table.begin(), table.end(),
              [](const range& a, const range& b) { return a.begin < b.begin; });
    return table;
}

template <class M> numbers flat(const M& module) {
    numbers all;
    walk_all([&](const path&,
                 const matrix<double>& p) { all.insert(all.end(), p.data(), p.data() + p.size()); },
             module);
    return all;
}

/// max |a - b| / (0.01 + |b|), by central differences of `loss` in every number of `at`.
template <class Loss> double worst_error(double* at, const double* gradient, idx count, Loss loss) {
    double worst = 0;
    for (idx i = 0; i < count; ++i) {
        const double kept = at[i], step = 1e-5;
        at[i] = kept + step;
        const double above = loss();
        at[i] = kept - step;
        const double below = loss();
        at[i] = kept;
        const double expected = (above - below) / (2 * step);
        worst = std::max(worst, std::abs(gradient[i] - expected) / (0.01 + std::abs(expected)));
    }
    return worst;
}
constexpr double tolerated = 1e-6;

template <class M, class Loss> double worst_error(M& module, const M& gradients, Loss loss) {
    double worst = 0;
    walk_all(
        [&](const path&, matrix<double>& p, const matrix<double>& g) {
            worst = std::max(worst, worst_error(p.data(), g.data(), p.size(), loss));
        },
        module, gradients);
    return worst;
}

const auto everything = [](std::string_view) { return true; };

/// Gradients of those parameters and of the input, and how many entries the tape had.
struct recording {
    network gradients;
    numbers input;
    idx entries = 0;

    template <class Which>
    recording(const network& net, const numbers& x, const Which& which, bool input_learns = false) {
        const auto table = trainable(net, gradients, which);
        recorder ctx{table};
        auto in = given(ctx, x, width);
        if (input_learns) ctx.track(in);
        const auto y = net(ctx, in);
        entries = ctx.recorded();
        if (entries == 0) return;
        replay(ctx, y);
        if (input_learns) input = copy_of(ctx.gradient(in));
    }
};

/// One table as two layers, and its last three rows as the classes.
struct tied {
    matrix<double> table{6, width};
    static constexpr void visit(auto&& v, auto&... self) { v("table", self.table...); }

    template <any_context C> tensor_of<C> operator()(C& ctx, tensor_of<C> x) const {
        const auto square = table.look().slice(0, width), classes = table.look().slice(3, 3);
        auto h = ops::linear(ctx, x, square, {{}, activation::gelu});
        h = ops::linear(ctx, h, square);
        return ops::linear(ctx, h, classes);
    }
};

}  // namespace

TEST_CASE("every gradient of linear, activation, norm and residual is right") {
    numbers x = random_numbers(2, rows * width);
    for (const auto f : {activation::none, activation::gelu, activation::gelu_tanh,
                         activation::silu, activation::relu}) {
        INFO("activation " << int(f));
        auto net = with_random_weights(network{});
        net.f = f;
        const auto loss = [&] {
            plain ctx;
            return loss_of(net(ctx, given(ctx, x, width)));
        };
        const recording r{net, x, everything, true};
        CHECK(worst_error(net, r.gradients, loss) < tolerated);
        CHECK(worst_error(x.data(), r.input.data(), x.size(), loss) < tolerated);
    }
}

TEST_CASE("recording computes what inference computes") {
    const auto net = with_random_weights(network{});
    const numbers x = random_numbers(2, rows * width);
    plain inference;
    const numbers expected = copy_of(net(inference, given(inference, x, width)));
    network gradients;
    const auto table = trainable(net, gradients, everything);
    recorder ctx{table};
    const auto in = given(ctx, x, width);
    CHECK(copy_of(net(ctx, in)) == expected);
    CHECK(copy_of(view<const double>{in}) == x);  // earlier entries still need it
}

TEST_CASE("what is frozen, or lies below the lowest trainable parameter, costs nothing") {
    const auto net = with_random_weights(network{});
    const numbers x = random_numbers(2, rows * width);
    const auto only = [](std::string_view part) {
        return [=](std::string_view name) { return name.starts_with(part); };
    };
    const recording all{net, x, everything};
    CHECK(all.entries == 5);  // up, its activation, down, add, norm
    CHECK(recording{net, x, only("norm")}.entries == 1);
    CHECK(recording{net, x, only("down")}.entries == 3);
    CHECK(recording{net, x, only("up.bias")}.entries == 5);
    CHECK(recording{net, x, only("nothing")}.entries == 0);
    CHECK(recording{net, x, only("nothing"), true}.entries == 5);

    // What remains has the same gradient, bit for bit, and the frozen have none.
    const recording part{net, x, only("down")};
    CHECK(flat(part.gradients.down) == flat(all.gradients.down));
    CHECK(flat(part.gradients.up) == numbers(hidden * width + hidden, 0));
    CHECK(flat(part.gradients.norm) == numbers(2 * width, 0));
}

TEST_CASE("a scope gives the memory of frozen layers back") {
    const auto net = with_random_weights(network{});
    const numbers x = random_numbers(2, rows * width);
    recorder frozen{{}};
    auto y = given(frozen, x, width);
    for (int layer = 0; layer < 8; ++layer) y = net(frozen, y);
    plain inference;
    auto z = given(inference, x, width);
    for (int layer = 0; layer < 8; ++layer) z = net(inference, z);
    CHECK(copy_of(view<const double>{y}) == copy_of(z));
    CHECK(frozen.workspace().high_water() < 2 * inference.workspace().high_water());
}

TEST_CASE("gradients of several sequences of one tape add up") {
    const auto net = with_random_weights(network{});
    const numbers x = random_numbers(2, rows * width);
    const recording once{net, x, everything};
    network gradients;
    const auto table = trainable(net, gradients, everything);
    recorder ctx{table};
    const auto in = given(ctx, x, width);
    replay(ctx, net(ctx, in));
    replay(ctx, net(ctx, in));  // a second step, without clearing
    const numbers twice = flat(gradients), single = flat(once.gradients);
    for (idx i = 0; i < twice.size(); ++i)
        REQUIRE(twice[i] == Approx(2 * single[i]).epsilon(1e-12));
}

TEST_CASE("tied weights and parts of a weight accumulate in one gradient") {
    auto net = with_random_weights(tied{});
    tied gradients;
    const numbers x = random_numbers(3, rows * width);
    const auto table = trainable(net, gradients, everything);
    recorder ctx{table};
    const auto y = net(ctx, given(ctx, x, width));
    CHECK(ctx.recorded() == 4);
    replay(ctx, y);
    CHECK(worst_error(net, gradients, [&] {
              plain c;
              return loss_of(net(c, given(c, x, width)));
          }) < tolerated);
}

TEST_CASE("a gradient passes through a frozen int8 weight") {
    int8_matrix<> w(3, width);
    for (idx i = 0; i < w.size(); ++i) w.values.data()[i] = std::int8_t(int(i * 37 % 255) - 127);
    for (idx o = 0; o < 3; ++o) w.scales.data()[o] = 0.01f * float(o + 1);
    numbers x = random_numbers(4, rows * width);
    const auto run = [&](auto& ctx, auto in) {
        return ops::linear(ctx, in, std::as_const(w).look(), {{}, activation::silu});
    };
    recorder ctx{{}};
    auto in = given(ctx, x, width);
    ctx.track(in);
    replay(ctx, run(ctx, in));
    CHECK(worst_error(x.data(), ctx.gradient(in).data, x.size(), [&] {
              recorder c{{}};  // a plain context rounds x to int8
              return loss_of(run(c, given(c, x, width)));
          }) < tolerated);
}

TEST_CASE("a frozen model is packed for both directions, and what stands below it learns") {
    const auto model = with_random_weights(bert::model<>{bert_size});
    const auto rows_in = random_numbers(3, 9 * 8);
    const auto gradient_of = [&](auto& ctx, const auto& frozen) {
        auto x = ctx.make(9, 8);
        for (idx i = 0; i < x.size(); ++i) x.data[i] = float(rows_in[i]);
        ctx.track(x);
        const auto own = x;
        const auto y = frozen.run(ctx, x, batch().sequences);
        const auto dy = ctx.gradient(y);
        for (idx i = 0; i < y.size(); ++i) dy.data[i] = float(slopes[i]);
        ctx.replay();
        return copy_of(ctx.gradient(own));
    };
    recording_context<cpu_reference> plain{{}};
    recording_context<cpu> fast{{}};
    const auto expected = gradient_of(plain, model);
    const auto packed = prepare(fast, model);
    static_assert(!std::same_as<decltype(packed), decltype(model)>);
    const auto actual = gradient_of(fast, packed);
    REQUIRE(actual.size() == expected.size());
    for (idx i = 0; i < actual.size(); ++i) CHECK(actual[i] == Approx(expected[i]).margin(1e-4));
    CHECK((gradient_of(fast, model) == actual));  // packed as they go: the same bits
}
