// Values that parameters begin with, by the patterns of their names. Numbers are drawn by counter:
// what a parameter becomes depends on the seed, its name and its shape, not on what else a model
// has.
//     initialise(model, 0, {{"*.gain", ones{}}, {"*.bias", zeros{}}, {"*", xavier_normal{}}});
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/core/random.hpp>
#include <reckon/core/visit.hpp>

#include <cmath>
#include <numbers>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct zeros {};
struct ones {};
/// Normal around 0.
struct normal {
    float deviation = .02f;
};
/// Normal around 0, drawn again where it is beyond two deviations.
struct truncated_normal {
    float deviation = .02f;
};
/// Uniform within gain sqrt(6 / (in + out)) (Glorot and Bengio 2010).
struct xavier_uniform {
    float gain = 1;
};
/// Normal with deviation gain sqrt(2 / (in + out)).
struct xavier_normal {
    float gain = 1;
};
using initial_values =
    std::variant<zeros, ones, normal, truncated_normal, xavier_uniform, xavier_normal>;

/// Parameters whose names match begin so; `*` stands for any letters, the first rule that matches
/// holds.
struct initial_rule {
    std::string_view pattern;
    initial_values values;
};

namespace detail {

constexpr bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern.front() != '*')
        return !name.empty() && name.front() == pattern.front() &&
               matches(pattern.substr(1), name.substr(1));
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
}

/// FNV-1a: a stream for each name.
constexpr std::uint64_t stream_of(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : name) hash = (hash ^ std::uint8_t(c)) * 0x100000001b3u;
    return hash;
}

/// The n-th normal number of a stream (Box and Muller 1958).
inline double normal_number(const philox& random, std::uint64_t n) {
    const auto b = random(n);
    const double u = (double(b.word[0]) + 1) * 0x1p-32;
    const double angle = 2 * std::numbers::pi * (double(b.word[1]) * 0x1p-32);
    return std::sqrt(-2 * std::log(u)) * std::cos(angle);
}

inline double initial_number(zeros, const philox&, std::uint64_t, idx, idx) { return 0; }
inline double initial_number(ones, const philox&, std::uint64_t, idx, idx) { return 1; }
inline double initial_number(normal how, const philox& random, std::uint64_t n, idx, idx) {
    return double(how.deviation) * normal_number(random, n);
}
inline double initial_number(truncated_normal how, const philox& random, std::uint64_t n, idx,
                             idx) {
    for (std::uint64_t again = 0;; ++again)  // from where no other number of the stream stands
        if (const double x = normal_number(random, n + (again << 40)); std::abs(x) <= 2)
            return double(how.deviation) * x;
}
inline double initial_number(xavier_uniform how, const philox& random, std::uint64_t n, idx rows,
                             idx cols) {
    const double most = double(how.gain) * std::sqrt(6 / double(rows + cols));
    return most * (2 * double(random.uniform(n)) - 1);
}
inline double initial_number(xavier_normal how, const philox& random, std::uint64_t n, idx rows,
                             idx cols) {
    return double(how.gain) * std::sqrt(2 / double(rows + cols)) * normal_number(random, n);
}

}  // namespace detail

/// A parameter that no rule matches is an error that names it.
template <class Model>
void initialise(Model& model, std::uint64_t seed, std::span<const initial_rule> rules) {
    walk_all(
        [&]<floating T>(const path& at, matrix<T>& p) {
            const auto name = at.text();
            const philox random{seed, detail::stream_of(name.view())};
            for (const initial_rule& rule : rules) {
                if (!detail::matches(rule.pattern, name.view())) continue;
                std::visit(
                    [&](auto how) {
                        for (idx i = 0; i < p.size(); ++i)
                            p.data()[i] =
                                T(detail::initial_number(how, random, i, p.rows(), p.cols()));
                    },
                    rule.values);
                return;
            }
            fail("initialise", "rules", "one that matches", name.view());
        },
        model);
}
template <class Model>
void initialise(Model& model, std::uint64_t seed, std::initializer_list<initial_rule> rules) {
    initialise(model, seed, std::span<const initial_rule>(rules.begin(), rules.size()));
}
/// Gains 1, biases 0, everything else normal.
template <class Model> void initialise(Model& model, std::uint64_t seed, normal weights = {}) {
    initialise(model, seed, {{"*gain", ones{}}, {"*bias", zeros{}}, {"*", weights}});
}

}}}  // namespace reckon::v0::RECKON_ISA
