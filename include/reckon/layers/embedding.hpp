// Tables of rows by id, and the positions policies: learned vectors, or rotary angles.
#pragma once

#include <reckon/core/position_order.hpp>
#include <reckon/layers/spec.hpp>
#include <reckon/ops/embedding.hpp>
#include <reckon/ops/rope.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

template <table_policy Policy, class Spec> struct embedding_table {
    typename Policy::template weight<Spec> weight;  // [ids, width]

    constexpr embedding_table() = default;
    constexpr embedding_table(idx ids, idx width) : weight(ids, width) {}

    static constexpr void visit(auto&& f, auto&... self) { f("weight", self.weight...); }

    template <any_context C> constexpr tensor_of<C> operator()(C& ctx, ops::ids_of<C> ids) const {
        return ops::embedding(ctx, ids, weight.look());
    }
};

namespace detail {

template <position_order Order, class Spec> struct learned_positions_module {
    matrix<typename Spec::number, typename Spec::memory> weight;  // [positions, width]

    constexpr learned_positions_module() = default;
    constexpr learned_positions_module(idx positions, idx width) : weight(positions, width) {}

    static constexpr void visit(auto&& f, auto&... self) { f("weight", self.weight...); }

    /// `first`: the position of each sequence's first row.
    template <any_context C>
    constexpr void add_to(C& ctx, tensor_of<C>& x, const ragged& sequences,
                          per_sequence first = {}) const {
        const auto scope = ctx.scope();
        const auto ids = ops::positions(ctx, sequences, Order, first, weight.rows());
        ops::embedding_add_to(ctx, x, ids, weight.look());
    }
    /// The vectors themselves, [tokens, width].
    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, const ragged& sequences,
                                      per_sequence first = {}) const {
        return ops::embedding(ctx, ops::positions(ctx, sequences, Order, first, weight.rows()),
                              weight.look());
    }
};

/// The angles of a batch, and how a head's numbers pair up: what attention turns q and k by.
template <any_context C, rope_layout Layout> struct rotation {
    view<const typename C::element, typename C::space> angles;

    constexpr void operator()(C& ctx, tensor_of<C>& x) const { ops::rope(ctx, x, angles, Layout); }
};

template <rope_layout Layout> struct rotary_positions {
    rope_options options{};
    idx width = 0;  // of a head

    constexpr rotary_positions() = default;
    constexpr rotary_positions(const rope_options& o, idx head_width)
        : options(o), width(head_width) {}

    static constexpr void visit(auto&&, auto&...) {}

    template <any_context C>
    constexpr rotation<C, Layout> of(C& ctx, const ragged& sequences,
                                     per_sequence first = {}) const {
        return {ops::rope_angles(ctx, sequences, first, width, options)};
    }
};

}  // namespace detail

/// A trained vector for each absolute position (Vaswani et al. 2017, BERT, SASRec).
template <position_order Order = position_order::from_first> struct learned_positions {
    static constexpr bool is_positions = true;
    template <class Spec> using module = detail::learned_positions_module<Order, Spec>;
};

/// Queries and keys turned by their position (Su et al. 2021, Llama).
template <rope_layout Layout = rope_layout::half_split> struct rotary {
    static constexpr bool is_positions = true;
    template <class Spec> using module = detail::rotary_positions<Layout>;
};

}}}  // namespace reckon::v0::RECKON_ISA
