// The machine a benchmark runs on: its name, one pinned core, a clock, and what a core can do at
// most.
#pragma once

#include <reckon/backend/best_isa.hpp>
#include <reckon/core/heap_array.hpp>

#ifdef RECKON_WITH_ONEDNN
#include <reckon/kernels/onednn/product.hpp>
#endif

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>

namespace machine {

inline std::string cpu_name() {
    std::ifstream info("/proc/cpuinfo");
    const std::string key = "model name";
    for (std::string line; std::getline(info, line);)
        if (line.starts_with(key)) return line.substr(line.find(':') + 2);
    return "unknown";
}

/// The core this thread stays on from here, or -1 where the system refuses.
inline int pin() {
    const int core = sched_getcpu();
    if (core < 0) return -1;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? core : -1;
}

/// Seconds this thread has computed: on a shared core, waiting is not counted.
inline double seconds() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

template <class F> double best_of(int runs, const F& f) {
    double best = 1e300;
    for (int i = 0; i < runs; ++i) {
        const double begin = seconds();
        f();
        best = std::min(best, seconds() - begin);
    }
    return best;
}

/// Multiply-adds of the best vectors on registers alone, in GFLOP/s; 0 on other than x86. The
/// registers are named, since a compiler spills an array of accumulators; twelve independent chains
/// cover the latency of two units.
inline double fma_peak(reckon::isa set) {
#ifdef __x86_64__
#define RECKON_CHAINS(clear, step)                                                               \
    asm volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,14,15\n " clear                               \
                 "\n.endr\n"                                                                     \
                 "1:\n.irp n,0,1,2,3,4,5,6,7,8,9,10,11\n " step                                  \
                 "\n.endr\n"                                                                     \
                 "dec %0\njnz 1b\n"                                                              \
                 : "+r"(turns)                                                                   \
                 :                                                                               \
                 : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
                   "xmm9", "xmm10", "xmm11", "xmm14", "xmm15")
    constexpr long loops = 5'000'000;
    double lanes = 0;
    const double time = best_of(7, [&] {
        long turns = loops;
        if (set == reckon::isa::avx512) {
            lanes = 16;
            RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                          "vfmadd231ps %%zmm14, %%zmm15, %%zmm\\n");
        } else if (set == reckon::isa::avx2) {
            lanes = 8;
            RECKON_CHAINS("vxorps %%xmm\\n, %%xmm\\n, %%xmm\\n",
                          "vfmadd231ps %%ymm14, %%ymm15, %%ymm\\n");
        } else {  // a multiplication and an addition are two instructions
            lanes = 2;
            RECKON_CHAINS("xorps %%xmm\\n, %%xmm\\n",
                          ".if \\n & 1\n addps %%xmm14, %%xmm\\n\n.else\n"
                          " mulps %%xmm14, %%xmm\\n\n.endif");
        }
    });
#undef RECKON_CHAINS
    return 12 * 2 * lanes * double(loops) / time * 1e-9;
#else
    static_cast<void>(set);
    return 0;
#endif
}

/// What one core reads, in bytes a second, of so many bytes that it has read before: they come from
/// where they have room, a cache or memory. Nothing is computed with them.
inline double read_bandwidth(reckon::isa set, reckon::idx bytes) {
    constexpr reckon::idx step = 512;
    const reckon::heap_array<char> data(bytes / step * step + step, 1);
    const reckon::idx turns = std::max(reckon::idx{1}, (reckon::idx{1} << 28) / data.size());
    const double time = best_of(7, [&] {
        for (reckon::idx turn = 0; turn < turns; ++turn) {
#ifdef __x86_64__
            const char* at = data.data();
            reckon::idx rest = data.size() / step;
#define RECKON_READ(load, width)                           \
    asm volatile("1:\n.irp n,0,1,2,3,4,5,6,7\n " load      \
                 "\n.endr\n"                               \
                 "add $8*" #width ", %0\ndec %1\njnz 1b\n" \
                 : "+r"(at), "+r"(rest)                    \
                 :                                         \
                 : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7")
            if (set == reckon::isa::avx512) {
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
            for (reckon::idx i = 0; i < data.size(); i += sizeof(long)) {
                long word;
                std::memcpy(&word, data.data() + i, sizeof word);
                sum += word;
            }
            asm volatile("" : : "r"(sum));
#endif
        }
    });
    return double(data.size()) * double(turns) / time;
}

/// The best product of two matrices [1024, 1024], in GFLOP/s: one primitive of oneDNN over weights
/// in its own layout, or 0 without oneDNN.
inline double matmul_peak() {
#ifdef RECKON_WITH_ONEDNN
    using namespace reckon;
    constexpr idx n = 1024;
    const onednn::library library;
    const onednn::one_thread alone(library.omp);
    const auto layout = onednn::packed_layout(library, n, n);
    const auto made = onednn::inner_product(
        library, {.in = n, .out = n, .x_stride = n, .y_stride = n}, n, layout);
    onednn::primitive product;
    onednn::check(dnnl_primitive_create(&product, made), "primitive_create");

    const auto& scratch_desc = onednn::desc_of(made, dnnl_query_scratchpad_md);
    const auto x = library.unplaced(onednn::desc_of(made, dnnl_query_src_md)),
               w = library.unplaced(layout),
               y = library.unplaced(onednn::desc_of(made, dnnl_query_dst_md)),
               scratch = library.unplaced(scratch_desc);
    const heap_array<float> a(n * n, 0.5f), b(n * n, 0.25f);
    heap_array<float> c(n * n);
    heap_array<std::byte> room(dnnl_memory_desc_get_size(&scratch_desc));
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
