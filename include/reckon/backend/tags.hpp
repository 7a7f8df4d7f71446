// Backends are types. CPU tags stack by inheritance: a kernel is one overload on the tag, and what
// a backend does not state falls back to `Next`, at last to `cpu_reference`. Tags are only declared
// here; each is defined in kernels/<backend>.hpp together with all of its kernels, so that no
// translation unit can name a backend without having them.
//
// A tag is `struct my_chip : Next` with
//     using next = Next;                        the tag below
//     template <class N> using over = ...;      itself on another stack (the kernel table asks)
//     static constexpr const char* name;        one word for programs and tables
//     struct state : Next::state, my_handles {};   its vendor's, one per context; kernels reach
//     them
//                                                  as my_handles& (a name could hide a member
//                                                  below)
// and may redefine `packing`, the layout `prepare` writes. A state with a function
// configure(const context_options&) is told with which options its context is made.
#pragma once

#include <reckon/backend/isa.hpp>
#include <reckon/core/arena.hpp>
#include <reckon/core/memory_space.hpp>

#include <concepts>
#include <string_view>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

// The roots, and so every stack above them, carry this file's compile flags.
struct cpu_reference;
struct gpu_reference;  // of every GPU stack: it has no kernels

template <class Next = cpu_reference> struct cpu_eigen;
template <class Arch, class Next = cpu_reference> struct cpu_simd;
template <class Next = cpu_reference> struct cpu_onednn;

/// SIMD over the reference, by the best instruction set that the CPU has.
using cpu = cpu_simd<any_isa>;

template <class Next = gpu_reference> struct gpu_cuda;

struct context_options {
    idx threads = 1;  // the caller's included
    /// `cpu` takes no better instruction set: sse4_2, avx2 or avx512; empty: the CPU's best. (The
    /// other tags name theirs.)
    std::string_view max_isa{};
};

/// `prepare` leaves the weights of such a backend as they are.
struct unpacked {};

/// The bottom of a stack that has nothing below: what is found on it is the backend's own.
struct nothing {
    using next = void;
    using space = host;
    using packing = unpacked;
    static constexpr const char* name = "nothing";
    struct state {};
    static block_source blocks() { return heap_blocks(); }
};

template <class Tag>
concept complete_tag = requires {
    sizeof(Tag);
    typename Tag::state;
    typename Tag::packing;
    typename Tag::space;
};

/// Runs shapes and scratch only, no kernel: what `workspace_bytes` counts with.
template <class Tag> struct dry_run {
    using counted = Tag;
    using next = void;
    using space = typename Tag::space;
    using packing = typename Tag::packing;
    static constexpr const char* name = "dry_run";
    struct state {};
    static block_source blocks() { return {}; }
};

namespace detail {

template <class Tag> struct counted {
    using type = Tag;
    static constexpr bool dry = false;
};
template <class Tag> struct counted<dry_run<Tag>> {
    using type = Tag;
    static constexpr bool dry = true;
};

}  // namespace detail

}}}  // namespace reckon::v0::RECKON_ISA
