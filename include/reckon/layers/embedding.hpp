// Tables of rows by id, and learned positions.
#pragma once

#include <reckon/core/position_order.hpp>
#include <reckon/layers/part.hpp>
#include <reckon/ops/embedding.hpp>

namespace reckon::inline v0 {

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

    template <any_context C>
    constexpr void add_to(C& ctx, tensor_of<C>& x, const ragged& rows) const {
        const auto scope = ctx.scope();
        const auto ids = ops::positions(ctx, rows, Order, 0, weight.rows());
        ops::embedding_add_to(ctx, x, ids, weight.look());
    }
};
}  // namespace detail

/// A trained vector for each absolute position (Vaswani et al. 2017, BERT, SASRec).
template <position_order Order = position_order::from_first> struct learned_positions {
    static constexpr bool is_positions = true;
    template <class Spec> using module = detail::learned_positions_module<Order, Spec>;
};

}  // namespace reckon::inline v0
