// The SIMD backend: cpu_simd<Arch, Next> with Arch one of sse4_2, avx2, avx512, neon64. Its kernels
// take float; whatever they do not match falls back to Next. Products stand in
// kernels/simd/products.hpp; how work is cut and handed out, in kernels/simd/tasks.hpp.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/core/error.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/kernels/simd/products.hpp>
#include <reckon/kernels/simd/tasks.hpp>

#include <cstring>

namespace reckon { inline namespace v0 {

inline namespace RECKON_ISA {

template <class Arch, class Next> struct cpu_simd : Next {
    static_assert(simd::usable<Arch>,
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

}  // namespace RECKON_ISA

namespace simd { inline namespace RECKON_ISA {
/// The element types that plain rows of a cache may have here, and caches.
template <class K>
concept stored = std::same_as<K, float> || std::same_as<K, bf16>;
template <class K>
concept cacheable = stored<K> || std::same_as<K, std::int8_t>;

/// Where each sequence's blocks of queries begin, then the kernel's scratch for each worker.
struct attention_plan {
    idx table_bytes, worker_bytes;
};
template <class Arch, class K, class M>
constexpr attention_plan plan_attention(const attention_problem<float, K, M>& p) {
    return {round_up((p.sequences.count() + 1) * sizeof(idx), 64),
            round_up(attention_floats<K>(Arch::lanes, p.key_width(), p.value_width()), 16) *
                sizeof(float)};
}
}}  // namespace simd::RECKON_ISA

inline namespace RECKON_ISA {

template <class Arch, class Next, simd::cacheable K, class M>
constexpr idx attention_scratch(cpu_simd<Arch, Next>, const attention_problem<float, K, M>& p,
                                idx threads) {
    const auto plan = simd::plan_attention<Arch>(p);
    return plan.table_bytes + plan.worker_bytes * threads;
}

/// The queries of a sequence that share a head of keys, row by row and head by head, are cut into
/// blocks; a task is a block.
template <class Arch, class Next, class C, simd::cacheable K, class M>
void attention_kernel(cpu_simd<Arch, Next>, C& ctx, const attention_problem<float, K, M>& p,
                      std::byte* scratch, view<float> y) {
    constexpr idx most = simd_panels<Arch>::width;
    const auto plan = simd::plan_attention<Arch>(p);
    const idx sequences = p.sequences.count(), key_heads = p.options.key_heads;
    const idx group = p.options.heads / key_heads;
    auto* const first_block = reinterpret_cast<idx*>(scratch);
    first_block[0] = 0;
    for (idx s = 0; s < sequences; ++s)
        first_block[s + 1] = first_block[s] + (p.sequences.length(s) * group + most - 1) / most;

    ctx.parallel(first_block[sequences] * key_heads, [&](idx task, idx worker) {
        const idx block = task / key_heads, key_head = task % key_heads;
        idx s = 0, beyond = sequences;  // first_block[s] <= block < first_block[beyond]
        while (beyond - s > 1) {
            const idx middle = (s + beyond) / 2;
            (first_block[middle] <= block ? s : beyond) = middle;
        }
        const idx key_width = p.key_width(), value_width = p.value_width();
        const idx first = (block - first_block[s]) * most;
        const idx left = p.sequences.length(s) * group - first, count = left < most ? left : most;
        const auto mask = p.mask.at(s);
        simd::attention_query queries[most];
        for (idx i = 0; i < count; ++i) {
            const idx own = (first + i) / group, row = p.sequences.begin(s) + own;
            const idx head = key_head * group + (first + i) % group;
            queries[i] = {p.query.row(row) + head * key_width,
                          mask.keys_of(p.options.first_position[s] + own, p.keys(s)),
                          y.row(row) + head * value_width};
        }
        const auto keys = p.source.keys.slice(p.first_key(s), p.keys(s));
        const auto values = p.source.values.slice(p.first_key(s), p.keys(s));
        simd::call<Arch>(simd::attention_block<K>{
            queries, count, keys.columns(key_head * key_width, key_width),
            values.columns(key_head * value_width, value_width), p.options.scale,
            reinterpret_cast<float*>(scratch + plan.table_bytes + worker * plan.worker_bytes)});
    });
}

template <class Arch, class Next, class C>
void layer_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                       view<const float> bias, float epsilon, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(
            simd::layer_norm_rows{x.slice(r, rows), gain, bias, epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void rms_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<const float> gain,
                     float epsilon, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::rms_norm_rows{x.slice(r, rows), gain, epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_layer_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> f, view<float> x,
                           view<const float> gain, view<const float> bias, float epsilon,
                           view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::add_layer_norm_rows{f.slice(r, rows), x.slice(r, rows), gain, bias,
                                                   epsilon, y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_rms_norm_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> f, view<float> x,
                         view<const float> gain, float epsilon, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::add_rms_norm_rows{f.slice(r, rows), x.slice(r, rows), gain, epsilon,
                                                 y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void rope_kernel(cpu_simd<Arch, Next>, C& ctx, rope_layout layout, view<const float> angles,
                 view<float> x) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::rope_rows{layout, angles.slice(r, rows), x.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void activate_kernel(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> x,
                     view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::activate_rows{f, x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void gated_kernel(cpu_simd<Arch, Next>, C& ctx, activation f, view<const float> gate,
                  view<const float> x, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(
            simd::gated_rows{f, gate.slice(r, rows), x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void add_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> a, view<const float> b,
                view<float> y) {
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::add_rows{a.slice(r, rows), b.slice(r, rows), y.slice(r, rows)});
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
            simd::call<Arch>(
                simd::add_rows{x.slice(i, 1), table.slice(idx(ids(0, i)), 1), x.slice(i, 1)});
    });
}

template <class Arch, class Next, class C>
void embedding_kernel(cpu_simd<Arch, Next>, C& ctx, view<const std::int32_t> ids,
                      int8_view<host> table, view<float> y) {
    simd::by_rows(ctx, y.rows, y.cols, [&](idx r, idx rows) {
        for (idx i = r; i < r + rows; ++i) {
            const idx id = idx(ids(0, i));
            simd::call<Arch>(
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
            simd::call<Arch>(simd::widen_row{table.values.row(id), table.scales(0, id), x.row(i),
                                             x.slice(i, 1)});
        }
    });
}

template <class Arch, class Next, class C>
void pool_kernel(cpu_simd<Arch, Next>, C& ctx, pooling how, ragged sequences, view<const float> x,
                 view<float> y) {
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        const auto own = x.slice(sequences.begin(s), sequences.length(s));
        if (how == pooling::mean)
            simd::call<Arch>(simd::mean_of_rows{own, y.slice(s, 1)});
        else
            std::memcpy(y.row(s), own.row(how == pooling::first ? 0 : own.rows - 1),
                        y.cols * sizeof(float));
    });
}

template <class Arch, class Next, class C>
void l2_normalize_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::l2_normalize_rows{x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void log_softmax_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, view<float> y) {
    simd::by_rows(ctx, x.rows, x.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::log_softmax_rows{x.slice(r, rows), y.slice(r, rows)});
    });
}

template <class Arch, class Next, class C>
void top_k_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> scores, idx first,
                  view<float> values, view<std::int32_t> columns) {
    simd::by_rows(ctx, scores.rows, scores.cols, [&](idx r, idx rows) {
        simd::call<Arch>(simd::top_k_rows{scores.slice(r, rows), first, values.slice(r, rows),
                                          columns.slice(r, rows)});
    });
}

}  // namespace RECKON_ISA

namespace simd { inline namespace RECKON_ISA {
/// Whole rows, which may stand apart.
inline void copy_rows(view<const float> x, view<float> y) {
    for (idx i = 0; i < y.rows; ++i) std::memcpy(y.row(i), x.row(i), y.cols * sizeof(float));
}
}}  // namespace simd::RECKON_ISA

inline namespace RECKON_ISA {

template <class Arch, class Next, class C>
void concat_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> prefix, per_sequence first,
                   view<const float> x, ragged sequences, ragged all, view<float> y) {
    ctx.parallel(all.count(), [&](idx s, idx) {
        const idx own = sequences.length(s), count = all.length(s) - own;
        simd::copy_rows(prefix.slice(first[s], count), y.slice(all.begin(s), count));
        simd::copy_rows(x.slice(sequences.begin(s), own), y.slice(all.begin(s) + count, own));
    });
}

template <class Arch, class Next, class C, simd::stored K>
void store_rows_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, ragged sequences,
                       per_sequence at, view<K> cache) {
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        const auto from = x.slice(sequences.begin(s), sequences.length(s));
        const auto to = cache.slice(at[s], sequences.length(s));
        if constexpr (std::same_as<K, float>)
            simd::copy_rows(from, to);
        else
            simd::call<Arch>(simd::round_rows{from, to});
    });
}

template <class Arch, class Next, class C>
void store_rows_kernel(cpu_simd<Arch, Next>, C& ctx, view<const float> x, ragged sequences,
                       per_sequence at, int8_heads_view<std::int8_t> cache) {
    const idx heads = cache.scales.cols, width = cache.cols / heads;
    ctx.parallel(sequences.count(), [&](idx s, idx) {
        for (idx i = 0; i < sequences.length(s); ++i)
            simd::call<Arch>(simd::quantise_heads{{x.row(sequences.begin(s) + i), heads, width},
                                                  cache.values.row(at[s] + i),
                                                  cache.scales.row(at[s] + i)});
    });
}

}  // namespace RECKON_ISA

}}  // namespace reckon::v0
