// The SIMD backend: cpu_simd<Arch, Next> with Arch one of sse4_2, avx2, avx512, neon64. Its kernels
// take float; whatever they do not match falls back to Next. The work is cut here, by shape alone,
// and each task's share goes to kernels/simd/, inlined or compiled (kernels/simd/compiled.hpp).
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/core/error.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/kernels/simd/calls.hpp>
#include <reckon/kernels/simd/compiled.hpp>
#include <reckon/kernels/simd/panels.hpp>

#if defined(__SSE4_2__) || defined(__aarch64__)
#include <reckon/kernels/simd/bodies.hpp>
#endif

#include <cstring>

namespace reckon::inline v0 {

template <class Arch, class Next> struct cpu_simd : Next {
    static_assert(simd::RECKON_ISA::usable<Arch>,
                  "cpu_simd: this translation unit is not compiled for this instruction set; add "
                  "its flags (Arch::flags), or link reckon::simd");
    using next = Next;
    template <class N> using over = cpu_simd<Arch, N>;
    using packing = simd_panels<Arch>;
    static constexpr const char* name = "simd";

    struct state : Next::state {
        state() {
            if (Arch::here()) return;
            error_text expected{"a CPU with "};
            expected.append(Arch::name);
            fail("context", "cpu_simd", expected, "one without");
        }
    };
};

namespace simd {
/// The element types that caches may have here.
template <class K>
concept stored = std::same_as<K, float> || std::same_as<K, bf16>;

/// f(first, count) over rows in tasks of about 8192 numbers.
template <class C, class F> void by_rows(C& ctx, idx rows, idx cols, const F& f) {
    const idx each = cols < 8192 ? 8192 / (cols + 1) + 1 : 1;
    ctx.parallel((rows + each - 1) / each, [&](idx task, idx) {
        const idx first = task * each;
        f(first, rows - first < each ? rows - first : each);
    });
}

/// f(row, rows, column, columns) over tasks of at most `high` rows and `wide` columns.
template <class C, class F>
void by_blocks(C& ctx, idx rows, idx high, idx cols, idx wide, const F& f) {
    const idx down = (rows + high - 1) / high, across = (cols + wide - 1) / wide;
    ctx.parallel(down * across, [&](idx task, idx) {
        const idx row = task % down * high, col = task / down * wide;
        f(row, rows - row < high ? rows - row : high, col, cols - col < wide ? cols - col : wide);
    });
}

namespace RECKON_ISA {
template <class Arch, class Call> void call(const Call& c) {
    if constexpr (native<Arch>)
        run<Arch>(c);
    else if constexpr (usable<Arch>)
        compiled<Arch>::run(c);
    // else the tag's static_assert has said what is missing
}
}  // namespace RECKON_ISA
}  // namespace simd

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                   typename simd_panels<Arch>::view w, epilogue<float> e, view<float> y) {
    simd::by_blocks(
        ctx, y.rows, 144, y.cols, simd_panels<Arch>::width, [&](idx r, idx rows, idx o, idx outs) {
            simd::RECKON_ISA::call<Arch>(simd::linear_panel{x.slice(r, rows), w.panel(o),
                                                            e.bias.columns(o, outs), e.f,
                                                            y.slice(r, rows).columns(o, outs)});
        });
}

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> w,
                   epilogue<float> e, view<float> y) {
    simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
        simd::RECKON_ISA::call<Arch>(simd::linear_dense{x.slice(r, rows), w.slice(o, outs),
                                                        e.bias.columns(o, outs), e.f,
                                                        y.slice(r, rows).columns(o, outs)});
    });
}

namespace simd {
/// f with the arch whose dot products of bytes run: avx512's own extension where the CPU has it.
template <class Arch, class F> void with_bytes_of(const F& f) {
    if constexpr (std::same_as<Arch, avx512> && RECKON_ISA::usable<avx512_vnni>)
        if (avx512_vnni::here()) return f.template operator()<avx512_vnni>();
    f.template operator()<Arch>();
}

/// Where rows of x stand as int8, behind their scales.
struct byte_plan {
    idx q_row, scale_bytes, bytes;

