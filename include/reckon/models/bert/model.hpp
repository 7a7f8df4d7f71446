// BERT as an encoder (Devlin et al. 2019): token + position + type embeddings, a norm, and a stack
// of post-norm blocks that see their whole sequence. Its output is [tokens, width]; pooling to one
// vector a text is tasks/embed.hpp.
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/layers/base_spec.hpp>
#include <reckon/layers/context_check.hpp>
#include <reckon/layers/last_rows.hpp>
#include <reckon/layers/spec_check.hpp>
#include <reckon/models/bert/config.hpp>
#include <reckon/ops/add_row.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace bert {

struct spec : base_spec {};

template <class Spec = spec, auto Size = run_time{}> struct model : sized<config, Size> {
    using S = checked<Spec, spec>;

    embedding_table<typename S::table, S> tokens;
    module_of<typename S::positions, S> positions;
    matrix<typename S::number, typename S::memory> types;  // [types, width]
    module_of<typename S::norm, S> norm;
    stack_of<S, Size> layers;

    constexpr explicit model(const config& c = default_size<config, Size>())
        : sized<config, Size>(c),
          tokens(c.vocabulary, c.width),
          positions(c.positions, c.width),
          types(c.types, c.width),
          norm(c.width, c.epsilon),
          layers(c.layers, {c.width, c.heads, c.hidden, c.epsilon}) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("tokens", self.tokens...);
        f("positions", self.positions...);
        f("types", self.types...);
        f("norm", self.norm...);
        f("layers", self.layers...);
    }

    /// Vectors of the ids alone, [tokens, width].
    template <any_context C> constexpr tensor_of<C> embed_ids(C& ctx, ops::ids_of<C> ids) const {
        return tokens(ctx, ids);
    }
    /// Adds positions and types to such vectors, and norms them. `first`: the position of each
    /// sequence's first row; `type_ids`: a type for each row [1, tokens], or none: all are 0.
    template <any_context C>
    constexpr tensor_of<C> embed_places(C& ctx, tensor_of<C> x, const ragged& sequences,
                                        per_sequence first = {},
                                        ops::ids_of<C> type_ids = {}) const {
        positions.add_to(ctx, x, sequences, first);
        if (type_ids.cols == 0)
            ops::add_row_to(ctx, x, types.look().slice(0, 1));
        else
            ops::embedding_add_to(ctx, x, type_ids, types.look());
        const site at{sequences, bidirectional{}};
        norm.in_place(ctx, x, at);
        return dropped(ctx, x, at, dropout_place::embedding);
    }
    /// What the blocks read: [tokens, width].
    template <any_context C>
    constexpr tensor_of<C> embed(C& ctx, const id_batch<typename C::space>& batch,
                                 per_sequence first = {}, ops::ids_of<C> type_ids = {}) const {
        return embed_places(ctx, embed_ids(ctx, batch.ids), batch.sequences, first, type_ids);
    }

    /// The mask of these texts: rows see all of their sequence, soft prompts only each other.
    static constexpr prompted<bidirectional> mask_of(const regions& r) {
        return {r.soft_prompts, {}};
    }
    /// Embedded rows through the blocks.
    template <any_context C, mask M = bidirectional, class Keys = own_keys, class Hook = no_hook,
              class Tasks = no_tasks>
    constexpr tensor_of<C> run(C& ctx, tensor_of<C> x, const ragged& sequences, const M& mask = {},
                               const Keys& keys = {}, Hook&& hook = {},
                               const Tasks& tasks = {}) const {
        const site at{sequences, mask, hook, no_rotation{}, keys, tasks};
        return layers(ctx, x, at, layers.all());
    }

    /// The last row of each sequence, [sequences, width]; of the last block little else is made.
    template <any_context C, mask M = bidirectional, class Keys = own_keys, class Tasks = no_tasks>
    constexpr tensor_of<C> run_last(C& ctx, tensor_of<C> x, const ragged& sequences,
                                    const M& mask = {}, const Keys& keys = {},
                                    const Tasks& tasks = {}) const {
        return run_last_rows(ctx, layers, x, sequences, mask, keys, tasks);
    }

    /// batch -> [tokens, width]
    template <class C, class Hook = no_hook>
    constexpr auto operator()(C& ctx, const id_batch<typename C::space>& batch,
                              Hook&& hook = {}) const {
        if constexpr (can_run<C, S>())
            return run(ctx, embed(ctx, batch), batch.sequences, bidirectional{}, own_keys{}, hook);
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::bert
