// x[i] += row for every row i: one vector added to a whole batch (BERT's token type).
#pragma once

#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C> void run_add_row(C& ctx, input_of<C> row, output_of<C> x) {
    using Tag = typename C::tag;
    if constexpr (requires { add_row_kernel(Tag{}, ctx, row, x); })
        add_row_kernel(Tag{}, ctx, row, x);
    else
        static_assert(sizeof(C) == 0,
                      "add_row_to: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C>
concept serves_add_row = requires(C& ctx, input_of<C> row, output_of<C> x) {
    add_row_kernel(typename C::tag{}, ctx, row, x);
};

template <any_context C> constexpr void add_row_to(C& ctx, tensor_of<C>& x, input_of<C> row) {
    static_assert(!C::recording, "add_row_to: has no backward yet");
    expect("add_row_to", "row.rows", 1, row.rows);
    expect("add_row_to", "row.cols", x.cols, row.cols);
    if constexpr (!C::dry) run_add_row(ctx, row, x);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
