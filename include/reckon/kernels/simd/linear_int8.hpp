// linear over int8 weights, packed or as they lie: rows of x become int8 once for all products that
// read them, products are exact in int32 (int8.hpp), four numbers of depth at a time.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/int8_sums.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/simd/panels.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#ifdef RECKON_SIMD_BODIES
#include <reckon/kernels/simd/amx.hpp>
#include <reckon/kernels/simd/int8.hpp>
#include <reckon/kernels/simd/math.hpp>
#include <reckon/kernels/simd/tile.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#endif

namespace reckon { inline namespace v0 { namespace simd {

/// Rows as int8, filled up with zeros to q_row bytes (a multiple of 64), and the scale of each. An
/// arch that multiplies unsigned by signed bytes adds 128 to all of them.
struct quantise_rows {
    view<const float> x;
    std::int8_t* q;
    idx q_row;
    int8_scale* scales;
};

/// Rows made by quantise_rows.
struct rows_as_int8 {
    const std::int8_t* q;
    idx q_row;
    const int8_scale* scales;
    idx rows, cols;

    RECKON_INLINE rows_as_int8 slice(idx first, idx count) const {
        return {q + first * q_row, q_row, scales + first, count, cols};
    }
};

/// y = f(x w^T + bias) for the columns of one panel of int8 weights (kernels/simd/int8_panels.hpp).
struct linear_int8_panel {
    rows_as_int8 x;
    const std::int8_t *panel, *next;
    const float* scales;
    const std::int32_t* offsets;
    view<const float> bias;
    activation f;
    view<float> y;
};

/// The same over int8 rows as they are, [out, in].
struct linear_int8_rows {
    rows_as_int8 x;
    view<const std::int8_t> w;
    const float* scales;
    view<const float> bias;
    activation f;
    view<float> y;
};

/// A row of a product that the backend above has summed. (A type of this namespace, where a call
/// finds its body.)
struct finish_sums : int8_sums {};

}}}  // namespace reckon::v0::simd

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Where rows of x stand as int8, behind their scales.
struct int8_plan {
    idx q_row, scale_bytes, bytes;

    RECKON_INLINE constexpr int8_plan(idx rows, idx cols)
        : q_row(round_up(cols, 64)),
          scale_bytes(round_up(rows * sizeof(int8_scale), 64)),
          bytes(scale_bytes + rows * q_row) {}
};

/// Rows of x as int8 in the workspace, as the products of this arch want them.
template <class Arch, class C> rows_as_int8 as_int8(Arch arch, C& ctx, view<const float> x) {
    const int8_plan plan(x.rows, x.cols);
    const auto memory = ctx.template make<std::byte>(1, plan.bytes);
    auto* const scales = reinterpret_cast<int8_scale*>(memory.data);
    auto* const q = reinterpret_cast<std::int8_t*>(memory.data + plan.scale_bytes);
    by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        call(arch, quantise_rows{x.slice(r, rows), q + r * plan.q_row, plan.q_row, scales + r});
    });
    return {q, plan.q_row, scales, x.rows, x.cols};
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next, class W>
requires std::same_as<W, int8_view<host>> || std::same_as<W, typename simd_int8_panels<Arch>::view>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows, const W& w) {
    return simd::int8_plan(rows, w.cols).bytes;
}

template <class Arch, class Next, class C>
void quantise_rows_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, std::int8_t* q,
                          idx q_row, int8_scale* scales) {
    simd::call(simd::arch_of<Arch>(ctx), simd::quantise_rows{x, q, q_row, scales});
}

template <class Arch, class Next, class C>
void finish_sums_kernel(cpu_simd<Arch, Next>, C& ctx, const int8_sums& sums) {
    simd::call(simd::arch_of<Arch>(ctx), simd::finish_sums{sums});
}

