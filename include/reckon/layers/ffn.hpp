// Feed-forward policies: down(f(up(x))), or gated: down(f(gate(x)) * up(x)).
#pragma once

#include <reckon/layers/dropout.hpp>
#include <reckon/layers/linear.hpp>
#include <reckon/ops/gated.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <activation F, class Spec> struct ffn_module {
    module_of<typename Spec::linear, Spec> up, down;

    constexpr ffn_module() = default;
    constexpr ffn_module(idx width, idx hidden) : up(width, hidden), down(hidden, width) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("up", self.up...);
        f("down", self.down...);
    }

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        return down(ctx, dropped(ctx, up(ctx, x, at, F), at, dropout_place::hidden), at);
    }
};

template <activation F> struct ffn_with {
    static constexpr bool is_ffn = true;
    static constexpr activation f = F;
    template <class Spec> using module = ffn_module<F, Spec>;
};
using gelu_ffn = ffn_with<activation::gelu>;
using gelu_tanh_ffn = ffn_with<activation::gelu_tanh>;
using relu_ffn = ffn_with<activation::relu>;
using silu_ffn = ffn_with<activation::silu>;

template <activation F, class Spec> struct gated_ffn_module {
    module_of<typename Spec::linear, Spec> gate, up, down;

    constexpr gated_ffn_module() = default;
    constexpr gated_ffn_module(idx width, idx hidden)
        : gate(width, hidden), up(width, hidden), down(hidden, width) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("gate", self.gate...);
        f("up", self.up...);
        f("down", self.down...);
    }

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        const auto [g, u] = linears(ctx, x, at, gate, up);
        const auto h = ops::gated(ctx, g, u, F);
        return down(ctx, dropped(ctx, h, at, dropout_place::hidden), at);
    }
};

/// Gated linear units (Shazeer 2020): with silu SwiGLU, with gelu GEGLU.
template <activation F> struct gated_ffn {
    static constexpr bool is_ffn = true;
    static constexpr activation f = F;
    template <class Spec> using module = gated_ffn_module<F, Spec>;
};

}}}  // namespace reckon::v0::RECKON_ISA
