// How an optimiser changes parameters: n numbers w with gradients g and moments, element by
// element. Hyper-parameters that depend on the step (rates, bias corrections) come as numbers.
#pragma once

#include <reckon/core/update.hpp>
#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct momentum_update_op {
    static constexpr const char* name = "momentum_update";
    template <class C>
    using signature = void(momentum_step how, input_of<C> g, output_of<C> m, output_of<C> w);
    static auto kernel(auto tag, auto&... a) -> decltype(momentum_update_kernel(tag, a...)) {
        momentum_update_kernel(tag, a...);
    }
};

struct adam_update_op {
    static constexpr const char* name = "adam_update";
    template <class C>
    using signature = void(adam_step how, input_of<C> g, output_of<C> m, output_of<C> v,
                           output_of<C> w);
    static auto kernel(auto tag, auto&... a) -> decltype(adam_update_kernel(tag, a...)) {
        adam_update_kernel(tag, a...);
    }
};

/// Sums of the squares of pieces of 4096 numbers, in double, to be added up in their order: the
/// same for any number of threads.
struct squares_op {
    static constexpr const char* name = "squares";
    static constexpr idx piece = 4096;
    template <class C> using signature = void(input_of<C> x, view<double> sums);
    static auto kernel(auto tag, auto&... a) -> decltype(squares_kernel(tag, a...)) {
        squares_kernel(tag, a...);
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::ops