template <class Arch, class Next, class C>
requires(!C::recording) void linears_kernel(
    cpu_simd<Arch, Next>, C& ctx, view<const float> x,
    simd::group<typename simd_int8_panels<Arch>::view> group) {
    const auto arch = simd::arch_of<Arch>(ctx);
    const auto dots = simd::extended<avx512_amx, avx512_vnni>(arch);
    for (const auto& p : group) p.w.layout.expect(arch);
    const auto inside = ctx.scratch();
    const auto own = simd::as_int8(dots, ctx, x);
    simd::by_blocks_of(
        ctx, x.rows, x.cols, group, simd::int8_vectors(arch.lanes) * arch.lanes,
        [&](const auto& p, idx r, idx rows, idx o, idx outs, idx next) {
            simd::call(dots, simd::linear_int8_panel{own.slice(r, rows), p.w.panel(o),
                                                     p.w.panel(next), p.w.scales + o,
                                                     p.w.offsets + o, p.e.bias.columns(o, outs),
                                                     p.e.f, p.y.slice(r, rows).columns(o, outs)});
        });
}

template <class Arch, class Next, class C>
requires(!C::recording) void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                                           int8_view<host> w, epilogue<float> e, view<float> y) {
    const auto dots = simd::extended<avx512_amx, avx512_vnni>(simd::arch_of<Arch>(ctx));
    const auto inside = ctx.scratch();
    const auto own = simd::as_int8(dots, ctx, x);
    simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
        simd::call(dots, simd::linear_int8_rows{own.slice(r, rows), w.values.slice(o, outs),
                                                w.scales.data + o, e.bias.columns(o, outs), e.f,
                                                y.slice(r, rows).columns(o, outs)});
    });
}

}}}  // namespace reckon::v0::RECKON_ISA

#ifdef RECKON_SIMD_BODIES
namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// Rows as int8 by the rule of kernels/reference/int8.hpp.
template <class Arch> void run(const quantise_rows& c) {
    using B = int8_of<Arch>;
    for (idx r = 0; r < c.x.rows; ++r) {
        const float* x = c.x.row(r);
        std::int8_t* const q = c.q + r * c.q_row;
        vec<Arch> tops(0), seconds(0), odd(0);  // x - x is 0 but for infinities and NaN
        vec<Arch> steps_of_tops(0);             // where each lane first met its top
        float step = 0;
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            const vec<Arch> v = load<Arch>(x + i, size), magnitude = xsimd::abs(v);
            steps_of_tops = xsimd::select(magnitude > tops, vec<Arch>(step++), steps_of_tops);
            seconds = xsimd::max(seconds, xsimd::min(tops, magnitude));
            tops = xsimd::max(tops, magnitude);
            odd += v - v;
        });
        if (sum_of<Arch>(odd) != 0) {
            std::memset(q, 0, c.q_row);
            c.scales[r] = {.scale = std::numeric_limits<float>::quiet_NaN()};
            continue;
        }
        // The first number of the greatest magnitude, and the greatest magnitude beside it.
        const float top = highest_of<Arch>(tops);
        alignas(64) float lanes[2][Arch::lanes];
        tops.store_aligned(lanes[0]);
        steps_of_tops.store_aligned(lanes[1]);
        idx at = c.x.cols, lane = 0;
        for (idx i = 0; i < Arch::lanes; ++i) {
            if (lanes[0][i] != top) continue;
            const idx place = idx(lanes[1][i]) * Arch::lanes + i;
            if (place < at) at = place, lane = i;
        }
        lanes[0][lane] = 0;
        float second = highest_of<Arch>(xsimd::max(seconds, load<Arch>(lanes[0])));
        if (second < int8_scale::least) second = 0;
        const vec<Arch> scale(second > 0 ? 127 / second : 0);
        steps<Arch>(c.x.cols, [&](idx i, auto size) {
            narrow<Arch>(load<Arch>(x + i, size) * scale, q + i, size);
        });
        for (idx i = c.x.cols; i < c.q_row; ++i) q[i] = 0;
        c.scales[r] = {.scale = second / 127};
        if (top > 0) {
            q[at] = 0;
            c.scales[r] = {second / 127, x[at], at};
        }
        if constexpr (B::unsigned_q)  // q_row is a multiple of the step
            for (idx i = 0; i < c.q_row; i += Arch::lanes * 4) B::add_128(q + i);
    }
}

