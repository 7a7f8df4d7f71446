// Specs. A model is composed from a spec, a struct of policies; a policy is a plain type that
// receives the whole spec, so that an override deep inside reaches everything that uses it:
//     struct pocket : bert::spec { using linear = int8_rows<dense<float>>; };
// Each kind of policy carries a marker (`is_linear`, `is_ffn`, ..): a wrong one is one sentence.
#pragma once

#include <reckon/core/matrix.hpp>

#include <concepts>
#include <type_traits>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// The module that a policy makes inside a spec.
template <class Policy, class Spec> using module_of = typename Policy::template module<Spec>;

template <class P>
concept linear_policy = P::is_linear;
template <class P>
concept bias_policy = P::is_bias;
template <class P>
concept table_policy = P::is_table;
template <class P>
concept ffn_policy = P::is_ffn;
template <class P>
concept norm_policy = P::is_norm;
template <class P>
concept norm_order_policy = P::is_norm_order;
template <class P>
concept attention_policy = P::is_attention;
template <class P>
concept block_policy = P::is_block;
template <class P>
concept positions_policy = P::is_positions;
template <class P>
concept sharing_policy = P::is_sharing;

/// The sizes of a model are known at run time ..

struct run_time {};

/// .. or are a constexpr config given as a template argument; the same definition serves both.
template <class Config, auto Size> struct sized {
    static constexpr Config size = Size;
    static constexpr bool fixed = true;

    constexpr sized() = default;
    constexpr explicit sized(const Config&) {}
};
template <class Config, run_time R> struct sized<Config, R> {
    Config size{};
    static constexpr bool fixed = false;

    constexpr sized() = default;
    constexpr explicit sized(const Config& config) : size(config) {}
};

/// What a model is made with when no config is given.
template <class Config, auto Size> constexpr Config default_size() {
    if constexpr (sized<Config, Size>::fixed)
        return Size;
    else
        return {};
}

}}}  // namespace reckon::v0::RECKON_ISA
