// y = f(x w^T + bias)    x [tokens, in], w [out, in], bias [1, out] -> y [tokens, out]
// The weight may be any representation a backend of the context has a kernel for. `linears` are
// several products of the same rows, which a backend may do together; the results are the same.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/ops/activate.hpp>
#include <reckon/ops/check.hpp>

#include <array>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <class C> using epilogue_of = epilogue<number_of<C>, typename C::space>;

/// Bytes that a kernel over such weights takes from the workspace while it runs.
template <any_context C, class W> constexpr idx linear_scratch_of(idx rows, const W& w) {
    if constexpr (requires { linear_scratch(typename C::kernels{}, rows, w); })
        return linear_scratch(typename C::kernels{}, rows, w);
    else
        return 0;
}

template <any_context C, weight_view W>
void run_linear(C& ctx, input_of<C> x, W w, epilogue_of<C> e, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { linear_kernel(Tag{}, ctx, x, w, e, y); })
        linear_kernel(Tag{}, ctx, x, w, e, y);
    else
        static_assert(sizeof(C) == 0,
                      "linear: no backend of this context has a kernel for this weight (or two are "
                      "ambiguous): include its kernels, stack the tag on one that has it, or "
                      "prepare the model for this backend");
}

template <class C, class W>
using linear_operands_of = linear_operands<W, number_of<C>, typename C::space>;

/// A kernel for several at once takes no more scratch than one of them does.
template <any_context C, weight_view W>
void run_linears(C& ctx, input_of<C> x, std::span<const linear_operands_of<C, W>> group) {
    using Tag = typename C::tag;
    if constexpr (requires { linears_kernel(Tag{}, ctx, x, group); })
        linears_kernel(Tag{}, ctx, x, group);
    else
        for (const auto& p : group) run_linear(ctx, x, p.w, p.e, p.y);
}

template <any_context C>
void run_linear_backward(C& ctx, input_of<C> x, weight_view auto w, input_of<C> dy, output_of<C> dx,
                         output_of<C> dw, output_of<C> dbias) {
    using Tag = typename C::tag;
    if constexpr (requires { linear_backward(Tag{}, ctx, x, w, dy, dx, dw, dbias); })
        linear_backward(Tag{}, ctx, x, w, dy, dx, dw, dbias);
    else
        static_assert(sizeof(C) == 0, "linear: no backend of this context has its backward");
}

/// Does this context's stack own a kernel over such weights? (The kernel table asks.)
template <class C, class W>
concept serves_linear = requires(C& ctx, input_of<C> x, W w, epilogue_of<C> e, output_of<C> y) {
    linear_kernel(typename C::tag{}, ctx, x, w, e, y);
};

template <any_context C, weight_view W>
constexpr void expect_fits(tensor_of<C> x, const W& w, const epilogue_of<C>& e) {
    static_assert(lives_with<C, W>,
                  "linear: the weight and the context live in different memory spaces; "
                  "copy_to(ctx, model) makes a model for this context");
    expect("linear", "w.cols", x.cols, w.cols);
    if (e.bias.cols != 0) expect("linear", "bias.cols", w.rows, e.bias.cols);
}

template <any_context C, weight_view W>
constexpr tensor_of<C> linear(C& ctx, tensor_of<C> x, W w, epilogue_of<C> e = {}) {
    expect_fits<C>(x, w, e);
    auto y = ctx.make(x.rows, w.rows);
    if constexpr (C::recording) {
        constexpr bool dense = std::same_as<W, input_of<C>>;
        static_assert(dense || std::same_as<W, int8_view<typename C::space>>,
                      "linear: this representation of a weight cannot be trained; train the dense "
                      "one and convert it afterwards");
        run_linear(ctx, x, w, {e.bias, activation::none}, y);
        output_of<C> dw{};
        if constexpr (dense) dw = ctx.gradient_of(w);
        const output_of<C> dbias = ctx.gradient_of(e.bias);
        if (x.grad.data != nullptr || dw.data != nullptr || dbias.data != nullptr) {
            ctx.track(y);
            ctx.record([=](C& c) { run_linear_backward(c, x, w, y.grad, x.grad, dw, dbias); });
        }
        return e.f == activation::none ? y : activate(ctx, y, e.f);
    } else {
        if constexpr (C::dry) {  // what the kernel takes itself when it runs
            const auto scope = ctx.scope();
            ctx.template make<std::byte>(1, linear_scratch_of<C>(x.rows, w));
        } else if constexpr (lives_with<C, W>) {
            run_linear(ctx, x, w, e, y);
        }
        return y;
    }
}

/// y[i] = f(x w^T + bias) of group[i], whose own y is not read.
template <any_context C, weight_view W, idx N>
constexpr std::array<tensor_of<C>, N> linears(C& ctx, tensor_of<C> x,
                                              const linear_operands_of<C, W> (&group)[N]) {
    std::array<tensor_of<C>, N> y{};
    if constexpr (C::recording || C::dry || !lives_with<C, W>) {
        for (idx i = 0; i < N; ++i) y[i] = linear(ctx, x, group[i].w, group[i].e);
    } else {
        std::array<linear_operands_of<C, W>, N> own{};
        for (idx i = 0; i < N; ++i) {
            expect_fits<C>(x, group[i].w, group[i].e);
            y[i] = ctx.make(x.rows, group[i].w.rows);
            own[i] = {group[i].w, group[i].e, y[i]};
        }
        run_linears<C, W>(ctx, x, own);
    }
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