    RECKON_INLINE constexpr byte_plan(idx rows, idx cols)
        : q_row(round_up(cols, 64)),
          scale_bytes(round_up(rows * sizeof(float), 64)),
          bytes(scale_bytes + rows * q_row) {}
};

/// f<Bytes>(rows_of): rows_of(first, count) are rows of x as int8, as the arch Bytes wants them.
template <class Arch, class C, class F> void over_bytes(C& ctx, view<const float> x, const F& f) {
    const auto scope = ctx.scope();
    const byte_plan plan(x.rows, x.cols);
    const auto memory = ctx.template make<std::byte>(1, plan.bytes);
    auto* const scales = reinterpret_cast<float*>(memory.data);
    auto* const q = reinterpret_cast<std::int8_t*>(memory.data + plan.scale_bytes);
    with_bytes_of<Arch>([&]<class Bytes>() {
        by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
            RECKON_ISA::call<Bytes>(
                quantise_rows{x.slice(r, rows), q + r * plan.q_row, plan.q_row, scales + r});
        });
        f.template operator()<Bytes>([&](idx r, idx rows) {
            return byte_rows{q + r * plan.q_row, plan.q_row, scales + r, rows, x.cols};
        });
    });
}
}  // namespace simd

template <class Arch, class Next>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows,
                             const typename simd_byte_panels<Arch>::view& w) {
    return simd::byte_plan(rows, w.cols).bytes;
}
template <class Arch, class Next>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows, const int8_view<host>& w) {
    return simd::byte_plan(rows, w.cols).bytes;
}

template <class Arch, class Next, class C>
requires(!C::recording) void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                                           typename simd_byte_panels<Arch>::view w,
                                           epilogue<float> e, view<float> y) {
    simd::over_bytes<Arch>(ctx, x, [&]<class Bytes>(const auto& rows_of) {
        constexpr idx width = simd_byte_panels<Arch>::width;
        simd::by_blocks(ctx, y.rows, 144, y.cols, width, [&](idx r, idx rows, idx o, idx outs) {
            simd::RECKON_ISA::call<Bytes>(simd::linear_byte_panel{
                rows_of(r, rows), w.panel(o), w.scales + o, w.offsets + o, e.bias.columns(o, outs),
                e.f, y.slice(r, rows).columns(o, outs)});
        });
    });
}

template <class Arch, class Next, class C>
requires(!C::recording) void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                                           int8_view<host> w, epilogue<float> e, view<float> y) {
    simd::over_bytes<Arch>(ctx, x, [&]<class Bytes>(const auto& rows_of) {
        simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
            simd::RECKON_ISA::call<Bytes>(simd::linear_byte_rows{
                rows_of(r, rows), w.values.slice(o, outs), w.scales.data + o,
                e.bias.columns(o, outs), e.f, y.slice(r, rows).columns(o, outs)});
        });
    });
}

namespace simd {
/// f<Pairs>(rows): x as bf16, filled up to an even number of columns, and the arch whose dot
/// products of pairs run: avx512's own extension where the CPU has it.
template <class Arch, class C, class F> void over_pairs(C& ctx, view<const float> x, const F& f) {
    const auto scope = ctx.scope();
    auto rounded = ctx.template make<bf16>(x.rows, round_up(x.cols, 2));
    by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        RECKON_ISA::call<Arch>(
            round_rows{x.slice(r, rows), rounded.slice(r, rows).columns(0, x.cols)});
        for (idx i = r; i < r + rows && x.cols != rounded.cols; ++i) rounded(i, x.cols) = bf16{};
    });
    const view<const bf16> pairs = rounded;
    if constexpr (std::same_as<Arch, avx512> && RECKON_ISA::usable<avx512_bf16>)
        if (avx512_bf16::here()) return f.template operator()<avx512_bf16>(pairs);
    f.template operator()<Arch>(pairs);
}
}  // namespace simd

template <class Arch, class Next>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows,
                             const typename simd_pair_panels<Arch>::view& w) {
    return rows * simd::round_up(w.cols, 2) * sizeof(bf16);
}
template <class Arch, class Next>
constexpr idx linear_scratch(cpu_simd<Arch, Next>, idx rows, const view<const bf16>& w) {
    return rows * simd::round_up(w.cols, 2) * sizeof(bf16);
}

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                   typename simd_pair_panels<Arch>::view w, epilogue<float> e, view<float> y) {
    simd::over_pairs<Arch>(ctx, x, [&]<class Pairs>(view<const bf16> pairs) {
        constexpr idx width = simd_pair_panels<Arch>::width;
        simd::by_blocks(ctx, y.rows, 144, y.cols, width, [&](idx r, idx rows, idx o, idx outs) {
            simd::RECKON_ISA::call<Pairs>(
                simd::linear_pair_panel{pairs.slice(r, rows), w.panel(o), e.bias.columns(o, outs),
                                        e.f, y.slice(r, rows).columns(o, outs)});
        });
    });
}

