// One definition of a model serves run-time and fixed sizes, heap and flash.
#include "support/small_models.hpp"

#include <array>
#include <reckon/backend/workspace_bytes.hpp>
#include <reckon/convert/place.hpp>
#include <reckon/convert/quantise.hpp>

using namespace small;

namespace {

constexpr sasrec::config size{
    .items = 20, .positions = 8, .layers = 2, .heads = 2, .width = 8, .hidden = 16};
using fixed = sasrec::model<sasrec::spec, size>;
using in_flash = sasrec::model<placed_in<rom, sasrec::spec>, size>;
using int8_in_flash = sasrec::model<placed_in<rom, quantised<sasrec::spec>>, size>;

struct arrays {
    std::vector<float> floats;
    std::vector<std::int8_t> bytes;
    constant_arrays look() const { return {floats, bytes}; }
};

/// A model's parameters in the order of its visit.
template <class Model> arrays arrays_of(const Model& model) {
    arrays out;
    walk_all(overload{[&](const path&, const matrix<float>& p) {
                          out.floats.insert(out.floats.end(), p.data(), p.data() + p.size());
                      },
                      [&](const path&, const matrix<std::int8_t>& p) {
                          out.bytes.insert(out.bytes.end(), p.data(), p.data() + p.size());
                      }},
             model);
    return out;
}

/// What a forward of the batch takes.
template <class Model, class Sum = double> constexpr idx needed(idx threads = 1) {
    return workspace_bytes<context<dry_run<cpu_reference>, float, Sum>>(
        [](auto& ctx) {
            const Model model;
            const auto scope = ctx.scope();
            model.scores(ctx, batch_of(ids, offsets));
        },
        threads);
}

/// Runs within exactly the counted bytes.
template <class Counted = in_flash, class Model>
std::vector<float> scores_within(const Model& model) {
    constexpr idx bytes = needed<Counted>();
    alignas(64) static std::array<std::byte, bytes> workspace;
    context<cpu_reference> ctx{std::span{workspace}};
    const auto scope = ctx.scope();
    auto y = copy_of(model.scores(ctx, batch()));
    CHECK(ctx.workspace().high_water() == bytes);
    return y;
}

const sasrec::model<>& at_run_time() {
    static const auto made = with_random_weights(sasrec::model<>{size});
    return made;
}

std::vector<float> expected_scores() {
    context<cpu_reference> ctx;
    return copy_of(at_run_time().scores(ctx, batch()));
}

}  // namespace

TEST_CASE("a model of fixed size equals the run-time model, bit for bit") {
    const auto model = with_random_weights(fixed{});
    CHECK(count(model).parameters == count(at_run_time()).parameters);
    CHECK(scores_within(model) == expected_scores());
}

TEST_CASE("a model in flash equals the run-time model, bit for bit") {
    const arrays values = arrays_of(at_run_time());
    const auto model = placed<in_flash>(values.look());
    CHECK(model.items.weight.data() == values.floats.data());  // nothing is copied
    CHECK(scores_within(model) == expected_scores());
}

TEST_CASE("an int8 model in flash equals the one on the heap") {
    const auto small = quantise(at_run_time());
    const arrays values = arrays_of(small);
    const auto model = placed<int8_in_flash>(values.look());
    context<cpu_reference> ctx;
    CHECK(scores_within<int8_in_flash>(model) == copy_of(small.scores(ctx, batch())));
}

TEST_CASE("arrays that are too short or too long are refused") {
    arrays values = arrays_of(at_run_time());
    values.floats.push_back(0);
    CHECK_THROWS_WITH(placed<in_flash>(values.look()),
                      "placed: values left over: expected 0, got 1");
    values.floats.resize(values.floats.size() - 2);
    CHECK_THROWS_AS(placed<in_flash>(values.look()), error);
    CHECK_THROWS_AS(placed<int8_in_flash>(values.look()), error);
}

TEST_CASE("workspace bytes are a constant, whatever the threads and the sum") {
    static_assert(needed<in_flash, float>() == needed<in_flash>());
    static_assert(needed<in_flash>(4) == needed<in_flash>());
}

TEST_CASE("a workspace that is one byte short is refused") {
    alignas(64) static std::array<std::byte, needed<in_flash>() - 1> workspace;
    context<cpu_reference> ctx{std::span{workspace}};
    const auto scope = ctx.scope();
    CHECK_THROWS_AS(at_run_time().scores(ctx, batch()), error);
}
