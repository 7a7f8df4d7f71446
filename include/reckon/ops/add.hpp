// add: y = a + b.  add_to: x = x + f, the residual.
// add_to works in place at inference and rebinds x to a fresh tensor once something is on the tape,
// because earlier entries still need the old values: do not read other copies of x afterwards.
#pragma once

#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace ops {
template <any_context C> void run_add(C& ctx, input_of<C> a, input_of<C> b, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { add_kernel(Tag{}, ctx, a, b, y); })
        add_kernel(Tag{}, ctx, a, b, y);
    else
        static_assert(sizeof(C) == 0,
                      "add: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <any_context C>
void run_add_backward(C& ctx, input_of<C> dy, output_of<C> da, output_of<C> db) {
    using Tag = typename C::tag;
    if constexpr (requires { add_backward(Tag{}, ctx, dy, da, db); })
        add_backward(Tag{}, ctx, dy, da, db);
    else
        static_assert(sizeof(C) == 0, "add: no backend of this context has its backward");
}

template <class C>
concept serves_add = requires(C& ctx, input_of<C> a, output_of<C> y) {
    add_kernel(typename C::tag{}, ctx, a, a, y);
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
    if constexpr (!C::dry) run_add(ctx, a, b, y);
    if constexpr (C::recording)
        if (a.grad.data != nullptr || b.grad.data != nullptr) {
            ctx.track(y);
            ctx.record(
                [dy = y.grad, da = a.grad, db = b.grad](C& c) { run_add_backward(c, dy, da, db); });
        }
    return y;
}

template <any_context C> constexpr void add_to(C& ctx, tensor_of<C>& x, tensor_of<C> f) {
    if constexpr (C::recording)
        if (ctx.recorded() != 0 || x.grad.data != nullptr || f.grad.data != nullptr) {
            x = add(ctx, x, f);
            return;
        }
    expect_addends<C>("add_to", x, f);
    if constexpr (!C::dry) run_add(ctx, x, f, x);
}
}  // namespace ops

using ops::add_to;  // models write it beside their own members

}}}  // namespace reckon::v0::RECKON_ISA
