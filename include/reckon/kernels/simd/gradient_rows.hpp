// Backwards of ops that work row by row, or number by number: norms, activations, gates, sums, unit
// length, log-probabilities. What a parameter gets is a sum over rows, taken column by column in
// the order of the rows, so that it depends neither on threads nor on how a step is cut into parts.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/gradient.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/core/rope_layout.hpp>
#include <reckon/kernels/simd/linear_backward.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/math.hpp>

#include <cmath>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// dx = dy
struct add_backward_rows {
    view<const float> dy;
    gradient_view<float> dx;
};

/// dx = dy f'(x)
struct activate_backward_rows {
    activation f;
    view<const float> x, dy;
    gradient_view<float> dx;
};

/// dgate = dy x f'(gate), dx = dy f(gate)
struct gated_backward_rows {
    activation f;
    view<const float> gate, x, dy;
    gradient_view<float> dgate, dx;
};

/// dx of a norm of rows; `stats` keeps mean and scale of each, for what the parameters get.
struct layer_norm_backward_rows {
    view<const float> x, gain;
    float epsilon;
    view<const float> dy;
    gradient_view<float> dx;
    float* stats;  // [rows, 2]
};
struct rms_norm_backward_rows {
    view<const float> x, gain;
    float epsilon;
    view<const float> dy;
    gradient_view<float> dx;
    float* stats;  // [rows, 2]: 0 and the scale
};
/// dgain += the sum of dy (x - mean) scale over the rows, dbias += the sum of dy, for some columns.
struct norm_parameter_sums {
    view<const float> x, dy;
    const float* stats;
    float *dgain, *dbias;  // none where it is not wanted
};

struct l2_normalize_backward_rows {
    view<const float> x, dy;
    gradient_view<float> dx;
};

struct log_softmax_backward_rows {
    view<const float> y, dy;
    gradient_view<float> dx;
};