/// Sums of one panel's columns for `Rows` rows, [Rows][width]. Flattened, and with nothing behind
/// the loop but stores: sums that more code touches do not stay in registers.
template <class Arch, idx Rows, idx Vectors, idx Lines>
[[gnu::flatten]] void int8_tile(const linear_int8_panel& c, idx first, std::int32_t* out,
                                ahead<Lines> memory) {
    using B = int8_of<Arch>;
    constexpr idx lanes = Arch::lanes, step = Vectors * lanes * 4;
    constexpr idx width = int8_vectors(lanes) * lanes;
    const std::int8_t* x = c.x.q + first * c.x.q_row;
    const std::int8_t* panel = c.panel;
    typename B::sums sums[Rows][Vectors];
    unroll<Rows>([&](auto r) { unroll<Vectors>([&](auto v) { sums[r][v] = B::zero(); }); });
    for (idx k = 0; k < c.x.cols; k += 4, x += 4, panel += step) {
        memory.ask(k / 4);
        decltype(B::load(panel)) w[Vectors];
        unroll<Vectors>([&](auto v) { w[v] = B::load(panel + v * lanes * 4); });
        unroll<Rows>([&](auto r) {
            const auto row = B::broadcast(x + r * c.x.q_row);
            unroll<Vectors>([&](auto v) { sums[r][v] = B::dot(sums[r][v], row, w[v]); });
        });
    }
    unroll<Rows>([&](auto r) {
        unroll<Vectors>([&](auto v) { B::store(sums[r][v], out + r * width + v * lanes); });
    });
}

/// The same for any number of rows up to Most.
template <class Arch, idx Most = int8_of<Arch>::tile_rows, idx Lines>
void int8_tiles(const linear_int8_panel& c, idx first, idx count, std::int32_t* out,
                ahead<Lines> memory) {
    const idx vectors = (c.y.cols + Arch::lanes - 1) / Arch::lanes;
    unroll<Most>([&](auto r) {
        unroll<int8_vectors(Arch::lanes)>([&](auto v) {
            if (count == r + 1 && vectors == v + 1)
                int8_tile<Arch, r + 1, v + 1>(c, first, out, memory);
        });
    });
}

#ifdef RECKON_AMX
template <std::same_as<avx512_amx> Arch, idx Most = int8_of<Arch>::tile_rows, idx Lines>
void int8_tiles(const linear_int8_panel& c, idx first, idx count, std::int32_t* out, ahead<Lines>) {
    constexpr idx width = int8_vectors(avx512_amx::lanes) * avx512_amx::lanes;
    constexpr idx few = int8_of<avx512_amx>::rows_by_vectors;
    if (count <= few) return int8_tiles<avx512_vnni, few>(c, first, count, out, ahead<0>{});
    alignas(64) constexpr std::int32_t zeros[width] = {};
    multiply_tiles<std::int8_t>({c.x.q + first * c.x.q_row, c.x.q_row, count, c.panel,
                                 round_up(c.x.cols, 4), zeros, out, width * sizeof(*out)},
                                c.y.cols);
}
#endif

template <class Arch> void run(const linear_int8_panel& c) {
    using B = int8_of<Arch>;
    constexpr idx width = int8_vectors(Arch::lanes) * Arch::lanes, most = B::tile_rows;
    const idx used = (c.y.cols + Arch::lanes - 1) / Arch::lanes;
    alignas(64) std::int32_t sums[most * width];
    alignas(64) float bias[width] = {};
    if (c.bias.data != nullptr)
        for (idx o = 0; o < width && o < c.y.cols; ++o) bias[o] = c.bias.data[o];
    const auto each = [&](idx first, idx count, auto memory) {
        int8_tiles<Arch>(c, first, count, sums, memory);
        for (idx r = 0; r < count; ++r) {
            float* const y = c.y.row(first + r);
            const int8_scale& x = c.x.scales[first + r];
            const vec<Arch> x_scale(x.scale), largest(x.largest);
            const std::int8_t* const column = c.panel + x.at / 4 * used * Arch::lanes * 4;
            steps<Arch>(c.y.cols, [&](idx o, auto size) {
                auto sum = B::load_sums(sums + r * width + o);
                if constexpr (B::unsigned_q) sum = B::minus(sum, B::load_sums(c.offsets + o));
                vec<Arch> product = B::number(sum) * x_scale;
                if (x.largest != 0) {
                    const auto w = B::one_of_four(B::load(column + o * 4), int(x.at % 4));
                    product = fused<Arch>(B::number(w), largest, product);
                }
                store<Arch>(fused<Arch>(product, load<Arch>(c.scales + o), load<Arch>(bias + o)),
                            y + o, size);
            });
        }
        const auto done = c.y.slice(first, count);
        if (c.f != activation::none) activate<Arch>(c.f, done, done);
    };
    over_panel<most, width * 4>(c.panel, c.next, used * Arch::lanes * 4, (c.x.cols + 3) / 4,
                                c.x.rows, each);
}

