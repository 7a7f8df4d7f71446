// What a core can do at most, measured: multiply-adds of each kind of number on registers alone, a
// product of matrices, and reading.
#pragma once

#include "machine.hpp"

#include <reckon/backend/best_isa.hpp>
#include <reckon/core/heap_array.hpp>

#ifdef RECKON_WITH_ONEDNN
#include <reckon/kernels/onednn/product.hpp>
#endif

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace machine {

template <class F> double best_of(int runs, const F& f) {
    double best = 1e300;
    for (int i = 0; i < runs; ++i) {
        const double begin = seconds();
        f();
        best = std::min(best, seconds() - begin);
    }
    return best;
}

/// What multiply-adds on registers alone reach, in 1e9 multiplications and additions a second: of
/// floats, of bf16 and of int8 where the CPU has instructions for them. 0 on other than x86.
struct arithmetic {
    double f32 = 0, bf16 = 0, int8 = 0;

    double of(const std::string& weights) const {
        return weights == "int8" ? int8 : weights == "bf16" ? bf16 : f32;
    }
};

#ifdef __x86_64__
// Twelve chains cover the latency of two units; registers are named, since a compiler spills an
// array of accumulators. `step` stands for the n-th of twelve instructions.
#define RECKON_CHAINS(clear, step)                                                           \
    best_of(7, [] {                                                                          \
        long turns = machine::chain_turns;                                                   \
        asm volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,14,15\n " clear                       \
                     "\n.endr\n"                                                             \
                     "1:\n.irp n,0,1,2,3,4,5,6,7,8,9,10,11\n " step                          \
                     "\n.endr\n"                                                             \
                     "dec %0\njnz 1b\n"                                                      \
                     : "+r"(turns)                                                           \
                     :                                                                       \
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15");                  \
    })
#define RECKON_INT8_STEPS(r)                                                                      \
    ".if \\n %% 3 == 0\n vpmaddubsw %%" r "14, %%" r "15, %%" r                                   \
    "\\n\n.elseif \\n %% 3 == 1\n vpmaddwd %%" r "14, %%" r "15, %%" r "\\n\n.else\n vpaddd %%" r \
    "14, %%" r "\\n, %%" r "\\n\n.endif"

// The same with products of AMX's tiles, of which six cover the latency.
#define RECKON_TILE_CHAINS(product)                                             \
    best_of(7, [] {                                                             \
        const machine::tiles whole;                                             \
        long turns = machine::tile_turns;                                       \
        asm volatile(                                                           \
            "ldtilecfg %1\n.irp n,0,1,2,3,4,5,6,7\n tilezero %%tmm\\n\n.endr\n" \
            "1:\n.irp n,0,1,2,3,4,5\n " product                                 \
            " %%tmm6, %%tmm7, %%tmm\\n\n.endr\n"                                \
            "dec %0\njnz 1b\ntilerelease\n"                                     \
            : "+r"(turns)                                                       \
            : "m"(whole)                                                        \
            : "cc");                                                            \
    })

inline constexpr long chain_turns = 3'000'000, tile_turns = 300'000;

/// Eight tiles of 16 rows of 64 bytes.
struct tiles {
    std::uint8_t palette = 1, zeros[15] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

inline arithmetic arithmetic_peaks(reckon::isa set) {
    const auto rate = [](double operations, double time) {
        return 12 * operations * double(chain_turns) / time * 1e-9;
    };
    arithmetic peak;
    if (set >= reckon::isa::avx512) {
        peak.f32 = rate(32, RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                                          "vfmadd231ps %%zmm14, %%zmm15, %%zmm\\n"));
        peak.int8 = __builtin_cpu_supports("avx512vnni")
                        ? rate(128, RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                                                  "vpdpbusd %%zmm14, %%zmm15, %%zmm\\n"))
                        : rate(128. / 3, RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                                                       RECKON_INT8_STEPS("zmm")));
        peak.bf16 = __builtin_cpu_supports("avx512bf16")
                        ? rate(64, RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                                                 "vdpbf16ps %%zmm14, %%zmm15, %%zmm\\n"))
                        : peak.f32;
        if (reckon::avx512_amx::here()) {
            const auto of_tiles = [](double operations, double time) {
                return 6 * operations * double(tile_turns) / time * 1e-9;
            };
            peak.int8 = of_tiles(2 * 16 * 16 * 64, RECKON_TILE_CHAINS("tdpbusd"));
            peak.bf16 = of_tiles(2 * 16 * 16 * 32, RECKON_TILE_CHAINS("tdpbf16ps"));
        }
    } else if (set == reckon::isa::avx2) {
        peak.f32 = rate(16, RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                                          "vfmadd231ps %%ymm14, %%ymm15, %%ymm\\n"));
        peak.int8 = rate(64. / 3, RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                                                RECKON_INT8_STEPS("ymm")));
        peak.bf16 = peak.f32;
    } else {  // a multiplication and an addition are two instructions
        peak.f32 = rate(4, RECKON_CHAINS("xorps %%xmm\\n, %%xmm\\n",
                                         ".if \\n & 1\n addps %%xmm14, %%xmm\\n\n.else\n"
                                         " mulps %%xmm14, %%xmm\\n\n.endif"));
        peak.bf16 = peak.int8 = peak.f32;
    }
    return peak;
}
#undef RECKON_TILE_CHAINS
#undef RECKON_INT8_STEPS
#undef RECKON_CHAINS
#else
inline arithmetic arithmetic_peaks(reckon::isa) { return {}; }
#endif

