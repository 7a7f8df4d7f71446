// The oneDNN backend: linear layers by Intel's library (2.6, Debian's libdnnl-dev, or 3),
// single-threaded on the context's own workers; everything else is served by `Next`.
// What a call allocates is oneDNN's own (docs/backends.md); reckon's part allocates nothing once a
// shape of weight has been met.
#pragma once

#include <reckon/kernels/onednn/bf16.hpp>
#include <reckon/kernels/onednn/int8.hpp>
#include <reckon/kernels/onednn/linear.hpp>
#include <reckon/kernels/reference.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace onednn {

/// How the backend below packs int8 rows.
template <class Below> struct int8_of { using type = as_it_is<int8_matrix<>>; };
template <class Below>
requires requires { typename Below::int8; }
struct int8_of<Below> {
    using type = typename Below::int8;
};
/// How the backend below packs bf16.
template <class Below> struct bf16_of { using type = as_it_is<matrix<bf16>>; };
template <class Below>
requires requires { typename Below::bf16; }
struct bf16_of<Below> {
    using type = typename Below::bf16;
};
template <class Below> struct packing_over : onednn_packing {
    using int8 = onednn_int8_packing<typename int8_of<Below>::type>;
    using bf16 = onednn_bf16_packing<typename bf16_of<Below>::type>;
};

}  // namespace onednn

template <class Next> struct cpu_onednn : Next {
    using next = Next;
    template <class N> using over = cpu_onednn<N>;
    using packing = onednn::packing_over<typename Next::packing>;
    static constexpr const char* name = "onednn";
    struct state : Next::state, onednn::products {};
};

}}}  // namespace reckon::v0::RECKON_ISA
