// Several products of the same rows at once: the bits of each alone on the same backend, over
// weights as they are and packed, of unequal widths, on any number of threads.
#include "conformance.hpp"

#include <reckon/convert/cast.hpp>
#include <reckon/convert/quantise.hpp>

#include <array>

using namespace conformance;

namespace {

/// Is there a kernel that does them in one go?
template <class C, class W>
concept together = requires(C& ctx, view<const float> x,
                            std::span<const ops::linear_operands_of<C, W>> group) {
    linears_kernel(typename C::tag{}, ctx, x, group);
};

struct on_heap {
    using memory = heap;
};

/// A weight of this policy as it is, from random floats.
template <class Linear> auto made(std::uint64_t seed, idx out, idx in) {
    typename Linear::template weight<on_heap> w(out, in);
    matrix<float> from(out, in);
    const philox random{seed};
    for (idx i = 0; i < from.size(); ++i) from.data()[i] = random.uniform(i, -1, 1);
    if constexpr (std::same_as<Linear, int8_rows<>>)
        quantise_parameter{}(path{}, from, w);
    else if constexpr (std::same_as<Linear, dense<bf16>>)
        cast_parameter{}(path{}, from, w);
    else
        w = from;
    return w;
}

template <class Backend, class W>
void check(idx rows, idx in, const std::array<W, 3>& w, idx threads) {
    context<typename Backend::tag> ctx{{.threads = threads}};
    using C = decltype(ctx);
    numbers x(1, rows, in, -1, 1, 1), bias(2, 1, w[0].rows);
    const auto scope = ctx.scope();
    const ops::linear_operands_of<C, W> group[]{
        {w[0], {bias.look(), activation::gelu}}, {w[1]}, {w[2], {{}, activation::relu}}};
    const auto together = ops::linears<C, W>(ctx, x.look(), group);
    for (idx i = 0; i < 3; ++i) {
        CAPTURE(i);
        const view<const float> y = together[i],
                                alone = ops::linear(ctx, x.look(), w[i], group[i].e);
        REQUIRE(y.rows == rows);
        REQUIRE(y.cols == w[i].rows);
        CHECK(values_of(y) == values_of(alone));
    }
}

template <class Backend, class Linear> void check_all() {
    for (idx threads : sizes{1, 2, 3})
        for (idx rows : sizes{0, 1, 7, 150})
            for (idx in : sizes{1, 37, 64}) {
                CAPTURE(threads, rows, in);
                const auto one = made<Linear>(3, 50, in), two = made<Linear>(4, 96, in),
                           three = made<Linear>(5, 7, in);
                check<Backend, decltype(one.look())>(
                    rows, in, {one.look(), two.look(), three.look()}, threads);
                using packing = typename reckon::detail::packing_of<typename Backend::tag::packing,
                                                                    Linear>::type;
                if constexpr (!std::same_as<packing, unpacked>) {
                    context<typename Backend::tag> ctx;
                    if constexpr (Backend::exact)
                        static_assert(together<decltype(ctx), typename packing::view>);
                    const auto packed = [&](const auto& w) {
                        typename packing::matrix own(w.rows(), w.cols());
                        packing::pack(ctx, w.look(), own);
                        return own;
                    };
                    const auto first = packed(one), second = packed(two), third = packed(three);
                    check<Backend, decltype(first.look())>(
                        rows, in, {first.look(), second.look(), third.look()}, threads);
                }
            }
}

}  // namespace

TEMPLATE_TEST_CASE("linears give the bits of each alone", "", RECKON_TEST_BACKENDS) {
    if (!test_support::runs<TestType>("linears")) return;
    check_all<TestType, dense<float>>();
    check_all<TestType, int8_rows<>>();
    check_all<TestType, dense<bf16>>();
}

TEST_CASE("linears refuse what does not fit") {
    context<cpu_reference> ctx;
    using C = decltype(ctx);
    const matrix<float> fits(2, 3), other(2, 4);
    const auto x = ctx.make(1, 3), bias = ctx.make(1, 5);
    const auto all = [&](view<const float> w, epilogue<float> e) {
        ops::linears<C, view<const float>>(ctx, x, {{fits.look(), {}, {}}, {w, e, {}}});
    };
    CHECK_THROWS_WITH(all(other.look(), {}), "linear: w.cols: expected 3, got 4");
    CHECK_THROWS_WITH(all(fits.look(), {bias}), "linear: bias.cols: expected 2, got 5");
}
