// The products of the SIMD backend, over weights in f32, int8 and bf16, packed or as they lie:
// which rows become int8 or bf16 first, and how the work is cut. Packed weights that read the same
// rows (query, key, value) do it together: the rows are made once, and all tasks are one region.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/activation.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/kernels/simd/panels.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#include <span>

namespace reckon { inline namespace v0 {

namespace simd { inline namespace RECKON_ISA {
template <class W> using group = std::span<const linear_operands<W, float>>;
}}  // namespace simd::RECKON_ISA

inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void linears_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                    simd::group<typename simd_panels<Arch>::view> group) {
    constexpr idx width = simd_panels<Arch>::width;
    simd::by_blocks_of(
        ctx, x.rows, x.cols * sizeof(float), group, width,
        [&](const auto& p, idx r, idx rows, idx o, idx outs, idx next) {
            simd::call<Arch>(simd::linear_panel{x.slice(r, rows), p.w.panel(o), p.w.panel(next),
                                                p.e.bias.columns(o, outs), p.e.f,
                                                p.y.slice(r, rows).columns(o, outs)});
        });
}

/// Over a packed weight, which is one of one.
template <class Arch, class Next, class C, class W>
requires requires(C& ctx, view<const float> x, simd::group<W> group) {
    linears_kernel(cpu_simd<Arch, Next>{}, ctx, x, group);
}
void linear_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> x, W w, epilogue<float> e,
                   view<float> y) {
    const linear_operands<W, float> one[]{{w, e, y}};
    linears_kernel(tag, ctx, x, simd::group<W>(one));
}

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> w,
                   epilogue<float> e, view<float> y) {
    simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
        simd::call<Arch>(simd::linear_dense{x.slice(r, rows), w.slice(o, outs),
                                            e.bias.columns(o, outs), e.f,
                                            y.slice(r, rows).columns(o, outs)});
    });
}

}  // namespace RECKON_ISA

namespace simd { inline namespace RECKON_ISA {
/// f<A>(), where A is the first of these extensions of avx512 that the CPU has, or else Arch.
template <class Arch, class Extension, class... Others, class F> void with_extension(const F& f) {
    if constexpr (std::same_as<Arch, avx512> && usable<Extension>)
        if (Extension::here()) return f.template operator()<Extension>();
    if constexpr (sizeof...(Others) != 0)
        with_extension<Arch, Others...>(f);
    else
        f.template operator()<Arch>();
}

/// Where rows of x stand as int8, behind their scales.
struct int8_plan {
    idx q_row, scale_bytes, bytes;

    RECKON_INLINE constexpr int8_plan(idx rows, idx cols)
        : q_row(round_up(cols, 64)),
          scale_bytes(round_up(rows * sizeof(int8_scale), 64)),
          bytes(scale_bytes + rows * q_row) {}
};

/// f<Int8>(rows_of): rows_of(first, count) are rows of x as int8, as the arch Int8 wants them.
template <class Arch, class C, class F> void over_int8(C& ctx, view<const float> x, const F& f) {
    const auto scope = ctx.scope();
    const int8_plan plan(x.rows, x.cols);
    const auto memory = ctx.template make<std::byte>(1, plan.bytes);
    auto* const scales = reinterpret_cast<int8_scale*>(memory.data);
    auto* const q = reinterpret_cast<std::int8_t*>(memory.data + plan.scale_bytes);
    with_extension<Arch, avx512_amx, avx512_vnni>([&]<class Int8>() {
        by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
            call<Int8>(quantise_rows{x.slice(r, rows), q + r * plan.q_row, plan.q_row, scales + r});
        });
        f.template operator()<Int8>([&](idx r, idx rows) {
            return rows_as_int8{q + r * plan.q_row, plan.q_row, scales + r, rows, x.cols};
        });
    });
}
}}  // namespace simd::RECKON_ISA

inline namespace RECKON_ISA {

template <class Arch, class Next, class W>
requires std::same_as<W, int8_view<host>> || std::same_as<W, typename simd_int8_panels<Arch>::view>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows, const W& w) {
    return simd::int8_plan(rows, w.cols).bytes;
}

template <class Arch, class Next>
void quantise_rows_kernel(cpu_simd<Arch, Next>, view<const float> x, std::int8_t* q, idx q_row,
                          int8_scale* scales) {
    simd::call<Arch>(simd::quantise_rows{x, q, q_row, scales});
}

template <class Arch, class Next>
void finish_sums_kernel(cpu_simd<Arch, Next>, const int8_sums& sums) {
    simd::call<Arch>(sums);
}

