// The Eigen backend (3.4): dense linear layers, attention and what is done row by row; the rest is
// served by `Next`. Eigen computes with the instruction set this file is compiled for. It has no
// packed weights: `prepare` leaves the model's as they are.
#pragma once

#include <reckon/kernels/eigen/attention.hpp>
#include <reckon/kernels/eigen/linear.hpp>
#include <reckon/kernels/eigen/rows.hpp>
#include <reckon/kernels/reference.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Next> struct cpu_eigen : Next {
    using next = Next;
    template <class N> using over = cpu_eigen<N>;
    using packing = unpacked;
    static constexpr const char* name = "eigen";
    struct state : Next::state, eigen::block_buffers {};
};

}}}  // namespace reckon::v0::RECKON_ISA
