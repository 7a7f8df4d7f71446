// What parameters begin with: the moments of each kind, the rules' patterns, and streams by name.
#include <catch2/catch.hpp>
#include <reckon/train/initialise.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <vector>

using namespace reckon;

namespace {

constexpr idx rows = 300, cols = 200;

struct linear_part {
    matrix<float> weight{rows, cols}, bias{1, rows};
    static constexpr void visit(auto&& f, auto&... self) {
        f("weight", self.weight...);
        f("bias", self.bias...);
    }
};
struct norm_part {
    matrix<float> gain{1, cols}, bias{1, cols};
    static constexpr void visit(auto&& f, auto&... self) {
        f("gain", self.gain...);
        f("bias", self.bias...);
    }
};
struct network {
    linear_part up, down;
    norm_part norm;
    static constexpr void visit(auto&& f, auto&... self) {
        f("up", self.up...);
        f("down", self.down...);
        f("norm", self.norm...);
    }
};
/// The same parts and more, in another order.
struct larger_network {
    linear_part in, up;
    norm_part norm;
    linear_part down;
    static constexpr void visit(auto&& f, auto&... self) {
        f("in", self.in...);
        f("norm", self.norm...);
        f("down", self.down...);
        f("up", self.up...);
    }
};

std::vector<float> flat(const matrix<float>& m) { return {m.data(), m.data() + m.size()}; }
bool all_are(const matrix<float>& m, float number) {
    return std::ranges::all_of(flat(m), [=](float x) { return x == number; });
}

/// up.weight, begun so.
std::vector<float> drawn(const initial_values& how, std::uint64_t seed = 1) {
    network net;
    initialise(net, seed, {{"up.weight", how}, {"*", zeros{}}});
    return flat(net.up.weight);
}

struct moments {
    double mean = 0, deviation = 0, fourth = 0, largest = 0;  // fourth: of the mean of squares
    explicit moments(const std::vector<float>& all) {
        double squares = 0, fourths = 0;
        for (const float x : all) {
            const double square = double(x) * double(x);
            mean += double(x);
            squares += square;
            fourths += square * square;
            largest = std::max(largest, double(std::abs(x)));
        }
        const double count = double(all.size());
        mean /= count;
        deviation = std::sqrt(squares / count);
        fourth = fourths * count / (squares * squares);
    }
};
// Of 60,000 numbers; four times the deviation that each has by chance.
constexpr double mean_off = .017, deviation_off = .012, fourth_off = .08;

void has(const moments& m, double deviation, double fourth) {
    CHECK(std::abs(m.mean) < mean_off * deviation);
    CHECK(m.deviation == Approx(deviation).epsilon(deviation_off));
    CHECK(m.fourth == Approx(fourth).margin(fourth_off));
}

}  // namespace

TEST_CASE("numbers begin with the moments of their kind") {
    const moments normally(drawn(normal{.5f}));
    has(normally, .5, 3);
    CHECK(normally.largest > 4 * .5);
    // Glorot and Bengio: the variance is 2 / (in + out).
    const double xavier = std::sqrt(2. / double(rows + cols));
    has(moments(drawn(xavier_normal{})), xavier, 3);
    has(moments(drawn(xavier_normal{3})), 3 * xavier, 3);
    for (const float gain : {1.f, 3.f}) {
        const moments m(drawn(xavier_uniform{gain}));
        const double most = double(gain) * std::sqrt(3.) * xavier;
        has(m, double(gain) * xavier, 1.8);
        CHECK(m.largest <= most * (1 + 1e-6));
        CHECK(m.largest > most * .999);
    }
}

