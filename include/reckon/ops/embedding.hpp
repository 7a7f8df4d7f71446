// embedding:          y[i] = table[ids[i]]
// embedding_add_to:   x[i] += table[ids[i]]        positions, segments, token types
// positions:          the position id of every packed row, counted within its sequence
#pragma once

#include <reckon/core/mask.hpp>
#include <reckon/core/position_order.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// Token or position ids of a batch, [1, tokens].
template <class C> using ids_of = view<const std::int32_t, typename C::space>;

template <any_context C, weight_view W>
void run_embedding(C& ctx, ids_of<C> ids, W table, output_of<C> y) {
    using Tag = typename C::tag;
    if constexpr (requires { embedding_kernel(Tag{}, ctx, ids, table, y); })
        embedding_kernel(Tag{}, ctx, ids, table, y);
    else
        static_assert(sizeof(C) == 0,
                      "embedding: no backend of this context has a kernel for this "
                      "table (or two are ambiguous): include its kernels");
}

template <any_context C, weight_view W>
void run_embedding_add(C& ctx, ids_of<C> ids, W table, output_of<C> x) {
    using Tag = typename C::tag;
    if constexpr (requires { embedding_add_kernel(Tag{}, ctx, ids, table, x); })
        embedding_add_kernel(Tag{}, ctx, ids, table, x);
    else
        static_assert(sizeof(C) == 0,
                      "embedding_add_to: no backend of this context has a kernel "
                      "for this table (or two are ambiguous): include its kernels");
}

template <any_context C>
void run_positions(C& ctx, ragged sequences, position_order order, per_sequence first,
                   idx table_rows, view<std::int32_t, typename C::space> ids) {
    using Tag = typename C::tag;
    if constexpr (requires {
                      positions_kernel(Tag{}, ctx, sequences, order, first, table_rows, ids);
                  })
        positions_kernel(Tag{}, ctx, sequences, order, first, table_rows, ids);
    else
        static_assert(sizeof(C) == 0,
                      "positions: no backend of this context has it (or two are "
                      "ambiguous): include its kernels");
}

template <class C, class W>
concept serves_embedding = requires(C& ctx, ids_of<C> ids, W table, output_of<C> y) {
    embedding_kernel(typename C::tag{}, ctx, ids, table, y);
    embedding_add_kernel(typename C::tag{}, ctx, ids, table, y);
};

template <any_context C, weight_view W>
constexpr tensor_of<C> embedding(C& ctx, ids_of<C> ids, W table) {
    static_assert(!C::recording, "embedding: has no backward yet");
    static_assert(lives_with<C, W>,
                  "embedding: the table and the context live in different memory "
                  "spaces; copy_to(ctx, model) makes a model for this context");
    auto y = ctx.make(ids.cols, table.cols);
    if constexpr (!C::dry) {
        expect_ids<C>("embedding", ids, table.rows);
        if constexpr (lives_with<C, W>) run_embedding(ctx, ids, table, y);
    }
    return y;
}

template <any_context C, weight_view W>
constexpr void embedding_add_to(C& ctx, tensor_of<C>& x, ids_of<C> ids, W table) {
    static_assert(!C::recording, "embedding_add_to: has no backward yet");
    static_assert(lives_with<C, W>,
                  "embedding_add_to: the table and the context live in different memory spaces; "
                  "copy_to(ctx, model) makes a model for this context");
    expect("embedding_add_to", "ids.cols", x.rows, ids.cols);
    expect("embedding_add_to", "table.cols", x.cols, table.cols);
    if constexpr (!C::dry) {
        expect_ids<C>("embedding_add_to", ids, table.rows);
        if constexpr (lives_with<C, W>) run_embedding_add(ctx, ids, table, x);
    }
}

/// No sequence goes beyond the positions that a model has.
template <any_context C>
constexpr void expect_positions(C&, const ragged& sequences, per_sequence first, idx positions) {
    if (sequences.longest() > positions)
        fail("positions", "rows of a sequence", positions, sequences.longest());
    if constexpr (std::same_as<typename C::space, host> && !C::dry)
        for (idx s = 0; s < sequences.count(); ++s)
            if (first[s] > positions - sequences.length(s))
                fail("positions", "first + rows of a sequence", positions,
                     first[s] + sequences.length(s));
}

/// `first`: the position of each sequence's first row, where the order counts from there. A
/// sequence with more rows than positions is refused.
template <any_context C>
constexpr ids_of<C> positions(C& ctx, const ragged& sequences, position_order order,
                              per_sequence first, idx table_rows) {
    expect_positions(ctx, sequences, order == position_order::from_first ? first : per_sequence{},
                     table_rows);
    auto ids = ctx.template make<std::int32_t>(1, sequences.rows());
    if constexpr (!C::dry) run_positions(ctx, sequences, order, first, table_rows, ids);
    return ids;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