template <class Arch, class Next, class C>
requires(!C::recording) void linears_kernel(
    cpu_simd<Arch, Next>, C& ctx, view<const float> x,
    simd::group<typename simd_int8_panels<Arch>::view> group) {
    simd::over_int8<Arch>(ctx, x, [&]<class Int8>(const auto& rows_of) {
        constexpr idx width = simd_int8_panels<Arch>::width;
        simd::by_blocks_of(ctx, x.rows, x.cols, group, width,
                           [&](const auto& p, idx r, idx rows, idx o, idx outs, idx next) {
                               simd::call<Int8>(simd::linear_int8_panel{
                                   rows_of(r, rows), p.w.panel(o), p.w.panel(next), p.w.scales + o,
                                   p.w.offsets + o, p.e.bias.columns(o, outs), p.e.f,
                                   p.y.slice(r, rows).columns(o, outs)});
                           });
    });
}

template <class Arch, class Next, class C>
requires(!C::recording) void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                                           int8_view<host> w, epilogue<float> e, view<float> y) {
    simd::over_int8<Arch>(ctx, x, [&]<class Int8>(const auto& rows_of) {
        simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
            simd::call<Int8>(simd::linear_int8_rows{rows_of(r, rows), w.values.slice(o, outs),
                                                    w.scales.data + o, e.bias.columns(o, outs), e.f,
                                                    y.slice(r, rows).columns(o, outs)});
        });
    });
}

}  // namespace RECKON_ISA

namespace simd { inline namespace RECKON_ISA {
/// f<Bf16>(rows): x as bf16, filled up to an even number of columns, and the arch whose dot
/// products run.
template <class Arch, class C, class F> void over_bf16(C& ctx, view<const float> x, const F& f) {
    const auto scope = ctx.scope();
    auto rounded = ctx.template make<bf16>(x.rows, round_up(x.cols, 2));
    by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        call<Arch>(round_rows{x.slice(r, rows), rounded.slice(r, rows).columns(0, x.cols)});
        for (idx i = r; i < r + rows && x.cols != rounded.cols; ++i) rounded(i, x.cols) = bf16{};
    });
    const view<const bf16> rounded_x = rounded;
    with_extension<Arch, avx512_amx, avx512_bf16>(
        [&]<class Bf16>() { f.template operator()<Bf16>(rounded_x); });
}
}}  // namespace simd::RECKON_ISA

inline namespace RECKON_ISA {

template <class Arch, class Next, class W>
requires std::same_as<W, view<const bf16>> || std::same_as<W, typename simd_bf16_panels<Arch>::view>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows, const W& w) {
    return rows * simd::round_up(w.cols, 2) * sizeof(bf16);
}

template <class Arch, class Next>
void round_rows_kernel(cpu_simd<Arch, Next>, view<const float> x, view<bf16> y) {
    simd::call<Arch>(simd::round_rows{x, y});
}

template <class Arch, class Next, class C>
void linears_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                    simd::group<typename simd_bf16_panels<Arch>::view> group) {
    simd::over_bf16<Arch>(ctx, x, [&]<class Bf16>(view<const bf16> rounded_x) {
        constexpr idx width = simd_bf16_panels<Arch>::width;
        simd::by_blocks_of(
            ctx, x.rows, x.cols * sizeof(bf16), group, width,
            [&](const auto& p, idx r, idx rows, idx o, idx outs, idx next) {
                simd::call<Bf16>(simd::linear_bf16_panel{
                    rounded_x.slice(r, rows), p.w.panel(o), p.w.panel(next),
                    p.e.bias.columns(o, outs), p.e.f, p.y.slice(r, rows).columns(o, outs)});
            });
    });
}

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const bf16> w,
                   epilogue<float> e, view<float> y) {
    simd::over_bf16<Arch>(ctx, x, [&]<class Bf16>(view<const bf16> rounded_x) {
        simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
            simd::call<Bf16>(simd::linear_bf16_rows{rounded_x.slice(r, rows), w.slice(o, outs),
                                                    e.bias.columns(o, outs), e.f,
                                                    y.slice(r, rows).columns(o, outs)});
        });
    });
}

template <class Arch, class Next, class C>
void linear_transposed_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                              view<const float> w, view<float> y) {
    simd::by_blocks(
        ctx, y.rows, 144, y.cols, simd_panels<Arch>::width, [&](idx r, idx rows, idx c, idx cols) {
            simd::call<Arch>(simd::linear_transposed{x.slice(r, rows), w.columns(c, cols),
                                                     y.slice(r, rows).columns(c, cols)});
        });
}

}  // namespace RECKON_ISA

}}  // namespace reckon::v0