/// Bytes on pages of 2 MB where the system gives them: what prepared weights are read from at best.
class large_pages {
  public:
    explicit large_pages(reckon::idx bytes)
        : size_((bytes + page - 1) / page * page),
          data_(static_cast<char*>(std::aligned_alloc(page, size_))) {
        reckon::expect_that(data_ != nullptr, "bench", "bytes", "memory for them", size_);
        madvise(data_, size_, MADV_HUGEPAGE);
        std::memset(data_, 1, size_);
    }
    large_pages(const large_pages&) = delete;
    large_pages& operator=(const large_pages&) = delete;
    ~large_pages() { std::free(data_); }

    const char* data() const { return data_; }

  private:
    static constexpr reckon::idx page = reckon::idx{1} << 21;
    reckon::idx size_;
    char* data_;
};

/// What one core reads, in bytes a second, of so many bytes that it has read before: they come from
/// where they have room, a cache or memory. Nothing is computed with them.
inline double read_bandwidth(reckon::isa set, reckon::idx bytes) {
    constexpr reckon::idx step = 512;
    const reckon::idx size = bytes / step * step + step;
    const large_pages data(size);
    const reckon::idx turns = std::max(reckon::idx{1}, (reckon::idx{1} << 28) / size);
    const double time = best_of(7, [&] {
        for (reckon::idx turn = 0; turn < turns; ++turn) {
#ifdef __x86_64__
            const char* at = data.data();
            reckon::idx rest = size / step;
#define RECKON_READ(load, width)                           \
    asm volatile("1:\n.irp n,0,1,2,3,4,5,6,7\n " load      \
                 "\n.endr\n"                               \
                 "add $8*" #width ", %0\ndec %1\njnz 1b\n" \
                 : "+r"(at), "+r"(rest)                    \
                 :                                         \
                 : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7")
            if (set >= reckon::isa::avx512) {
                RECKON_READ("vmovups 64*\\n(%0), %%zmm\\n", 64);
            } else if (set == reckon::isa::avx2) {
                rest *= 2;
                RECKON_READ("vmovups 32*\\n(%0), %%ymm\\n", 32);
            } else {
                rest *= 4;
                RECKON_READ("movups 16*\\n(%0), %%xmm\\n", 16);
            }
#undef RECKON_READ
#else
            static_cast<void>(set);
            long sum = 0;
            for (reckon::idx i = 0; i < size; i += sizeof(long)) {
                long word;
                std::memcpy(&word, data.data() + i, sizeof word);
                sum += word;
            }
            asm volatile("" : : "r"(sum));
#endif
        }
    });
    return double(size) * double(turns) / time;
}

/// The best product of two matrices [1024, 1024], in GFLOP/s: one primitive of oneDNN over weights
/// in its own layout, or 0 without oneDNN.
inline double matmul_peak() {
#ifdef RECKON_WITH_ONEDNN
    using namespace reckon;
    constexpr idx n = 1024;
    const onednn::library library;
    const onednn::one_thread alone(library.omp);
    const auto layout = *onednn::packed_layout(library, onednn::numbers::f32, n, n);
    const auto made = onednn::inner_product(
        library, {.in = n, .out = n, .x_stride = n, .y_stride = n}, n, layout);
    onednn::primitive product;
    onednn::check(dnnl_primitive_create(&product, made), "primitive_create");

    const auto scratch_layout = onednn::layout_of(made, dnnl_query_scratchpad_md);
    const auto x = library.unplaced(onednn::layout_of(made, dnnl_query_src_md)),
               w = library.unplaced(layout),
               y = library.unplaced(onednn::layout_of(made, dnnl_query_dst_md)),
               scratch = library.unplaced(scratch_layout);
    const heap_array<float> a(n * n, 0.5f), b(n * n, 0.25f);
    heap_array<float> c(n * n);
    heap_array<std::byte> room(dnnl_memory_desc_get_size(scratch_layout));
    const auto stream = library.stream();
    const double time = best_of(15, [&] {
        onednn::check(onednn::execute(product, stream,
                                      {{DNNL_ARG_SRC, x, a.data()},
                                       {DNNL_ARG_WEIGHTS, w, b.data()},
                                       {DNNL_ARG_DST, y, c.data()},
                                       {DNNL_ARG_SCRATCHPAD, scratch, room.data()}}),
                      "primitive_execute");
    });
    return 2.0 * n * n * n / time * 1e-9;
#else
    return 0;
#endif
}

}  // namespace machine
