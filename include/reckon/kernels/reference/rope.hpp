// Rotary positions: (a, b) becomes (a cos - b sin, a sin + b cos), pair by pair of every head.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/rope.hpp>
#include <reckon/core/view.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class C, class E>
void rope_angles_kernel(const cpu_reference&, C&, ragged sequences, per_sequence first,
                        rope_options options, view<E> angles) {
    const idx width = angles.cols, pairs = width / 2;
    for (idx p = 0; p < pairs; ++p) {
        const double turn = options.turn(p, width);
        for (idx s = 0; s < sequences.count(); ++s)
            for (idx i = 0; i < sequences.length(s); ++i) {
                const double angle = double(first[s] + i) * turn;
                angles(sequences.begin(s) + i, p) = E(std::cos(angle));
                angles(sequences.begin(s) + i, pairs + p) = E(std::sin(angle));
            }
    }
}

namespace detail {

/// direction 1, or -1: turned back
template <class Sum, class E>
void turn(rope_layout layout, view<const E> angles, view<E> x, Sum direction) {
    const idx width = angles.cols, pairs = width / 2;
    const bool split = layout == rope_layout::half_split;
    for (idx i = 0; i < x.rows; ++i)
        for (idx head = 0; head < x.cols; head += width)
            for (idx p = 0; p < pairs; ++p) {
                E& a = x(i, head + (split ? p : 2 * p));
                E& b = x(i, head + (split ? p + pairs : 2 * p + 1));
                const Sum x_a = Sum(a), x_b = Sum(b);
                const Sum cosine = Sum(angles(i, p)), sine = direction * Sum(angles(i, pairs + p));
                a = E(x_a * cosine - x_b * sine);
                b = E(x_a * sine + x_b * cosine);
            }
}

}  // namespace detail

template <class C, class E>
void rope_kernel(const cpu_reference&, C&, rope_layout layout, view<const E> angles, view<E> x) {
    detail::turn<typename C::sum>(layout, angles, x, 1);
}

/// The gradient is turned back.
template <class C, class E>
void rope_backward(const cpu_reference&, C&, rope_layout layout, view<const E> angles, view<E> dx) {
    detail::turn<typename C::sum>(layout, angles, dx, -1);
}

}}}  // namespace reckon::v0::RECKON_ISA
