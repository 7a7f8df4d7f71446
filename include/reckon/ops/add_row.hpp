// x[i] += row for every row i: one vector added to a whole batch (BERT's token type).
#pragma once

#include <reckon/ops/dispatch.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct add_row_op {
    static constexpr const char* name = "add_row";
    template <class C> using signature = void(input_of<C> row, output_of<C> x);
    static auto kernel(auto tag, auto&... a) -> decltype(add_row_kernel(tag, a...)) {
        add_row_kernel(tag, a...);
    }
};

template <any_context C> constexpr void add_row_to(C& ctx, tensor_of<C>& x, input_of<C> row) {
    static_assert(!C::recording, "add_row_to: has no backward yet");
    expect("add_row_to", "row.rows", 1, row.rows);
    expect("add_row_to", "row.cols", x.cols, row.cols);
    dispatch<add_row_op>(ctx, row, x);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
