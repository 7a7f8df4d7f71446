// The oneDNN backend: linear layers by Intel's library (2.6, Debian's libdnnl-dev), single-threaded
// on the context's own workers; everything else is served by `Next`.
// What a call allocates is oneDNN's own (docs/backends.md); reckon's part allocates nothing once a
// shape of weight has been met.
#pragma once

#include <reckon/kernels/onednn/linear.hpp>
#include <reckon/kernels/reference.hpp>

namespace reckon::inline v0 {

template <class Next> struct cpu_onednn : Next {
    using next = Next;
    template <class N> using over = cpu_onednn<N>;
    using packing = onednn_packing;
    static constexpr const char* name = "onednn";
    struct state : Next::state, onednn::products {};
};

}  // namespace reckon::inline v0
