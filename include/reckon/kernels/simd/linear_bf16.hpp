// linear over bf16 weights: rows of x are bf16 as well, products are summed in float, two numbers
// of depth at a time. AVX-512 multiplies pairs (vdpbf16ps, which reads and writes denormals as
// zero); the others widen them: a bf16 is the upper half of a float.
#pragma once

#include <reckon/kernels/simd/math.hpp>
#include <reckon/kernels/simd/tile.hpp>

#include <cstring>

namespace reckon { inline namespace v0 { namespace simd { inline namespace RECKON_ISA {

/// What an instruction set knows of bf16: pairs of it, as many as it has lanes, and their dot
/// products.
template <class Arch> struct bf16_of {
    struct vector {
        vec<Arch> low, high;
    };
    /// Rows that fit beside the halves of panel_vectors columns.
    static constexpr idx tile_rows = Arch::lanes == 16 ? 6 : std::same_as<Arch, neon64> ? 4 : 2;

    static vector load(const bf16* w) {
        return halves(vec<Arch>::load_unaligned(reinterpret_cast<const float*>(w)));
    }
    static vector broadcast(const bf16* x) {
        float two;
        std::memcpy(&two, x, sizeof two);
        return halves(vec<Arch>(two));
    }
    static vec<Arch> dot(vec<Arch> sum, const vector& x, const vector& w) {
        return fused<Arch>(x.high, w.high, fused<Arch>(x.low, w.low, sum));
    }

  private:
    static vector halves(vec<Arch> both) {
        const vec<Arch> upper(__builtin_bit_cast(float, 0xffff0000u));
        if constexpr (std::same_as<Arch, neon64>)
            return {vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(both), 16)),
                    both & upper};
        else
            return {
                xsimd::bitwise_cast<vec<Arch>>(
                    xsimd::bitwise_cast<xsimd::batch<std::int32_t, typename on<Arch>::arch>>(both)
                    << 16),
                both & upper};
    }
};

#if defined(__AVX512BF16__) && defined(__AVX512VNNI__)
template <> struct bf16_of<avx512_bf16> {
    using vector = __m512bh;
    static constexpr idx tile_rows = 9;

    static vector load(const bf16* w) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(w)); }
    static vector broadcast(const bf16* x) {
        std::int32_t two;
        std::memcpy(&two, x, sizeof two);
        return reinterpret_cast<__m512bh>(_mm512_set1_epi32(two));
    }
    static vec<avx512_bf16> dot(vec<avx512_bf16> sum, vector x, vector w) {
        return _mm512_dpbf16_ps(sum, x, w);
    }
};
#endif

/// y = start + x panel for `Rows` rows. Flattened, and with nothing behind the loop but stores:
/// sums that more code touches do not stay in registers.
template <class Arch, idx Rows, idx Vectors, idx Lines>
[[gnu::flatten]] void bf16_tile(const linear_bf16_panel& c, idx first, const float* start, float* y,
                                idx y_row, ahead<Lines> memory) {
    using P = bf16_of<Arch>;
    constexpr idx step = Vectors * Arch::lanes * 2;
    const bf16* x = c.x.row(first);
    const bf16* panel = c.panel;
    vec<Arch> sums[Rows][Vectors];
    unroll<Rows>([&](auto r) {
        unroll<Vectors>([&](auto v) { sums[r][v] = load<Arch>(start + v * Arch::lanes); });
    });
    for (idx k = 0; k < c.x.cols; k += 2, x += 2, panel += step) {
        memory.ask(k / 2);
        decltype(P::load(panel)) w[Vectors];
        unroll<Vectors>([&](auto v) { w[v] = P::load(panel + v * Arch::lanes * 2); });
        unroll<Rows>([&](auto r) {
            const auto row = P::broadcast(x + r * c.x.stride);
            unroll<Vectors>([&](auto v) { sums[r][v] = P::dot(sums[r][v], row, w[v]); });
        });
    }
    unroll<Rows>([&](auto r) {
        unroll<Vectors>([&](auto v) { store<Arch>(sums[r][v], y + r * y_row + v * Arch::lanes); });
    });
}

/// The same for any number of rows up to the arch's tile_rows. (AMX has its own.)
template <class Arch, idx Lines>
void bf16_tiles(const linear_bf16_panel& c, idx first, idx count, const float* start, float* y,
                idx y_row, ahead<Lines> memory) {
    const idx vectors = (c.y.cols + Arch::lanes - 1) / Arch::lanes;
    unroll<bf16_of<Arch>::tile_rows>([&](auto r) {
        unroll<panel_vectors>([&](auto v) {
            if (count == r + 1 && vectors == v + 1)
                bf16_tile<Arch, r + 1, v + 1>(c, first, start, y, y_row, memory);
        });
    });
}

template <class Arch> void run(const linear_bf16_panel& c) {
    constexpr idx width = panel_vectors * Arch::lanes, most = bf16_of<Arch>::tile_rows;
    alignas(64) float start[width] = {}, rest[most * width];
    if (c.bias.data != nullptr)
        for (idx o = 0; o < width && o < c.y.cols; ++o) start[o] = c.bias.data[o];

    const bool fits = c.y.cols % Arch::lanes == 0;  // else the last vector goes by way of `rest`
    const auto each = [&](idx first, idx count, auto memory) {
        float* const y = fits ? c.y.row(first) : rest;
        const idx y_row = fits ? c.y.stride : width;
        bf16_tiles<Arch>(c, first, count, start, y, y_row, memory);
        if (!fits || c.f != activation::none)
            activate<Arch>(c.f, {y, count, c.y.cols, y_row}, c.y.slice(first, count));
    };
    const idx vectors = (c.y.cols + Arch::lanes - 1) / Arch::lanes;
    over_panel<most, width * 2 * sizeof(bf16)>(
        c.panel, c.next, vectors * Arch::lanes * 2 * sizeof(bf16), c.x.cols / 2, c.x.rows, each);
}

/// Dot products along the rows of both: a table that is not packed, such as a tied head.
template <class Arch> void run(const linear_bf16_rows& c) {
    using P = bf16_of<Arch>;
    constexpr idx step = Arch::lanes * 2;
    const idx whole_steps = c.w.cols / step * step, left = c.w.cols - whole_steps;
    for (idx o = 0; o < c.w.rows; ++o) {
        const bf16* const w = c.w.row(o);
        alignas(64) bf16 w_rest[step] = {}, x_rest[step] = {};
        std::memcpy(w_rest, w + whole_steps, left * sizeof(bf16));
        for (idx r = 0; r < c.y.rows; ++r) {
            const bf16* const x = c.x.row(r);
            vec<Arch> sum(0);
            for (idx k = 0; k < whole_steps; k += step)
                sum = P::dot(sum, P::load(x + k), P::load(w + k));
            if (left != 0) {
                std::memcpy(x_rest, x + whole_steps, left * sizeof(bf16));
                sum = P::dot(sum, P::load(x_rest), P::load(w_rest));
            }
            const float bias = c.bias.data != nullptr ? c.bias.data[o] : 0;
            c.y(r, o) = sum_of<Arch>(sum) + bias;
        }
    }
    if (c.f != activation::none) activate<Arch>(c.f, c.y, c.y);
}

}}}}  // namespace reckon::v0::simd::RECKON_ISA
