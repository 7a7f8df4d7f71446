// The inputs and outputs of tests/golden/ops.safetensors in the element type of a context, and the
// contexts of the reference backend that are held against them.
#pragma once

#include <catch2/catch.hpp>
#include <reckon/backend/context.hpp>
#include <reckon/core/matrix.hpp>
#include <reckon/io/safetensors.hpp>
#include <reckon/kernels/reference.hpp>

#include "support/skip.hpp"
#include "support/tolerance.hpp"

#include <string>
#include <vector>

namespace golden {

using namespace reckon;

/// Floats summed in double, as chips without a double unit sum them, and all in double.
#define GOLDEN_CONTEXTS                                         \
    (reckon::context<reckon::cpu_reference>),                   \
        (reckon::context<reckon::cpu_reference, float, float>), \
        (reckon::context<reckon::cpu_reference, double>)

inline const stored_tensor& find(const std::string& name) {
    static const safetensors file = safetensors::open(
        (test_support::source_folder() / "tests/golden/ops.safetensors").string());
    const stored_tensor* found = file.find(name);
    REQUIRE(found != nullptr);
    return *found;
}

template <class E> matrix<E> numbers(const std::string& name) {
    const auto& shape = find(name).shape;
    matrix<E> m(shape.size() == 2 ? shape[0] : 1, shape.back());
    copy_values(find(name), std::span{m.data(), m.size()});
    return m;
}

inline std::vector<std::int32_t> integers(const std::string& name) {
    const auto found = values<std::int32_t>(find(name));
    return {found.begin(), found.end()};
}

/// The input as a tensor of this context.
template <class C> tensor_of<C> given(C& ctx, const std::string& name) {
    const auto from = numbers<typename C::element>(name);
    auto x = ctx.make(from.rows(), from.cols());
    for (idx i = 0; i < x.size(); ++i) x.data[i] = from.data()[i];
    return x;
}

/// Rows that stand apart, with NaN between them, where every kernel must read and write round it.
template <class E> struct spread_rows {
    std::vector<E> cells;
    view<E> look;

    explicit spread_rows(view<const E> x, idx gap = 3)
        : cells(x.rows * (x.cols + gap), E(std::nan(""))),
          look(cells.data(), x.rows, x.cols, x.cols + gap) {
        for (idx r = 0; r < x.rows; ++r)
            for (idx c = 0; c < x.cols; ++c) look(r, c) = x(r, c);
    }
};

/// max |y - expected| / max |expected|
template <class E> double difference(view<E> y, const std::string& expected) {
    using number = std::remove_const_t<E>;
    const auto want = numbers<number>(expected);
    std::vector<number> got;
    for (idx r = 0; r < y.rows; ++r) got.insert(got.end(), y.row(r), y.row(r) + y.cols);
    return test_support::relative_difference<number>(got, {want.data(), want.size()});
}

using test_support::tolerance;

}  // namespace golden