/// dx = dy share, one row of dy for all rows of dx
struct spread_row {
    view<const float> dy;
    float share;
    gradient_view<float> dx;
};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void add_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> dy, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    if (!dx.wanted()) return;
    simd::by_rows(ctx, dy.rows, dy.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::add_backward_rows{dy.slice(r, rows), dx.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void activate_backward(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> x,
                       view<const float> dy, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::activate_backward_rows{f, x.slice(r, rows), dy.slice(r, rows),
                                                      dx.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void gated_backward(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> gate,
                    view<const float> x, view<const float> dy, gradient_view<float> dgate,
                    gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::gated_backward_rows{f, gate.slice(r, rows), x.slice(r, rows),
                                                   dy.slice(r, rows), dgate.slice(r, rows),
                                                   dx.slice(r, rows)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// A norm's backward: rows first, then what its parameters get, by columns.
template <class C, class Arch, class Rows>
void norm_backward(C& ctx, const Arch& arch, view<const float> x, view<const float> dy,
                   gradient_view<float> dx, gradient_view<float> dgain, gradient_view<float> dbias,
                   const Rows& rows_call) {
    const auto inside = ctx.scratch();
    const view<float> stats = ctx.template make<float>(x.rows, 2);
    by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        call(arch, rows_call(x.slice(r, rows), dy.slice(r, rows), dx.slice(r, rows), stats.row(r)));
    });
    if (!dgain.wanted() && !dbias.wanted()) return;
    float* const gain = dgain.wanted() ? begun(dgain).data : nullptr;
    float* const bias = dbias.wanted() ? begun(dbias).data : nullptr;
    by_blocks(ctx, 1, 1, x.cols, 4 * arch.lanes, [&](idx, idx, idx c, idx cols) {
        call(arch, norm_parameter_sums{x.columns(c, cols), dy.columns(c, cols), stats.data,
                                       gain == nullptr ? nullptr : gain + c,
                                       bias == nullptr ? nullptr : bias + c});
    });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next>
constexpr idx layer_norm_backward_scratch(cpu_simd<Arch, Next>, idx, view<const float> x,
                                          const auto&...) {
    return x.rows * 2 * sizeof(float);
}
template <class Arch, class Next, class C>
void layer_norm_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                         float epsilon, view<const float> dy, gradient_view<float> dx,
                         gradient_view<float> dgain, gradient_view<float> dbias) {
    simd::norm_backward(ctx, simd::arch_of<Arch>(ctx), x, dy, dx, dgain, dbias,
                        [&](auto own, auto slope, auto d, float* stats) {
                            return simd::layer_norm_backward_rows{own,   gain, epsilon,
                                                                  slope, d,    stats};
                        });
}

template <class Arch, class Next>
constexpr idx rms_norm_backward_scratch(cpu_simd<Arch, Next>, idx, view<const float> x,
                                        const auto&...) {
    return x.rows * 2 * sizeof(float);
}
template <class Arch, class Next, class C>
void rms_norm_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                       float epsilon, view<const float> dy, gradient_view<float> dx,
                       gradient_view<float> dgain) {
    simd::norm_backward(ctx, simd::arch_of<Arch>(ctx), x, dy, dx, dgain, gradient_view<float>{},
                        [&](auto own, auto slope, auto d, float* stats) {
                            return simd::rms_norm_backward_rows{own,   gain, epsilon,
                                                                slope, d,    stats};
                        });
}

template <class Arch, class Next, class C>
void l2_normalize_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> dy,
                           gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::l2_normalize_backward_rows{x.slice(r, rows), dy.slice(r, rows),
                                                          dx.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void log_softmax_backward(cpu_simd<Arch, Next>, C& ctx, view<const float> y, view<const float> dy,
                          gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        simd::call(arch, simd::log_softmax_backward_rows{y.slice(r, rows), dy.slice(r, rows),
                                                         dx.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void pool_backward(cpu_simd<Arch, Next>, C& ctx, pooling how, ragged sequences,
                   view<const float> dy, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    if (how != pooling::mean) dx = {simd::begun(dx), gradient_use::adds};
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        const idx rows = sequences.length(s), first = sequences.begin(s);
        if (how == pooling::mean)
            simd::call(arch,
                       simd::spread_row{dy.slice(s, 1), 1 / float(rows), dx.slice(first, rows)});
        else
            simd::call(arch, simd::spread_row{
                                 dy.slice(s, 1), 1,
                                 dx.slice(how == pooling::first ? first : first + rows - 1, 1)});
    });
}

template <class Arch, class Next, class C>
void concat_backward(cpu_simd<Arch, Next>, C& ctx, per_sequence first, ragged sequences, ragged all,
                     view<const float> dy, gradient_view<float> dprefix, gradient_view<float> dx) {
    const auto arch = simd::arch_of<Arch>(ctx);
    if (dx.wanted())
        ctx.parallel(all.count(), [&](idx s, idx) {
            const idx own = sequences.length(s), count = all.length(s) - own;
            simd::call(arch, simd::add_backward_rows{dy.slice(all.begin(s) + count, own),
                                                     dx.slice(sequences.begin(s), own)});
        });
    if (!dprefix.wanted()) return;
    const view<float> prefix = simd::begun(dprefix);
    simd::by_blocks(ctx, 1, 1, dy.cols, 4 * arch.lanes, [&](idx, idx, idx c, idx cols) {
        for (idx s = 0; s < all.count(); ++s) {
            const idx count = all.length(s) - sequences.length(s);
            const auto to = prefix.slice(first[s], count).columns(c, cols);
            simd::call(arch, simd::add_backward_rows{dy.slice(all.begin(s), count).columns(c, cols),
                                                     {to, gradient_use::adds}});
        }
    });
}

/// Rows add up in their order: a task owns columns.
template <class Arch, class Next, class C>
void embedding_backward(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                        view<const float> dy, gradient_view<float> dtable) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const view<float> table = simd::begun(dtable);
    const idx wide = ctx.threads() == 1 ? dy.cols : 4 * arch.lanes;
    simd::by_blocks(ctx, 1, 1, dy.cols, wide, [&](idx, idx, idx c, idx cols) {
        for (idx i = 0; i < ids.cols; ++i)
            simd::call(arch,
                       simd::add_backward_rows{
                           dy.slice(i, 1).columns(c, cols),
                           {table.slice(idx(ids(0, i)), 1).columns(c, cols), gradient_use::adds}});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// at = number, or at += number
template <class Arch, class Size> void put(vec<Arch> number, float* at, bool adds, Size size) {
    store<Arch>(adds ? load<Arch>(at, size) + number : number, at, size);
}

template <class Arch> void run(const add_backward_rows& c) {
    for (idx r = 0; r < c.dy.rows; ++r)
        steps<Arch>(c.dy.cols, [&](idx i, auto size) {
            put<Arch>(load<Arch>(c.dy.row(r) + i, size), c.dx.row(r) + i, c.dx.adds(), size);
        });
}

/// f(x) and f'(x).
template <class Arch> struct value_and_slope { vec<Arch> value, slope; };
template <class Arch, activation F>
[[gnu::always_inline]] inline value_and_slope<Arch> activated_with_slope(vec<Arch> x) {
    const vec<Arch> zero(0), one(1);
    if constexpr (F == activation::relu) {
        return {xsimd::max(zero, x), xsimd::select(x > zero, one, zero)};
    } else if constexpr (F == activation::gelu) {
        const vec<Arch> tail = upper_tail<Arch>(xsimd::abs(x));
        const vec<Arch> share = xsimd::select(x < zero, tail, one - tail);
        const vec<Arch> near = not_far_below<Arch>(x);
        const vec<Arch> density = vec<Arch>(0.39894228f) * exp<Arch>(vec<Arch>(-0.5f) * x * x);
        return {near * share, fused<Arch>(xsimd::min(near, vec<Arch>(1000)), density, share)};
    } else if constexpr (F == activation::gelu_tanh) {
        const vec<Arch> near = xsimd::min(not_far_below<Arch>(x), vec<Arch>(1000));
        const vec<Arch> square = near * near;
        const vec<Arch> inner = fused<Arch>(square, vec<Arch>(0.044715f), one);
        const vec<Arch> share = one / (one + exp<Arch>(vec<Arch>(-1.59576912f) * near * inner));
        const vec<Arch> growth =
            vec<Arch>(1.59576912f) * fused<Arch>(square, vec<Arch>(3 * 0.044715f), one);
        return {near * share, fused<Arch>(near * share * (one - share), growth, share)};
    } else if constexpr (F == activation::silu) {
        const vec<Arch> near = not_far_below<Arch>(x);
        const vec<Arch> share = one / (one + exp<Arch>(-x));
        return {near * share, share * fused<Arch>(near, one - share, one)};
    } else {
        static_assert(F == activation::none);
        return {x, one};
    }
}

template <class Arch> void run(const activate_backward_rows& c) {
    with_constant(c.f, [&](auto constant) {
        for (idx r = 0; r < c.x.rows; ++r)
            steps<Arch>(c.x.cols, [&](idx i, auto size) {
                const auto f =
                    activated_with_slope<Arch, constant()>(load<Arch>(c.x.row(r) + i, size));
                put<Arch>(load<Arch>(c.dy.row(r) + i, size) * f.slope, c.dx.row(r) + i, c.dx.adds(),
                          size);
            });
    });
}

template <class Arch> void run(const gated_backward_rows& c) {
    with_constant(c.f, [&](auto constant) {
        for (idx r = 0; r < c.x.rows; ++r)
            steps<Arch>(c.x.cols, [&](idx i, auto size) {
                const auto f =
                    activated_with_slope<Arch, constant()>(load<Arch>(c.gate.row(r) + i, size));
                const vec<Arch> dy = load<Arch>(c.dy.row(r) + i, size);
                const vec<Arch> dgate = dy * load<Arch>(c.x.row(r) + i, size) * f.slope;
                if (c.dgate.wanted()) put<Arch>(dgate, c.dgate.row(r) + i, c.dgate.adds(), size);
                if (c.dx.wanted()) put<Arch>(dy * f.value, c.dx.row(r) + i, c.dx.adds(), size);
            });
    });
}

template <class Arch> void run(const layer_norm_backward_rows& c) {
    const idx n = c.x.cols;
    for (idx r = 0; r < c.x.rows; ++r) {
        const float *x = c.x.row(r), *dy = c.dy.row(r);
        vec<Arch> sum(0), rest(0), squares(0);  // moments as the forward takes them
        steps<Arch>(n, [&](idx i, auto size) { sum += load<Arch>(x + i, size); });
        const float about = sum_of<Arch>(sum) / float(n);
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> d = load<Arch>(x + i, size) - load_same<Arch>(about, size);
            rest += d;
            squares = fused<Arch>(d, d, squares);
        });
        const float shift = sum_of<Arch>(rest) / float(n), mean = about + shift;
        const float variance = sum_of<Arch>(squares) / float(n) - shift * shift;
        const float scale = 1 / std::sqrt((variance > 0 ? variance : 0) + c.epsilon);
        c.stats[2 * r] = mean;
        c.stats[2 * r + 1] = scale;
        if (!c.dx.wanted()) continue;
        const auto normed = [&](idx i, auto size) {
            return (load<Arch>(x + i, size) - vec<Arch>(about) - vec<Arch>(shift)) *
                   vec<Arch>(scale);
        };
        vec<Arch> g_sum(0), gn_sum(0);
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> g = load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size);
            g_sum += g;
            gn_sum = fused<Arch>(g, normed(i, size), gn_sum);
        });
        const vec<Arch> mean_g(sum_of<Arch>(g_sum) / float(n));
        const vec<Arch> mean_gn(sum_of<Arch>(gn_sum) / float(n));
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> g = load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size);
            put<Arch>(vec<Arch>(scale) * (g - mean_g - normed(i, size) * mean_gn), c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
    }
}

template <class Arch> void run(const rms_norm_backward_rows& c) {
    const idx n = c.x.cols;
    for (idx r = 0; r < c.x.rows; ++r) {
        const float *x = c.x.row(r), *dy = c.dy.row(r);
        vec<Arch> squares(0), gx_sum(0);
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> own = load<Arch>(x + i, size);
            squares = fused<Arch>(own, own, squares);
            gx_sum = fused<Arch>(load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size), own,
                                 gx_sum);
        });
        const float scale = 1 / std::sqrt(sum_of<Arch>(squares) / float(n) + c.epsilon);
        c.stats[2 * r] = 0;
        c.stats[2 * r + 1] = scale;
        if (!c.dx.wanted()) continue;
        const vec<Arch> along(scale * scale * scale * (sum_of<Arch>(gx_sum) / float(n)));
        steps<Arch>(n, [&](idx i, auto size) {
            const vec<Arch> g = load<Arch>(dy + i, size) * load<Arch>(c.gain.data + i, size);
            put<Arch>(vec<Arch>(scale) * g - load<Arch>(x + i, size) * along, c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
    }
}

template <class Arch> void run(const norm_parameter_sums& c) {
    steps<Arch>(c.x.cols, [&](idx i, auto size) {
        vec<Arch> gain(0), bias(0);
        if (c.dgain != nullptr) gain = load<Arch>(c.dgain + i, size);
        if (c.dbias != nullptr) bias = load<Arch>(c.dbias + i, size);
        for (idx r = 0; r < c.x.rows; ++r) {
            const vec<Arch> dy = load<Arch>(c.dy.row(r) + i, size);
            const vec<Arch> n = (load<Arch>(c.x.row(r) + i, size) - vec<Arch>(c.stats[2 * r])) *
                                vec<Arch>(c.stats[2 * r + 1]);
            gain = fused<Arch>(dy, n, gain);
            bias += dy;
        }
        if (c.dgain != nullptr) store<Arch>(gain, c.dgain + i, size);
        if (c.dbias != nullptr) store<Arch>(bias, c.dbias + i, size);
    });
}

template <class Arch> void run(const l2_normalize_backward_rows& c) {
    for (idx r = 0; r < c.x.rows; ++r) {
        const float *x = c.x.row(r), *dy = c.dy.row(r);
        vec<Arch> squares(0), product(0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> own = load<Arch>(x + i, size);
            squares = fused<Arch>(own, own, squares);
            product = fused<Arch>(own, load<Arch>(dy + i, size), product);
        });
        const float square = sum_of<Arch>(squares), length = std::sqrt(square);
        const bool clamped = !(length > 1e-12f);
        const vec<Arch> along(clamped ? 0 : sum_of<Arch>(product) / square);
        const vec<Arch> divisor(clamped ? 1e-12f : length);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            put<Arch>((load<Arch>(dy + i, size) - load<Arch>(x + i, size) * along) / divisor,
                      c.dx.row(r) + i, c.dx.adds(), size);
        });
    }
}

template <class Arch> void run(const log_softmax_backward_rows& c) {
    for (idx r = 0; r < c.y.rows; ++r) {
        vec<Arch> sum(0);
        steps<Arch>(c.y.cols, [&](idx i, auto size) { sum += load<Arch>(c.dy.row(r) + i, size); });
        const vec<Arch> total(sum_of<Arch>(sum));
        steps<Arch>(c.y.cols, [&](idx i, auto size) {
            const vec<Arch> share = exp<Arch>(load<Arch>(c.y.row(r) + i, size));
            put<Arch>(load<Arch>(c.dy.row(r) + i, size) - share * total, c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
    }
}

template <class Arch> void run(const spread_row& c) {
    for (idx r = 0; r < c.dx.rows; ++r)
        steps<Arch>(c.dx.cols, [&](idx i, auto size) {
            put<Arch>(load<Arch>(c.dy.data + i, size) * vec<Arch>(c.share), c.dx.row(r) + i,
                      c.dx.adds(), size);
        });
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
