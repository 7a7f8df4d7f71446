// y = f(x w^T + bias)    x [tokens, in], w [out, in], bias [1, out] -> y [tokens, out]
// The weight may be any representation a backend of the context has a kernel for. `linears` are
// several products of the same rows, which a backend may do together; the results are the same.
#pragma once

#include <reckon/core/activation.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/ops/activate.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

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

template <class C, class W>
using linear_operands_of = linear_operands<W, number_of<C>, typename C::space>;

template <class W> struct linear_op {
    static constexpr const char* name = "linear";
    template <class C> using signature = void(input_of<C> x, W w, epilogue_of<C> e, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(linear_kernel(tag, a...)) {
        linear_kernel(tag, a...);
    }
};

/// linear under a context that records, whose dense weights change with every step and are never
/// packed for good.
template <class W> struct linear_recorded_op {
    static constexpr const char* name = "linear, recorded";
    template <class C> using signature = void(input_of<C> x, W w, epilogue_of<C> e, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(linear_recorded_kernel(tag, a...)) {
        linear_recorded_kernel(tag, a...);
    }
    static idx scratch(auto tag, idx threads, auto x, const auto& w, const auto&... a) {
        if constexpr (requires { linear_recorded_scratch(tag, threads, x, w, a...); })
            return linear_recorded_scratch(tag, threads, x, w, a...);
        else if constexpr (requires { linear_scratch(tag, x.rows, w); })
            return linear_scratch(tag, x.rows, w);
        else
            return 0;
    }
    static void otherwise(auto& ctx, auto x, auto w, auto e, auto y) {
        dispatch<linear_op<W>>(ctx, x, w, e, y);
    }
};

template <class W> struct linear_backward_op {
    static constexpr const char* name = "linear, backward";
    template <class C>
    using signature = void(input_of<C> x, W w, input_of<C> dy, gradient_of<C> dx, gradient_of<C> dw,
                           gradient_of<C> dbias);
    static auto kernel(auto tag, auto&... a) -> decltype(linear_backward(tag, a...)) {
        linear_backward(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(linear_backward_scratch(tag, threads, a...)) {
        return linear_backward_scratch(tag, threads, a...);
    }
};

/// A kernel for several at once takes no more scratch than one of them does.
template <class W> struct linears_op {
    static constexpr const char* name = "linears";
    template <class C>
    using signature = void(input_of<C> x, std::span<const linear_operands_of<C, W>> group);
    static auto kernel(auto tag, auto&... a) -> decltype(linears_kernel(tag, a...)) {
        linears_kernel(tag, a...);
    }
    static void otherwise(auto& ctx, auto x, auto group) {
        for (const auto& p : group) dispatch<linear_op<W>>(ctx, x, p.w, p.e, p.y);
    }
};

/// A frozen weight in a backend's layout that serves the backward as well.
template <class W>
concept packed_both_ways = requires {
    requires W::both_ways;
};

template <any_context C, weight_view W>
constexpr void expect_fits(tensor_of<C> x, const W& w, const epilogue_of<C>& e) {
    static_assert(lives_with<C, W>,
                  "linear: the weight and the context live in different memory spaces; "
                  "copy_to(ctx, model) makes a model for this context");
    expect("linear", "w.cols", x.cols, w.cols);
    if (e.bias.cols != 0) expect("linear", "bias.cols", w.rows, e.bias.cols);
}

/// The kernel; where the context only counts, the scratch that the kernel takes when it runs.
template <any_context C, weight_view W>
constexpr void run_linear(C& ctx, input_of<C> x, const W& w, const epilogue_of<C>& e,
                          output_of<C> y) {
    if constexpr (C::recording) {
        dispatch<linear_recorded_op<W>>(ctx, x, w, e, y);
    } else if constexpr (C::dry) {
        const auto inside = ctx.scratch();
        ctx.template make<std::byte>(1, linear_scratch_of<C>(x.rows, w));
    } else if constexpr (lives_with<C, W>) {
        dispatch<linear_op<W>>(ctx, x, w, e, y);
    }
}

template <any_context C, weight_view W>
constexpr tensor_of<C> linear(C& ctx, tensor_of<C> x, W w, epilogue_of<C> e = {}) {
    expect_fits<C>(x, w, e);
    auto y = ctx.make(x.rows, w.rows);
    if constexpr (C::recording) {
        static_assert(std::convertible_to<W, input_of<C>> ||
                          std::same_as<W, int8_view<typename C::space>> || packed_both_ways<W>,
                      "linear: this representation of a weight cannot be trained; train the dense "
                      "one and convert it afterwards");
        const auto v = as_weight<C>(w);
        using V = std::remove_const_t<decltype(v)>;
        run_linear(ctx, x, v, epilogue_of<C>{e.bias, activation::none}, y);
        y = recorded<C>(
            ctx, y, {gradient(ctx, x), weight_gradient(ctx, w), gradient(ctx, e.bias)},
            [=](auto& c, auto... d) { dispatch<linear_backward_op<V>>(c, x, v, d...); });
        return e.f == activation::none ? y : activate(ctx, y, e.f);
    } else {
        run_linear(ctx, x, as_weight<C>(w), e, y);
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
        dispatch<linears_op<W>>(ctx, x, std::span<const linear_operands_of<C, W>>(own));
    }
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
