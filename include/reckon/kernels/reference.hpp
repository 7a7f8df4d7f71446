// The reference backend: plain loops, forward beside backward. It is the specification; every other
// kernel is held against it, and every CPU stack ends in it.
#pragma once

#include <reckon/kernels/reference/activate.hpp>
#include <reckon/kernels/reference/add.hpp>
#include <reckon/kernels/reference/attention.hpp>
#include <reckon/kernels/reference/bf16.hpp>
#include <reckon/kernels/reference/binary_cross_entropy.hpp>
#include <reckon/kernels/reference/candidate_scores.hpp>
#include <reckon/kernels/reference/concat.hpp>
#include <reckon/kernels/reference/cross_entropy.hpp>
#include <reckon/kernels/reference/dropout.hpp>
#include <reckon/kernels/reference/embedding.hpp>
#include <reckon/kernels/reference/gated.hpp>
#include <reckon/kernels/reference/int8.hpp>
#include <reckon/kernels/reference/l2_normalize.hpp>
#include <reckon/kernels/reference/layer_norm.hpp>
#include <reckon/kernels/reference/linear.hpp>
#include <reckon/kernels/reference/log_softmax.hpp>
#include <reckon/kernels/reference/pool.hpp>
#include <reckon/kernels/reference/rms_norm.hpp>
#include <reckon/kernels/reference/rope.hpp>
#include <reckon/kernels/reference/store_rows.hpp>
#include <reckon/kernels/reference/top_k.hpp>
#include <reckon/kernels/reference/update.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct cpu_reference {
    using next = void;
    using space = host;
    using packing = unpacked;
    static constexpr const char* name = "reference";
    struct state {};
    static block_source blocks() { return heap_blocks(); }
};

}}}  // namespace reckon::v0::RECKON_ISA