template <class Arch, class Next, class C>
void linear_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const bf16> w,
                   epilogue<float> e, view<float> y) {
    simd::over_pairs<Arch>(ctx, x, [&]<class Pairs>(view<const bf16> pairs) {
        simd::by_blocks(ctx, y.rows, 64, y.cols, 48, [&](idx r, idx rows, idx o, idx outs) {
            simd::RECKON_ISA::call<Pairs>(simd::linear_pair_rows{
                pairs.slice(r, rows), w.slice(o, outs), e.bias.columns(o, outs), e.f,
                y.slice(r, rows).columns(o, outs)});
        });
    });
}

template <class Arch, class Next, class C>
void linear_transposed_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x,
                              view<const float> w, view<float> y) {
    simd::by_blocks(
        ctx, y.rows, 144, y.cols, simd_panels<Arch>::width, [&](idx r, idx rows, idx c, idx cols) {
            simd::RECKON_ISA::call<Arch>(simd::linear_transposed{
                x.slice(r, rows), w.columns(c, cols), y.slice(r, rows).columns(c, cols)});
        });
}

namespace simd {
/// Where each sequence's blocks of queries begin, then the kernel's scratch for each worker.
struct attention_plan {
    idx table_bytes, worker_bytes;
};
template <class Arch, class K, class M>
constexpr attention_plan plan_attention(const attention_problem<float, K, M>& p) {
    return {round_up((p.rows.sequences() + 1) * sizeof(idx), 64),
            round_up(attention_floats<K>(Arch::lanes, p.key_width(), p.value_width()), 16) *
                sizeof(float)};
}
}  // namespace simd

template <class Arch, class Next, simd::stored K, class M>
constexpr idx attention_scratch(cpu_simd<Arch, Next>, const attention_problem<float, K, M>& p,
                                idx threads) {
    const auto plan = simd::plan_attention<Arch>(p);
    return plan.table_bytes + plan.worker_bytes * threads;
}

/// The queries of a sequence that share a head of keys, row by row and head by head, are cut into
/// blocks; a task is a block.
template <class Arch, class Next, class C, simd::stored K, class M>
void attention_kernel(cpu_simd<Arch, Next>, C& ctx, const attention_problem<float, K, M>& p,
                      std::byte* scratch, view<float> y) {
    constexpr idx most = simd_panels<Arch>::width;
    const auto plan = simd::plan_attention<Arch>(p);
    const idx sequences = p.rows.sequences(), key_heads = p.options.key_heads;
    const idx group = p.options.heads / key_heads;
    auto* const first_block = reinterpret_cast<idx*>(scratch);
    first_block[0] = 0;
    for (idx s = 0; s < sequences; ++s)
        first_block[s + 1] = first_block[s] + (p.rows.length(s) * group + most - 1) / most;

    ctx.parallel(first_block[sequences] * key_heads, [&](idx task, idx worker) {
        const idx block = task / key_heads, key_head = task % key_heads;
        idx s = 0, beyond = sequences;  // first_block[s] <= block < first_block[beyond]
        while (beyond - s > 1) {
            const idx middle = (s + beyond) / 2;
            (first_block[middle] <= block ? s : beyond) = middle;
        }
        const idx key_width = p.key_width(), value_width = p.value_width();
        const idx first = (block - first_block[s]) * most;
        const idx left = p.rows.length(s) * group - first, count = left < most ? left : most;
        const auto mask = p.mask.at(s);
        simd::attention_query queries[most];
        for (idx i = 0; i < count; ++i) {
            const idx own = (first + i) / group, row = p.rows.begin(s) + own;
            const idx head = key_head * group + (first + i) % group;
            queries[i] = {p.query.row(row) + head * key_width,
                          mask.keys_of(p.options.first_position[s] + own, p.keys(s)),
                          y.row(row) + head * value_width};
        }
        const auto keys = p.source.keys.slice(p.first_key(s), p.keys(s));
        const auto values = p.source.values.slice(p.first_key(s), p.keys(s));
        simd::RECKON_ISA::call<Arch>(simd::attention_block<K>{
            queries, count, keys.columns(key_head * key_width, key_width),
            values.columns(key_head * value_width, value_width), p.options.scale,
            reinterpret_cast<float*>(scratch + plan.table_bytes + worker * plan.worker_bytes)});
    });
}