/// Dot products along the rows of both: a table that is not packed, such as a tied head.
template <class Arch> void run(const linear_int8_rows& c) {
    using B = int8_of<Arch>;
    constexpr idx step = Arch::lanes * 4;
    const idx whole_steps = c.x.cols / step * step, left = c.x.cols - whole_steps;
    alignas(64) std::int8_t ones[step];
    std::memset(ones, 1, step);
    for (idx o = 0; o < c.y.cols; ++o) {
        const std::int8_t* const w = c.w.row(o);
        alignas(64) std::int8_t tail[step] = {};
        std::memcpy(tail, w + whole_steps, left);
        const auto each = [&](const auto& f) {
            for (idx k = 0; k < whole_steps; k += step) f(k, B::load(w + k));
            if (left != 0) f(whole_steps, B::load(tail));
        };
        std::int32_t offset = 0;
        if constexpr (B::unsigned_q) {
            auto sum = B::zero();
            each([&](idx, auto v) { sum = B::dot(sum, B::of(B::load(ones)), v); });
            offset = 128 * total_of<Arch>(sum);
        }
        for (idx r = 0; r < c.y.rows; ++r) {
            auto sum = B::zero();
            const std::int8_t* const x = c.x.q + r * c.x.q_row;
            each([&](idx k, auto v) { sum = B::dot(sum, B::of(B::load(x + k)), v); });
            const float bias = c.bias.data != nullptr ? c.bias.data[o] : 0;
            const int8_scale& s = c.x.scales[r];
            float product = float(total_of<Arch>(sum) - offset) * s.scale;
            if (s.largest != 0) product += s.largest * float(w[s.at]);
            c.y(r, o) = product * c.scales[o] + bias;
        }
    }
    if (c.f != activation::none) activate<Arch>(c.f, c.y, c.y);
}

/// int32 of memory that is going to be floats.
template <class Arch> auto sums_at(const void* p, whole) {
    return int8_of<Arch>::load_sums(static_cast<const std::int32_t*>(p));
}
template <class Arch> auto sums_at(const void* p, first_lanes some) {
    alignas(64) std::int32_t lanes[Arch::lanes] = {};
    std::memcpy(lanes, p, some.count * sizeof(std::int32_t));
    return int8_of<Arch>::load_sums(lanes);
}

template <class Arch> void run(const finish_sums& c) {
    using B = int8_of<Arch>;
    const vec<Arch> x_scale(c.x.scale), largest(c.x.largest);
    const idx count = c.y.cols;
    float* const y = c.y.data;
    const std::int8_t* fours = c.fours;
    for (idx first = 0; first < count; first += c.block, fours += c.stride)
        steps<Arch>(count - first < c.block ? count - first : c.block, [&](idx i, auto size) {
            const idx o = first + i;
            const auto sum =
                B::minus(sums_at<Arch>(y + o, size), sums_at<Arch>(c.offsets + o, size));
            vec<Arch> product = B::number(sum) * x_scale;
            if (c.x.largest != 0) {
                const auto w = B::one_of_four(B::load(fours + i * 4), int(c.x.at % 4));
                product = fused<Arch>(B::number(w), largest, product);
            }
            const vec<Arch> bias =
                c.bias.data != nullptr ? load<Arch>(c.bias.data + o, size) : vec<Arch>(0);
            store<Arch>(fused<Arch>(product, load<Arch>(c.scales + o, size), bias), y + o, size);
        });
    if (c.f != activation::none) activate<Arch>(c.f, c.y, c.y);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
#endif
