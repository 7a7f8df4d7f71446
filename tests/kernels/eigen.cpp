// What the Eigen backend promises beyond its conformance rows.
#include "conformance.hpp"

#include <reckon/kernels/eigen.hpp>
#include <reckon/ops/linear.hpp>

using namespace conformance;

TEST_CASE("Eigen's blocks cover weights of any size") {
    for (const idx in : {idx{700}, idx{3000}})  // below and above a block of depth
        for (const idx out : {idx{9}, idx{1100}}) {
            CAPTURE(in, out);
            numbers x(1, 65, in), w(2, out, in, -1, 1, 3), bias(3, 1, out);
            agrees<test_support::eigen>([&](auto& ctx) {
                return ops::linear(ctx, x.look(), view<const float>{w.look()}, {bias.look()});
            });
        }
}

TEST_CASE("Eigen's buffers serve a small weight after a large one, and a large one after a small") {
    context<cpu_eigen<>> ctx;
    context<cpu_reference> reference;
    for (const idx in : {idx{40}, idx{1000}, idx{24}}) {
        numbers x(1, 30, in), w(2, 2 * in, in);
        const auto scope = ctx.scope();
        const auto plain = reference.scope();
        const view<const float> weight = w.look();
        CHECK(test_support::relative_difference(
                  values_of(ops::linear(ctx, x.look(), weight)),
                  values_of(ops::linear(reference, x.look(), weight))) <=
              test_support::tolerance::op);
    }
}

TEST_CASE("Eigen computes the same bits on two threads as on one") {
    numbers x(1, 333, 96), w(2, 80, 96), bias(3, 1, 80);
    context<cpu_eigen<>> one, two({.threads = 2});
    const auto scope = one.scope();
    const auto other = two.scope();
    const view<const float> weight = w.look();
    CHECK(values_of(ops::linear(one, x.look(), weight, {bias.look(), activation::silu})) ==
          values_of(ops::linear(two, x.look(), weight, {bias.look(), activation::silu})));
}
