// add: y = a + b.  add_to: x = x + f, the residual.
// add_to works in place at inference and rebinds x to a fresh tensor once something is on the tape,
// because earlier entries still need the old values: do not read other copies of x afterwards.
#pragma once

#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

struct add_op {
    static constexpr const char* name = "add";
    template <class C> using signature = void(input_of<C> a, input_of<C> b, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(add_kernel(tag, a...)) {
        add_kernel(tag, a...);
    }
};

/// dx = dy, or dx + dy.
struct add_backward_op {
    static constexpr const char* name = "add, backward";
    template <class C> using signature = void(input_of<C> dy, gradient_of<C> dx);
    static auto kernel(auto tag, auto&... a) -> decltype(add_backward(tag, a...)) {
        add_backward(tag, a...);
    }
};

/// x += f wants equal extents.
template <any_context C>
constexpr void expect_addends(const char* op, tensor_of<C> x, tensor_of<C> f) {
    expect(op, "f.rows", x.rows, f.rows);
    expect(op, "f.cols", x.cols, f.cols);
}

template <any_context C> constexpr tensor_of<C> add(C& ctx, tensor_of<C> a, tensor_of<C> b) {
    expect("add", "b.rows", a.rows, b.rows);
    expect("add", "b.cols", a.cols, b.cols);
    auto y = ctx.make(a.rows, a.cols);
    dispatch<add_op>(ctx, a, b, y);
    if constexpr (C::recording)
        if (const place_of<C> inputs[]{gradient(ctx, a), gradient(ctx, b)}; learns<C>(inputs)) {
            ctx.track(y);
            ctx.record([dy = y.grad, a = inputs[0], b = inputs[1]](C& c) {
                if (!c.is_reached(*dy)) return;
                for (const auto& input : {a, b})
                    if (!c.share(*dy, input))
                        dispatch<add_backward_op>(c, c.finished(*dy), c.begin(input));
                c.release(*dy);
            });
        }
    return y;
}

template <any_context C> constexpr void add_to(C& ctx, tensor_of<C>& x, tensor_of<C> f) {
    if constexpr (C::recording)
        if (keeps_inputs<C>(ctx, {gradient(ctx, x), gradient(ctx, f)})) {
            x = add(ctx, x, f);
            return;
        }
    expect_addends<C>("add_to", x, f);
    dispatch<add_op>(ctx, x, f, x);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {
using ops::add_to;  // models write it beside their own members
}}}                 // namespace reckon::v0::RECKON_ISA
