// embedding:          y[i] = table[ids[i]]
// embedding_add_to:   x[i] += table[ids[i]]        positions, segments, token types (x as in
// add_to) positions:          the position id of every packed row, counted within its sequence
#pragma once

#include <reckon/core/mask.hpp>
#include <reckon/core/position_order.hpp>
#include <reckon/core/weights.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// Token or position ids of a batch, [1, tokens].
template <class C> using ids_of = view<const std::int32_t, typename C::space>;

template <class W> struct embedding_op {
    static constexpr const char* name = "embedding";
    template <class C> using signature = void(ids_of<C> ids, W table, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(embedding_kernel(tag, a...)) {
        embedding_kernel(tag, a...);
    }
};

template <class W> struct embedding_add_op {
    static constexpr const char* name = "embedding_add_to";
    template <class C> using signature = void(ids_of<C> ids, W table, output_of<C> x);
    static auto kernel(auto tag, auto&... a) -> decltype(embedding_add_kernel(tag, a...)) {
        embedding_add_kernel(tag, a...);
    }
};

/// dtable[ids[i]] += dy[i], in the order of i.
struct embedding_backward_op {
    static constexpr const char* name = "embedding, backward";
    template <class C> using signature = void(ids_of<C> ids, input_of<C> dy, gradient_of<C> dtable);
    static auto kernel(auto tag, auto&... a) -> decltype(embedding_backward(tag, a...)) {
        embedding_backward(tag, a...);
    }
    static auto scratch(auto tag, idx threads, const auto&... a)
        -> decltype(embedding_backward_scratch(tag, threads, a...)) {
        return embedding_backward_scratch(tag, threads, a...);
    }
};

struct positions_op {
    static constexpr const char* name = "positions";
    template <class C>
    using signature = void(ragged sequences, position_order order, per_sequence first,
                           idx table_rows, view<std::int32_t, typename C::space> ids);
    static auto kernel(auto tag, auto&... a) -> decltype(positions_kernel(tag, a...)) {
        positions_kernel(tag, a...);
    }
};

template <any_context C, weight_view W>
constexpr tensor_of<C> embedding(C& ctx, ids_of<C> ids, W table) {
    static_assert(lives_with<C, W>,
                  "embedding: the table and the context live in different memory "
                  "spaces; copy_to(ctx, model) makes a model for this context");
    auto y = ctx.make(ids.cols, table.cols);
    if constexpr (!C::dry) {
        expect_ids<C>("embedding", ids, table.rows);
        const auto t = as_weight<C>(table);
        if constexpr (lives_with<C, W>)
            dispatch<embedding_op<std::remove_const_t<decltype(t)>>>(ctx, ids, t, y);
    }
    return recorded<C>(ctx, y, {weight_gradient(ctx, table)},
                       [=](auto& c, auto... d) { dispatch<embedding_backward_op>(c, ids, d...); });
}

template <any_context C, weight_view W>
constexpr void embedding_add_to(C& ctx, tensor_of<C>& x, ids_of<C> ids, W table) {
    static_assert(lives_with<C, W>,
                  "embedding_add_to: the table and the context live in different memory spaces; "
                  "copy_to(ctx, model) makes a model for this context");
    expect("embedding_add_to", "ids.cols", x.rows, ids.cols);
    expect("embedding_add_to", "table.cols", x.cols, table.cols);
    if constexpr (!C::dry) expect_ids<C>("embedding_add_to", ids, table.rows);
    if constexpr (C::recording) {
        const auto dtable = weight_gradient(ctx, table);
        if (keeps_inputs<C>(ctx, {gradient(ctx, x), dtable})) {
            const auto y = fresh_copy(ctx, x);
            dispatch<embedding_add_op<W>>(ctx, ids, table, y);
            x = recorded_onto<C>(ctx, y, x, passing::as_it_is, {dtable}, [=](auto& c, auto... d) {
                dispatch<embedding_backward_op>(c, ids, d...);
            });
            return;
        }
    }
    if constexpr (lives_with<C, W>) dispatch<embedding_add_op<W>>(ctx, ids, table, x);
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
    dispatch<positions_op>(ctx, sequences, order, first, table_rows, ids);
    return ids;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
