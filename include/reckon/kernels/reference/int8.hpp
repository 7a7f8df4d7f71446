// y = f(x w^T + bias) over int8 rows: each row of x becomes int8 as well, symmetric like the weight
// (scale = max |x| / 127, rounded to nearest, ties to even), and sums are exact in int32. The
// largest number of the row is left out of that and multiplied as it is (int8_scale). This is what
// every backend computes, so they agree as closely as in float. A row with a number that is not
// finite gives NaN. (A recording context multiplies x as it is, kernels/reference/linear.hpp: its
// gradients are of what it computes.)
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/int8_sums.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/reference/activate.hpp>

#include <cmath>
#include <cstring>
#include <limits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

/// Writes the row as int8.
template <class E> int8_scale quantise_row(const E* x, idx count, std::int8_t* q) {
    float top = 0, second = 0;
    idx at = 0;
    bool finite = true;
    for (idx i = 0; i < count; ++i) {
        const float magnitude = std::fabs(float(x[i]));
        finite = finite && magnitude <= std::numeric_limits<float>::max();
        if (magnitude > top) {
            second = top;
            top = magnitude;
            at = i;
        } else if (magnitude > second) {
            second = magnitude;
        }
    }
    if (!finite) return {.scale = std::numeric_limits<float>::quiet_NaN()};
    if (second < int8_scale::least) second = 0;
    const float steps = second > 0 ? 127 / second : 0;
    for (idx i = 0; i < count; ++i)
        q[i] = i == at ? std::int8_t{} : std::int8_t(std::nearbyint(float(x[i]) * steps));
    return {second / 127, top > 0 ? float(x[at]) : 0, at};
}

}  // namespace detail

/// One row of x as int8.
constexpr idx linear_scratch(const cpu_reference&, idx, const int8_view<host>& w) { return w.cols; }

template <class C, class E>
requires(!C::recording) void linear_kernel(const cpu_reference& tag, C& ctx, view<const E> x,
                                           int8_view<host> w, epilogue<E> e, view<E> y) {
    using Sum = typename C::sum;
    const auto inside = ctx.scratch();
    const auto memory = ctx.template make<std::byte>(1, linear_scratch(tag, x.rows, w));
    auto* const q = reinterpret_cast<std::int8_t*>(memory.data);
    for (idx i = 0; i < y.rows; ++i) {
        const int8_scale row = detail::quantise_row(x.row(i), x.cols, q);
        for (idx o = 0; o < y.cols; ++o) {
            std::int32_t sum = 0;
            for (idx k = 0; k < x.cols; ++k) sum += std::int32_t(q[k]) * w.values(o, k);
            Sum product = Sum(sum) * Sum(row.scale);
            if (row.largest != 0) product += Sum(row.largest) * Sum(w.values(o, row.at));
            const Sum bias = e.bias.data != nullptr ? Sum(e.bias(0, o)) : Sum(0);
            y(i, o) = E(activated(e.f, product * Sum(w.scales(0, o)) + bias));
        }
    }
}

/// The two parts of a product over int8 rows that oneDNN leaves to the backend below: rows of x as
/// int8, filled up with zeros to q_row bytes, and what is left to do with a row's sums.
template <class C, class E>
void quantise_rows_kernel(const cpu_reference&, C&, view<const E> x, std::int8_t* q, idx q_row,
                          int8_scale* scales) {
    for (idx r = 0; r < x.rows; ++r) {
        std::memset(q + r * q_row, 0, q_row);
        scales[r] = detail::quantise_row(x.row(r), x.cols, q + r * q_row);
    }
}

template <class C> void finish_sums_kernel(const cpu_reference&, C&, const int8_sums& c) {
    for (idx o = 0; o < c.y.cols; ++o) {
        std::int32_t sum;
        std::memcpy(&sum, &c.y(0, o), sizeof sum);
        double product = double(sum - c.offsets[o]) * double(c.x.scale);
        const std::int8_t w = c.fours[o / c.block * c.stride + o % c.block * 4 + c.x.at % 4];
        if (c.x.largest != 0) product += double(c.x.largest) * double(w);
        const double bias = c.bias.data != nullptr ? double(c.bias(0, o)) : 0;
        c.y(0, o) = float(activated(c.f, product * double(c.scales[o]) + bias));
    }
}

}}}  // namespace reckon::v0::RECKON_ISA