template <class Arch, class Next, class C>
void layer_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                       view<const float> bias, float epsilon, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(
            simd::layer_norm_rows{x.slice(r, rows), gain, bias, epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void rms_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                     float epsilon, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(
            simd::rms_norm_rows{x.slice(r, rows), gain, epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void rope_kernel(cpu_simd<Arch, Next>, C& ctx, rope_layout layout, view<const float> angles,
                 view<float> x) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(
            simd::rope_rows{layout, angles.slice(r, rows), x.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void activate_kernel(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> x,
                     view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(simd::activate_rows{f, x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void gated_kernel(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> gate,
                  view<const float> x, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(
            simd::gated_rows{f, gate.slice(r, rows), x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> a, view<const float> b,
                view<float> y) {
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(
            simd::add_rows{a.slice(r, rows), b.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_row_kernel(cpu_simd<Arch, Next> tag, C& ctx, view<const float> row, view<float> x) {
    add_kernel(tag, ctx, x, view<const float>{row.data, x.rows, x.cols, 0}, x);
}

template <class Arch, class Next, class C>
void embedding_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                      view<const float> table, view<float> y) {
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i)
            std::memcpy(y.row(i), table.row(idx(ids(0, i))), y.cols * sizeof(float));
    });
}

template <class Arch, class Next, class C>
void embedding_add_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                          view<const float> table, view<float> x) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i)
            simd::RECKON_ISA::call<Arch>(
                simd::add_rows{x.slice(i, 1), table.slice(idx(ids(0, i)), 1), x.slice(i, 1)});
    });
}

template <class Arch, class Next, class C>
void embedding_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                      int8_view<host> table, view<float> y) {
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i) {
            const idx id = idx(ids(0, i));
            simd::RECKON_ISA::call<Arch>(
                simd::widen_row{table.values.row(id), table.scales(0, id), nullptr, y.slice(i, 1)});
        }
    });
}

template <class Arch, class Next, class C>
void embedding_add_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                          int8_view<host> table, view<float> x) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i) {
            const idx id = idx(ids(0, i));
            simd::RECKON_ISA::call<Arch>(simd::widen_row{table.values.row(id), table.scales(0, id),
                                                         x.row(i), x.slice(i, 1)});
        }
    });
}

template <class Arch, class Next, class C>
void pool_kernel(cpu_simd<Arch, Next>, C& ctx, pooling how, ragged rows, view<const float> x,
                 view<float> y) {
    ctx.parallel(rows.sequences(), [&](idx s, idx) {
        const auto own = x.slice(rows.begin(s), rows.length(s));
        if (how == pooling::mean)
            simd::RECKON_ISA::call<Arch>(simd::mean_of_rows{own, y.slice(s, 1)});
        else
            std::memcpy(y.row(s), own.row(how == pooling::first ? 0 : own.rows - 1),
                        y.cols * sizeof(float));
    });
}

template <class Arch, class Next, class C>
void l2_normalize_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(simd::l2_normalize_rows{x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void log_softmax_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(simd::log_softmax_rows{x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void top_k_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> scores, idx first,
                  view<float> values, view<std::int32_t> columns) {
    simd::by_rows(ctx, scores.rows, scores.cols, [&](idx r, idx rows) {
        simd::RECKON_ISA::call<Arch>(simd::top_k_rows{
            scores.slice(r, rows), first, values.slice(r, rows), columns.slice(r, rows)});
    });
}

namespace simd {
/// Whole rows, which may stand apart.
inline void copy_rows(view<const float> x, view<float> y) {
    for (idx i = 0; i < y.rows; ++i) std::memcpy(y.row(i), x.row(i), y.cols * sizeof(float));
}
}  // namespace simd

template <class Arch, class Next, class C>
void concat_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> front, per_sequence first,
                   view<const float> x, ragged rows, ragged all, view<float> y) {
    ctx.parallel(all.sequences(), [&](idx s, idx) {
        const idx own = rows.length(s), count = all.length(s) - own;
        simd::copy_rows(front.slice(first[s], count), y.slice(all.begin(s), count));
        simd::copy_rows(x.slice(rows.begin(s), own), y.slice(all.begin(s) + count, own));
    });
}

template <class Arch, class Next, class C, simd::stored K>
void store_rows_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, ragged rows,
                       per_sequence at, view<K> cache) {
    ctx.parallel(rows.sequences(), [&](idx s, idx) {
        const auto from = x.slice(rows.begin(s), rows.length(s));
        const auto to = cache.slice(at[s], rows.length(s));
        if constexpr (std::same_as<K, float>)
            simd::copy_rows(from, to);
        else
            simd::RECKON_ISA::call<Arch>(simd::round_rows{from, to});
    });
}

}  // namespace reckon::inline v0