TEST_CASE("truncated numbers are normal within two deviations, and none is beyond") {
    const auto all = drawn(truncated_normal{.5f});
    const moments m(all);
    CHECK(m.largest <= 1);
    CHECK(m.largest > .999);
    // The variance is 1 - 4 phi(2) / (2 Phi(2) - 1) of that of normal numbers.
    const double phi = std::exp(-2.) / std::sqrt(2 * std::numbers::pi),
                 inside = std::erf(std::sqrt(2.));
    CHECK(m.deviation == Approx(.5 * std::sqrt(1 - 4 * phi / inside)).epsilon(deviation_off));
    CHECK(std::abs(m.mean) < mean_off * m.deviation);
    // Those that are within at once are the normal ones; none of the others stays at the limit.
    const auto untruncated = drawn(normal{.5f});
    idx again = 0, others = 0;
    for (idx i = 0; i < all.size(); ++i)
        if (std::abs(untruncated[i]) > 1)
            ++again;
        else if (all[i] != untruncated[i])
            ++others;
    CHECK(others == 0);
    CHECK(double(again) / double(all.size()) == Approx(1 - inside).epsilon(.08));
    CHECK(std::ranges::count_if(all, [](float x) { return std::abs(x) == 1; }) < 3);
}

TEST_CASE("neighbours are independent") {
    const auto all = drawn(normal{1});
    for (const idx apart : {idx{1}, idx{2}, idx{4}, cols}) {
        double sum = 0;
        for (idx i = 0; i + apart < all.size(); ++i) sum += double(all[i]) * double(all[i + apart]);
        CHECK(std::abs(sum / double(all.size())) < mean_off);
    }
}

TEST_CASE("the first rule whose pattern matches a name holds") {
    network net;
    initialise(net, 1,
               {{"up.bias", normal{1}}, {"*.gain", ones{}}, {"*bias", zeros{}}, {"*", normal{1}}});
    CHECK(moments(flat(net.up.bias)).largest > 1);
    CHECK(all_are(net.down.bias, 0));
    CHECK(all_are(net.norm.bias, 0));
    CHECK(all_are(net.norm.gain, 1));
    CHECK(moments(flat(net.down.weight)).deviation == Approx(1).epsilon(deviation_off));
}

TEST_CASE("a star stands for any letters, and everything else for itself") {
    using detail::matches;
    CHECK(matches("*", ""));
    CHECK(matches("*", "layers.0.ffn"));
    CHECK(matches("layers.*.bias", "layers.0.ffn.up.bias"));
    CHECK(matches("layers.*.bias*", "layers.0.ffn.up.bias"));
    CHECK(matches("*ffn*weight", "layers.11.ffn.down.weight"));
    CHECK(matches("up", "up"));
    CHECK(!matches("up", "up.bias"));
    CHECK(!matches("up.bias", "up"));
    CHECK(!matches("bias", "up.bias"));
    CHECK(!matches("layers.*.bias", "layers.bias"));
    CHECK(!matches("", "up"));
    CHECK(matches("", ""));
}

TEST_CASE("gains begin with 1, biases with 0 and all else is normal, if nothing is said") {
    network net;
    initialise(net, 5);
    CHECK(all_are(net.norm.gain, 1));
    CHECK(all_are(net.norm.bias, 0));
    CHECK(all_are(net.up.bias, 0));
    has(moments(flat(net.up.weight)), .02, 3);
    initialise(net, 5, normal{1});
    has(moments(flat(net.down.weight)), 1, 3);
}

TEST_CASE("what a parameter begins with depends on the seed and its name, not on the model") {
    network net, again, other_seed;
    larger_network larger;
    initialise(net, 7);
    initialise(again, 7);
    initialise(other_seed, 8);
    initialise(larger, 7);
    CHECK(flat(net.up.weight) == flat(again.up.weight));
    CHECK(flat(net.up.weight) == flat(larger.up.weight));
    CHECK(flat(net.down.weight) == flat(larger.down.weight));
    // Others have next to nothing in common.
    const auto equal = [](const matrix<float>& a, const matrix<float>& b) {
        return std::inner_product(a.data(), a.data() + a.size(), b.data(), 0, std::plus<>{},
                                  std::equal_to<>{});
    };
    CHECK(equal(net.up.weight, net.down.weight) < 10);
    CHECK(equal(net.up.weight, larger.in.weight) < 10);
    CHECK(equal(net.up.weight, other_seed.up.weight) < 10);
}

TEST_CASE("a parameter that no rule matches is refused by its name") {
    network net;
    CHECK_THROWS_WITH(initialise(net, 1, {{"*weight", normal{}}, {"norm.*", ones{}}}),
                      "initialise: rules: expected one that matches, got up.bias");
}
