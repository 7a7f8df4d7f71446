// The SIMD backend: cpu_simd<Arch, Next> with Arch one of sse4_2, avx2, avx512, neon64; and `cpu`,
// which finds the best of them when a context is made (kernels/simd/arch.hpp). Its kernels take
// float; whatever they do not match falls back to Next. Those of an op stand in
// kernels/simd/OP.hpp: what crosses to code of an instruction set, the adapter that cuts the work
// into such calls, and the code.
#pragma once

#include <reckon/backend/tags.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/kernels/simd/activate.hpp>
#include <reckon/kernels/simd/add.hpp>
#include <reckon/kernels/simd/add_row.hpp>
#include <reckon/kernels/simd/add_scaled.hpp>
#include <reckon/kernels/simd/arch.hpp>
#include <reckon/kernels/simd/attention.hpp>
#include <reckon/kernels/simd/attention_backward.hpp>
#include <reckon/kernels/simd/attention_merge.hpp>
#include <reckon/kernels/simd/candidate_scores.hpp>
#include <reckon/kernels/simd/concat.hpp>
#include <reckon/kernels/simd/cross_entropy.hpp>
#include <reckon/kernels/simd/dropout.hpp>
#include <reckon/kernels/simd/embedding.hpp>
#include <reckon/kernels/simd/gated.hpp>
#include <reckon/kernels/simd/l2_normalize.hpp>
#include <reckon/kernels/simd/layer_norm.hpp>
#include <reckon/kernels/simd/linear.hpp>
#include <reckon/kernels/simd/linear_backward.hpp>
#include <reckon/kernels/simd/linear_bf16.hpp>
#include <reckon/kernels/simd/linear_cross_entropy.hpp>
#include <reckon/kernels/simd/linear_int8.hpp>
#include <reckon/kernels/simd/linear_recorded.hpp>
#include <reckon/kernels/simd/linear_transposed.hpp>
#include <reckon/kernels/simd/log_softmax.hpp>
#include <reckon/kernels/simd/panels.hpp>
#include <reckon/kernels/simd/panels_both_ways.hpp>
#include <reckon/kernels/simd/pool.hpp>
#include <reckon/kernels/simd/rms_norm.hpp>
#include <reckon/kernels/simd/rope.hpp>
#include <reckon/kernels/simd/round_rows.hpp>
#include <reckon/kernels/simd/store_rows.hpp>
#include <reckon/kernels/simd/top_k.hpp>
#include <reckon/kernels/simd/update.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Arch, class Next> struct cpu_simd : Next {
    static_assert(simd::usable<Arch> || std::same_as<Arch, any_isa>,
                  "cpu_simd: this translation unit is not compiled for this instruction set; add "
                  "its flags (Arch::flags), or link reckon::simd");
    static_assert(simd::usable<Arch> || !std::same_as<Arch, any_isa>,
                  "cpu: this translation unit is compiled for no instruction set that has SIMD "
                  "kernels; link reckon::simd, or add flags such as -mavx2 -mfma");
    using next = Next;
    template <class N> using over = cpu_simd<Arch, N>;
    using packing = simd_panels<Arch>;
    static constexpr const char* name = "simd";
    struct state : Next::state, simd::arch_in_use<Arch> {};
};

}}}  // namespace reckon::v0::RECKON_ISA
