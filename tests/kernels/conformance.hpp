// What the conformance tests share: numbers from a fixed seed, a context of the backend beside one
// of the reference, and the comparison of the two.
#pragma once

#include "support/backends.hpp"
#include "support/tolerance.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <reckon/backend/context.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/core/random.hpp>
#include <reckon/ops/linear.hpp>
#include <vector>

namespace conformance {

using namespace reckon;
using sizes = std::initializer_list<idx>;

/// Rows of numbers with room before and between them: the stride is not the width, and the first
/// number stands wherever a float may.
struct numbers {
    std::vector<float> data;
    idx rows, cols, stride;

    numbers(std::uint64_t seed, idx r, idx c, float low = -1, float high = 1, idx gap = 0)
        : data(r * (c + gap) + gap + 1), rows(r), cols(c), stride(c + gap) {
        const philox random{seed};
        for (idx i = 0; i < data.size(); ++i) data[i] = random.uniform(i, low, high);
    }
    view<float> look() { return {data.data() + (stride - cols), rows, cols, stride}; }
};

inline std::vector<float> values_of(view<const float> y) {
    std::vector<float> flat;
    for (idx r = 0; r < y.rows; ++r) flat.insert(flat.end(), y.row(r), y.row(r) + y.cols);
    return flat;
}

/// A fresh copy in the context's workspace, for ops that work in place.
template <class C> tensor_of<C> copy(C& ctx, view<const float> x) {
    auto y = ctx.make(x.rows, x.cols);
    for (idx r = 0; r < x.rows; ++r) std::copy_n(x.row(r), x.cols, y.row(r));
    return y;
}

/// Where each sequence begins, and the end of the last.
inline std::vector<std::int32_t> offsets_of(const std::vector<std::int32_t>& lengths) {
    std::vector<std::int32_t> offsets{0};
    for (std::int32_t n : lengths) offsets.push_back(offsets.back() + n);
    return offsets;
}

/// op(ctx) on the backend and on the reference: the same tensor within the tolerance of an op.
template <class Backend, class Op> void agrees(const Op& op) {
    context<typename Backend::tag> ctx;
    context<cpu_reference> reference;
    const auto scope = ctx.scope();
    const auto plain = reference.scope();
    const view<const float> actual = op(ctx), expected = op(reference);
    REQUIRE(actual.rows == expected.rows);
    REQUIRE(actual.cols == expected.cols);
    CHECK(test_support::relative_difference(values_of(actual), values_of(expected)) <=
          test_support::tolerance::op);
}

/// linear over a weight as it is and, where the backend packs those of this policy, packed.
template <class Backend, linear_policy Linear, class W>
void linear_agrees(view<float> x, W w, epilogue<float> e) {
    agrees<Backend>([&](auto& ctx) { return ops::linear(ctx, x, w, e); });
    using packing =
        typename reckon::detail::packing_of<typename Backend::tag::packing, Linear>::type;
    if constexpr (!std::same_as<packing, unpacked>) {
        typename packing::matrix packed(w.rows, w.cols);
        context<typename Backend::tag> packs;
        packing::pack(packs, w, packed);
        agrees<Backend>([&](auto& ctx) {
            if constexpr (std::same_as<typename std::decay_t<decltype(ctx)>::tag, cpu_reference>)
                return ops::linear(ctx, x, w, e);
            else
                return ops::linear(ctx, x, packed.look(), e);
        });
    }
}

}  // namespace conformance
