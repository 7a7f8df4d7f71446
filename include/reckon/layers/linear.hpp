// The linear layer and the policies for how its weight is stored. All of them make the same module:
// a weight, a bias, and ops::linear over whatever view the weight gives.
#pragma once

#include <reckon/layers/spec.hpp>
#include <reckon/ops/linear.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Linear layers add a bias (BERT, GPT) ..
struct with_bias {
    static constexpr bool is_bias = true;
};
/// .. or do without one (Llama).
struct without_bias {
    static constexpr bool is_bias = true;
};

/// y = f(x weight^T + bias)
template <linear_policy Policy, class Spec> struct linear_layer {
    typename Policy::template weight<Spec> weight;              // [out, in]
    matrix<typename Spec::number, typename Spec::memory> bias;  // [1, out], or none

    static constexpr bool biased = std::same_as<typename Spec::bias, with_bias>;

    constexpr linear_layer() = default;
    constexpr linear_layer(idx in, idx out) : weight(out, in), bias(biased ? 1 : 0, out) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("weight", self.weight...);
        if constexpr (biased) f("bias", self.bias...);
    }

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& /* at */,
                                      activation f = activation::none) const {
        const auto p = operands<C>(f);
        return ops::linear(ctx, x, p.w, p.e);
    }

    /// What the op takes.
    template <any_context C> constexpr auto operands(activation f = activation::none) const {
        ops::epilogue_of<C> e{{}, f};
        if constexpr (biased) e.bias = bias.look();
        return ops::linear_operands_of<C, decltype(weight.look())>{weight.look(), e};
    }
};

/// {a(ctx, x, at), b(ctx, x, at), ..}, which linear layers of one kind may do together.
template <any_context C, class First, class... Rest>
constexpr std::array<tensor_of<C>, 1 + sizeof...(Rest)> linears(C& ctx, tensor_of<C> x,
                                                                const auto& at, const First& first,
                                                                const Rest&... rest) {
    if constexpr (requires { first.template operands<C>(); } && (std::same_as<First, Rest> && ...))
        return ops::linears<C, decltype(first.weight.look())>(
            ctx, x, {first.template operands<C>(), rest.template operands<C>()...});
    else
        return {first(ctx, x, at), rest(ctx, x, at)...};
}

/// Every element as a T: float, bf16, f16, or double for numeric gradients.
template <element T = float> struct dense {
    static constexpr bool is_linear = true, is_table = true;
    template <class Spec> using weight = matrix<T, typename Spec::memory>;
    template <class Spec> using module = linear_layer<dense, Spec>;
};

/// int8 with a scale per output row; made from a model of `Inner` by `quantise`
/// (convert/quantise.hpp).
template <class Inner = dense<float>> struct int8_rows {
    static constexpr bool is_linear = linear_policy<Inner>, is_table = table_policy<Inner>;
    template <class Spec> using weight = int8_matrix<typename Spec::memory>;
    template <class Spec> using module = linear_layer<int8_rows, Spec>;
};

/// A weight with elements held at zero (pruning); a base checkpoint loads into it.
template <class Inner = dense<float>> struct pruned {
    static constexpr bool is_linear = linear_policy<Inner>, is_table = table_policy<Inner>;
    template <class Spec>
    using weight = pruned_matrix<typename Inner::template weight<Spec>, typename Spec::memory>;
    template <class Spec> using module = linear_layer<pruned, Spec>;
};

/// A weight in a backend's own layout; made by `prepare` (convert/prepare.hpp).
template <class Packing, class Inner> struct packed {
    static constexpr bool is_linear = linear_policy<Inner>;
    template <class Spec> using weight = typename Packing::matrix;
    template <class Spec> using module = linear_layer<packed, Spec>;
};

}}}  // namespace reckon::v0::RECKON_ISA
