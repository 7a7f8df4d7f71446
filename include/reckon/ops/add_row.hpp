// x[i] += row for every row i: one vector added to a whole batch (BERT's token type). As add_to, it
// rebinds x to a fresh tensor once something is on the tape or learns.
#pragma once

#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct add_row_op {
    static constexpr const char* name = "add_row";
    template <class C> using signature = void(input_of<C> row, output_of<C> x);
    static auto kernel(auto tag, auto&... a) -> decltype(add_row_kernel(tag, a...)) {
        add_row_kernel(tag, a...);
    }
};

/// drow = the sum of dy's rows.
struct add_row_backward_op {
    static constexpr const char* name = "add_row, backward";
    template <class C> using signature = void(input_of<C> dy, gradient_of<C> drow);
    static auto kernel(auto tag, auto&... a) -> decltype(add_row_backward(tag, a...)) {
        add_row_backward(tag, a...);
    }
};

template <any_context C> constexpr void add_row_to(C& ctx, tensor_of<C>& x, input_of<C> row) {
    expect("add_row_to", "row.rows", 1, row.rows);
    expect("add_row_to", "row.cols", x.cols, row.cols);
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, x), gradient(ctx, row)})) {
            const auto y = fresh_copy(ctx, x);
            dispatch<add_row_op>(ctx, row, y);
            x = recorded_onto<C>(
                ctx, y, x, passing::as_it_is, {gradient(ctx, row)},
                [](auto& c, auto dy, auto drow) { dispatch<add_row_backward_op>(c, dy, drow); });
            return;
        }
    dispatch<add_row_op>(ctx, row, x);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
