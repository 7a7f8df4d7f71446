// Norm policies, and where a block's norms stand. Besides its norm of x a module has the two that a
// block's residuals want: of x + f in x's place, and of x once f has been added to it.
#pragma once

#include <reckon/layers/spec.hpp>
#include <reckon/ops/layer_norm.hpp>
#include <reckon/ops/rms_norm.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <class Spec> struct layer_norm_module {
    matrix<typename Spec::number, typename Spec::memory> gain, bias;  // [1, width]
    float epsilon = 1e-12f;

    constexpr layer_norm_module() = default;
    constexpr layer_norm_module(idx width, float e) : gain(1, width), bias(1, width), epsilon(e) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("gain", self.gain...);
        f("bias", self.bias...);
    }

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& /* at */) const {
        return ops::layer_norm(ctx, x, gain.look(), bias.look(), epsilon);
    }
    template <any_context C>
    constexpr void in_place(C& ctx, tensor_of<C>& x, const auto& /* at */) const {
        ops::layer_norm_in_place(ctx, x, gain.look(), bias.look(), epsilon);
    }
    template <any_context C>
    constexpr void of_sum_in_place(C& ctx, tensor_of<C>& x, tensor_of<C> f,
                                   const auto& /* at */) const {
        ops::add_layer_norm_in_place(ctx, x, f, gain.look(), bias.look(), epsilon);
    }
    template <any_context C>
    constexpr tensor_of<C> after_add_to(C& ctx, tensor_of<C>& x, tensor_of<C> f,
                                        const auto& /* at */) const {
        return ops::add_layer_norm(ctx, x, f, gain.look(), bias.look(), epsilon);
    }
};

template <class Spec> struct rms_norm_module {
    matrix<typename Spec::number, typename Spec::memory> gain;  // [1, width]
    float epsilon = 1e-5f;

    constexpr rms_norm_module() = default;
    constexpr rms_norm_module(idx width, float e) : gain(1, width), epsilon(e) {}

    static constexpr void visit(auto&& f, auto&... self) { f("gain", self.gain...); }

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& /* at */) const {
        return ops::rms_norm(ctx, x, gain.look(), epsilon);
    }
    template <any_context C>
    constexpr void in_place(C& ctx, tensor_of<C>& x, const auto& /* at */) const {
        ops::rms_norm_in_place(ctx, x, gain.look(), epsilon);
    }
    template <any_context C>
    constexpr void of_sum_in_place(C& ctx, tensor_of<C>& x, tensor_of<C> f,
                                   const auto& /* at */) const {
        ops::add_rms_norm_in_place(ctx, x, f, gain.look(), epsilon);
    }
    template <any_context C>
    constexpr tensor_of<C> after_add_to(C& ctx, tensor_of<C>& x, tensor_of<C> f,
                                        const auto& /* at */) const {
        return ops::add_rms_norm(ctx, x, f, gain.look(), epsilon);
    }
};

/// Centred and scaled, with gain and bias (Ba et al. 2016).
struct layer_normed {
    static constexpr bool is_norm = true;
    template <class Spec> using module = layer_norm_module<Spec>;
};

/// Scaled only, with a gain (Zhang and Sennrich 2019).
struct rms_normed {
    static constexpr bool is_norm = true;
    template <class Spec> using module = rms_norm_module<Spec>;
};

/// x + f(norm(x)): GPT, M6.
struct pre_norm {
    static constexpr bool is_norm_order = true;
};
/// norm(x + f(x)): BERT, the original Transformer.
struct post_norm {
    static constexpr bool is_norm_order = true;
};

}}}  // namespace reckon::v0::RECKON_ISA
