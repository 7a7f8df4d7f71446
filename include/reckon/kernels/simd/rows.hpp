// The small ops, row by row: norms, activations, sums, log_softmax, rounding, widening, the mean of
// pool.
#pragma once

#include <reckon/kernels/simd/calls.hpp>
#include <reckon/kernels/simd/int8.hpp>
#include <reckon/kernels/simd/math.hpp>

#include <cmath>
#include <limits>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// The layer norm of a row whose vectors sum to `sum`. Moments are taken about the first mean,
/// whose rounding then corrects itself: a row far from zero keeps its digits.
template <class Arch, class Call> void layer_norm_row(const Call& c, idx r, vec<Arch> sum) {
    const idx n = c.x.cols;
    const float* x = c.x.row(r);
    const float about = sum_of<Arch>(sum) / float(n);
    vec<Arch> rest(0), squares(0);
    steps<Arch>(n, [&](idx i, auto size) {
        const vec<Arch> d = load<Arch>(x + i, size) - load_same<Arch>(about, size);
        rest += d;
        squares = fused<Arch>(d, d, squares);
    });
    const float shift = sum_of<Arch>(rest) / float(n);
    const float variance = sum_of<Arch>(squares) / float(n) - shift * shift;
    const vec<Arch> scale(1 / std::sqrt((variance > 0 ? variance : 0) + c.epsilon));
    steps<Arch>(n, [&](idx i, auto size) {
        const vec<Arch> d = load<Arch>(x + i, size) - vec<Arch>(about) - vec<Arch>(shift);
        store<Arch>(fused<Arch>(d * scale, load<Arch>(c.gain.data + i, size),
                                load<Arch>(c.bias.data + i, size)),
                    c.y.row(r) + i, size);
    });
}

/// The rms norm of a row whose vectors' squares sum to `squares`.
template <class Arch, class Call> void rms_norm_row(const Call& c, idx r, vec<Arch> squares) {
    const idx n = c.x.cols;
    const vec<Arch> scale(1 / std::sqrt(sum_of<Arch>(squares) / float(n) + c.epsilon));
    steps<Arch>(n, [&](idx i, auto size) {
        store<Arch>(load<Arch>(c.x.row(r) + i, size) * scale * load<Arch>(c.gain.data + i, size),
                    c.y.row(r) + i, size);
    });
}

/// Row r of x += f; each(vector of the sums).
template <class Arch, class Call, class F> void add_row(const Call& c, idx r, const F& each) {
    float* const x = c.x.row(r);
    steps<Arch>(c.x.cols, [&](idx i, auto size) {
        const vec<Arch> own = load<Arch>(x + i, size) + load<Arch>(c.f.row(r) + i, size);
        store<Arch>(own, x + i, size);
        each(own);
    });
}

template <class Arch> void run(const layer_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> sum(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) { sum += load<Arch>(c.x.row(r) + i, size); });
        layer_norm_row<Arch>(c, r, sum);
    }
}

template <class Arch> void run(const add_layer_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> sum(0);
        add_row<Arch>(c, r, [&](vec<Arch> own) { sum += own; });
        layer_norm_row<Arch>(c, r, sum);
    }
}

template <class Arch> void run(const rms_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> squares(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> own = load<Arch>(c.x.row(r) + i, size);
            squares = fused<Arch>(own, own, squares);
        });
        rms_norm_row<Arch>(c, r, squares);
    }
}

template <class Arch> void run(const add_rms_norm_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> squares(0);
        add_row<Arch>(c, r, [&](vec<Arch> own) { squares = fused<Arch>(own, own, squares); });
        rms_norm_row<Arch>(c, r, squares);
    }
}

template <class Arch> void run(const activate_rows& c) { activate<Arch>(c.f, c.x, c.y); }

template <class Arch> void run(const gated_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r)
        gated_row<Arch>(c.f, c.gate.row(r), c.x.row(r), c.y.row(r), c.x.cols);
}

template <class Arch> void run(const add_rows& c) {
    for (idx r = 0; r < c.y.rows; ++r)
        steps<Arch>(c.y.cols, [&](idx i, auto size) {
            store<Arch>(load<Arch>(c.a.row(r) + i, size) + load<Arch>(c.b.row(r) + i, size),
                        c.y.row(r) + i, size);
        });
}

template <class Arch> void run(const l2_normalize_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        vec<Arch> squares(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> x = load<Arch>(c.x.row(r) + i, size);
            squares = fused<Arch>(x, x, squares);
        });
        const float length = std::sqrt(sum_of<Arch>(squares));
        const vec<Arch> divisor(length > 1e-12f ? length : 1e-12f);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            store<Arch>(load<Arch>(c.x.row(r) + i, size) / divisor, c.y.row(r) + i, size);
        });
    }
}

template <class Arch> void run(const log_softmax_rows& c) {
    constexpr float least = -std::numeric_limits<float>::infinity();
    for (idx r = 0; r < c.x.rows; ++r) {
        const float* x = c.x.row(r);
        vec<Arch> highest(least), sum(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            highest = xsimd::max(highest, load<Arch>(x + i, size, least));
        });
        const float top = highest_of<Arch>(highest);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            sum += exp<Arch>(load<Arch>(x + i, size, least) - vec<Arch>(top));
        });
        const vec<Arch> shift(top + std::log(sum_of<Arch>(sum)));
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            store<Arch>(load<Arch>(x + i, size) - shift, c.y.row(r) + i, size);
        });
    }
}

template <class Arch> void run(const round_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) convert<Arch>(c.x.row(r), c.y.row(r), c.x.cols);
}

template <class Arch> void run(const widen_row& c) {
    steps<Arch>(c.y.cols, [&](idx i, auto size) {
        const vec<Arch> onto = c.onto == nullptr ? vec<Arch>(0) : load<Arch>(c.onto + i, size);
        const vec<Arch> number = widened<Arch>(c.q + i, size) * vec<Arch>(c.scale);
        store<Arch>(onto + number, c.y.data + i, size);
    });
}

template <class Arch> void run(const mean_of_rows& c) {
    const vec<Arch> count(float(c.x.rows));
    steps<Arch>(c.x.cols, [&](idx i, auto size) {
        vec<Arch> sum(0);
        for (idx r = 0; r < c.x.rows; ++r) sum += load<Arch>(c.x.row(r) + i, size);
        store<Arch>(sum / count, c.y.data + i, size);
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
