// Instruction sets as tags: their lanes, their flags and how to ask the CPU; and as numbers, for
// what is known when a program runs. What this file itself is compiled for is RECKON_ISA
// (core/config.hpp); kernels/simd.hpp knows xsimd.
#pragma once

#include <reckon/core/config.hpp>

// This file's own flags allow code of some instruction set that SIMD kernels know: their bodies,
// and so xsimd, are included. Without it they are called where reckon::simd has compiled them.
#if defined(__SSE4_2__) || defined(__aarch64__)
#define RECKON_SIMD_BODIES 1
#endif

namespace reckon { inline namespace v0 {

enum class isa : std::uint8_t {
    none,
    neon64,
    sse4_2,
    avx2,
    avx512,
    avx512_vnni,
    avx512_bf16,
    avx512_amx
};

struct sse4_2 {
    static constexpr const char* name = "sse4_2";
    static constexpr isa set = isa::sse4_2;
    static constexpr const char* flags = "-msse4.2";
    static constexpr idx lanes = 4;
    RECKON_INLINE static bool here();
};
struct avx2 {
    static constexpr const char* name = "avx2";
    static constexpr isa set = isa::avx2;
    static constexpr const char* flags = "-mavx2 -mfma";
    static constexpr idx lanes = 8;
    RECKON_INLINE static bool here();
};
struct avx512 {  // F CD DQ BW VL
    static constexpr const char* name = "avx512";
    static constexpr isa set = isa::avx512;
    static constexpr const char* flags = "-mavx512f -mavx512cd -mavx512dq -mavx512bw -mavx512vl";
    static constexpr idx lanes = 16;
    RECKON_INLINE static bool here();
};
/// avx512 and its dot products of bytes: what int8 kernels of cpu_simd<avx512> use where it is.
struct avx512_vnni : avx512 {
    static constexpr const char* name = "avx512_vnni";
    static constexpr isa set = isa::avx512_vnni;
    RECKON_INLINE static bool here();
};
/// avx512_vnni and dot products of bf16 pairs: what bf16 kernels of cpu_simd<avx512> use.
struct avx512_bf16 : avx512_vnni {
    static constexpr const char* name = "avx512_bf16";
    static constexpr isa set = isa::avx512_bf16;
    RECKON_INLINE static bool here();
};
/// avx512_bf16 and AMX's tiles: what int8 and bf16 kernels of cpu_simd<avx512> use for packed
/// weights where Linux lets the process have them.
struct avx512_amx : avx512_bf16 {
    static constexpr const char* name = "avx512_amx";
    static constexpr isa set = isa::avx512_amx;
    RECKON_INLINE static bool here();
};
struct neon64 {
    static constexpr const char* name = "neon64";
    static constexpr isa set = isa::neon64;
    static constexpr const char* flags = "an aarch64 compiler";
    static constexpr idx lanes = 4;
    RECKON_INLINE static bool here();
};
/// The best of those that the build has kernels for and the CPU has, found when a context is made
/// (kernels/simd/arch.hpp). Its lanes are those of the widest: what bounds arrays and scratch.
struct any_isa {
    static constexpr const char* name = "any_isa";
    static constexpr idx lanes = 16;
};

inline namespace RECKON_ISA {

constexpr const char* name_of(isa set) {
    constexpr const char* names[] = {"none",   "neon64",      "sse4_2",      "avx2",
                                     "avx512", "avx512_vnni", "avx512_bf16", "avx512_amx"};
    return names[idx(set)];
}

/// Of a CPU with AVX-512: whether it has tiles of bf16 and int8 and Linux lets this process use
/// them, which is asked once; its threads, those to come too, may then as well.
inline bool tiles_granted() {
#if defined(__x86_64__) && defined(__linux__)
    static const bool granted = [] {
        constexpr unsigned bf16 = 1u << 22, tile = 1u << 24, int8 = 1u << 25;
        constexpr unsigned all = bf16 | tile | int8, state = 3u << 17;
        unsigned a = 7, c = 0, d = 0;
        asm volatile("cpuid" : "+a"(a), "+c"(c), "=d"(d) : : "rbx");
        if ((d & all) != all) return false;
        asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
        if ((a & state) != state) return false;
        constexpr long arch_prctl = 158, request_permission = 0x1023, tile_data = 18;
        long refused = arch_prctl;
        asm volatile("syscall"
                     : "+a"(refused)
                     : "D"(request_permission), "S"(tile_data)
                     : "rcx", "r11", "memory");
        return refused == 0;
    }();
    return granted;
#else
    return false;
#endif
}

}  // namespace RECKON_ISA

#if defined(__x86_64__) || defined(__i386__)
inline bool sse4_2::here() { return __builtin_cpu_supports("sse4.2"); }
inline bool avx2::here() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
inline bool avx512::here() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}
inline bool avx512_vnni::here() { return avx512::here() && __builtin_cpu_supports("avx512vnni"); }
inline bool avx512_bf16::here() {
    return avx512_vnni::here() && __builtin_cpu_supports("avx512bf16");
}
inline bool avx512_amx::here() { return avx512_bf16::here() && tiles_granted(); }
inline bool neon64::here() { return false; }
#else
inline bool sse4_2::here() { return false; }
inline bool avx2::here() { return false; }
inline bool avx512::here() { return false; }
inline bool avx512_vnni::here() { return false; }
inline bool avx512_bf16::here() { return false; }
inline bool avx512_amx::here() { return false; }
#if defined(__aarch64__)
inline bool neon64::here() { return true; }
#else
inline bool neon64::here() { return false; }
#endif
#endif

}}  // namespace reckon::v0
