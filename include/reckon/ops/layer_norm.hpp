// y = (x - mean) / sqrt(variance + epsilon) * gain + bias, row by row (Ba et al. 2016); the
// variance is the biased one. `layer_norm_in_place` overwrites x, or rebinds it once something is
// on the tape or learns, as add_to does. `add_layer_norm` is add_to and layer_norm in one pass, by
// a kernel that gives the bits of the two; where there is none, the two run.
#pragma once

#include <reckon/ops/add.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

template <any_context C>
void run_layer_norm(C& ctx, input_of<C> x, input_of<C> gain, input_of<C> bias, float epsilon,
                    output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { layer_norm_kernel(Tag{}, ctx, x, gain, bias, epsilon, y); })
        layer_norm_kernel(Tag{}, ctx, x, gain, bias, epsilon, y);
    else
        static_assert(sizeof(C) == 0,
                      "layer_norm: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

/// x += f, then y = the norm of x; y may be x.
template <any_context C>
void run_add_layer_norm(C& ctx, input_of<C> f, output_of<C> x, input_of<C> gain, input_of<C> bias,
                        float epsilon, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { add_layer_norm_kernel(Tag{}, ctx, f, x, gain, bias, epsilon, y); }) {
        add_layer_norm_kernel(Tag{}, ctx, f, x, gain, bias, epsilon, y);
    } else {
        run_add(ctx, x, f, x);
        run_layer_norm(ctx, x, gain, bias, epsilon, y);
    }
}

template <any_context C>
void run_layer_norm_backward(C& ctx, input_of<C> x, input_of<C> gain, float epsilon, input_of<C> dy,
                             output_of<C> dx, output_of<C> dgain, output_of<C> dbias) {
    using Tag = typename C::tag;
    if constexpr (requires {
                      layer_norm_backward(Tag{}, ctx, x, gain, epsilon, dy, dx, dgain, dbias);
                  })
        layer_norm_backward(Tag{}, ctx, x, gain, epsilon, dy, dx, dgain, dbias);
    else
        static_assert(sizeof(C) == 0, "layer_norm: no backend of this context has its backward");
}

template <class C>
concept serves_layer_norm = requires(C& ctx, input_of<C> x, output_of<C> y) {
    layer_norm_kernel(typename C::tag{}, ctx, x, x, x, 0.0f, y);
};

template <class C>
concept serves_add_layer_norm = requires(C& ctx, input_of<C> x, output_of<C> y) {
    add_layer_norm_kernel(typename C::tag{}, ctx, x, y, x, x, 0.0f, y);
};

template <any_context C>
constexpr tensor_of<C> layer_norm(C& ctx, tensor_of<C> x, input_of<C> gain, input_of<C> bias,
                                  float epsilon) {
    expect("layer_norm", "gain.cols", x.cols, gain.cols);
    expect("layer_norm", "bias.cols", x.cols, bias.cols);
    auto y = ctx.make(x.rows, x.cols);
    if constexpr (!C::dry) run_layer_norm(ctx, x, gain, bias, epsilon, y);
    if constexpr (C::recording) {
        const output_of<C> dgain = ctx.gradient_of(gain), dbias = ctx.gradient_of(bias);
        if (x.grad.data != nullptr || dgain.data != nullptr || dbias.data != nullptr) {
            ctx.track(y);
            ctx.record([=](C& c) {
                run_layer_norm_backward(c, x, gain, epsilon, y.grad, x.grad, dgain, dbias);
            });
        }
    }
    return y;
}

template <any_context C>
constexpr void layer_norm_in_place(C& ctx, tensor_of<C>& x, input_of<C> gain, input_of<C> bias,
                                   float epsilon) {
    if constexpr (C::recording)
        if (ctx.recorded() != 0 || x.grad.data != nullptr ||
            ctx.gradient_of(gain).data != nullptr || ctx.gradient_of(bias).data != nullptr) {
            x = layer_norm(ctx, x, gain, bias, epsilon);
            return;
        }
    expect("layer_norm", "gain.cols", x.cols, gain.cols);
    expect("layer_norm", "bias.cols", x.cols, bias.cols);
    if constexpr (!C::dry) run_layer_norm(ctx, x, gain, bias, epsilon, x);
}

/// x = x + f, as add_to; the result is its norm.
template <any_context C>
constexpr tensor_of<C> add_layer_norm(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                      input_of<C> bias, float epsilon) {
    if constexpr (C::recording) {
        add_to(ctx, x, f);
        return layer_norm(ctx, x, gain, bias, epsilon);
    } else {
        expect_addends<C>("add_layer_norm", x, f);
        expect("add_layer_norm", "gain.cols", x.cols, gain.cols);
        expect("add_layer_norm", "bias.cols", x.cols, bias.cols);
        auto y = ctx.make(x.rows, x.cols);
        if constexpr (!C::dry) run_add_layer_norm(ctx, f, x, gain, bias, epsilon, y);
        return y;
    }
}

/// x = the norm of x + f.
template <any_context C>
constexpr void add_layer_norm_in_place(C& ctx, tensor_of<C>& x, tensor_of<C> f, input_of<C> gain,
                                       input_of<C> bias, float epsilon) {
    if constexpr (C::recording) {
        add_to(ctx, x, f);
        layer_norm_in_place(ctx, x, gain, bias, epsilon);
    } else {
        expect_addends<C>("add_layer_norm", x, f);
        expect("add_layer_norm", "gain.cols", x.cols, gain.cols);
        expect("add_layer_norm", "bias.cols", x.cols, bias.cols);
        if constexpr (!C::dry) run_add_layer_norm(ctx, f, x, gain, bias, epsilon, x);
    }
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
