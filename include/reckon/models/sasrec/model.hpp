// SASRec (Kang and McAuley 2018): item + position embeddings and causal blocks. The newest item
// stands at the last position. An item's score is its table row times the newest item's output
// (tied, section III-D). `spec` is ICLRec's form (Chen et al. 2022), post-norm blocks behind a
// normed embedding; `original_spec` that of the paper's own code: blocks whose queries alone are
// normed (models/sasrec/block.hpp), and a norm at the end.
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/layers/base_spec.hpp>
#include <reckon/layers/context_check.hpp>
#include <reckon/layers/spec_check.hpp>
#include <reckon/models/sasrec/block.hpp>
#include <reckon/models/sasrec/config.hpp>
#include <reckon/ops/pool.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

/// Where the model's own norm stands.
struct norm_of_embedding {};
struct norm_of_output {};

struct spec : base_spec {
    using positions = learned_positions<position_order::to_last>;
    using norm_place = norm_of_embedding;
};
struct original_spec : spec {
    using block = query_normed_block;
    using ffn = relu_ffn;
    using norm_place = norm_of_output;
};

template <class Spec = spec, auto Size = run_time{}> struct model : sized<config, Size> {
    using S = checked<Spec, spec>;
    static constexpr bool norms_output = std::same_as<typename S::norm_place, norm_of_output>;

    embedding_table<typename S::table, S> items;
    module_of<typename S::positions, S> positions;
    module_of<typename S::norm, S> norm;
    stack_of<S, Size> layers;

    constexpr explicit model(const config& c = default_size<config, Size>())
        : sized<config, Size>(c),
          items(c.items, c.width),
          positions(c.positions, c.width),
          norm(c.width, c.epsilon),
          layers(c.layers, {c.width, c.heads, c.hidden, c.epsilon}) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("items", self.items...);
        f("positions", self.positions...);
        f("norm", self.norm...);
        f("layers", self.layers...);
    }

    /// Vectors of the items alone, [tokens, width].
    template <any_context C> constexpr tensor_of<C> embed_ids(C& ctx, ops::ids_of<C> ids) const {
        return items(ctx, ids);
    }
    /// Adds positions to such vectors; the newest row has the last position.
    template <any_context C>
    constexpr tensor_of<C> embed_places(C& ctx, tensor_of<C> x, const ragged& sequences,
                                        per_sequence /* first */ = {}) const {
        positions.add_to(ctx, x, sequences);
        const site at{sequences, causal{}};
        if constexpr (!norms_output) norm.in_place(ctx, x, at);
        return dropped(ctx, x, at, dropout_place::embedding);
    }
    /// What the blocks read: [tokens, width].
    template <any_context C>
    constexpr tensor_of<C> embed(C& ctx, const id_batch<typename C::space>& batch,
                                 per_sequence first = {}) const {
        return embed_places(ctx, embed_ids(ctx, batch.ids), batch.sequences, first);
    }

    /// The mask of these sequences: rows see those before them, soft prompts each other.
    static constexpr prompted<causal> mask_of(const regions& r) { return {r.soft_prompts, {}}; }
    /// Embedded rows through the blocks.
    template <any_context C, mask M = causal, class Keys = own_keys, class Hook = no_hook,
              class Tasks = no_tasks>
    constexpr tensor_of<C> run(C& ctx, tensor_of<C> x, const ragged& sequences, const M& mask = {},
                               const Keys& keys = {}, Hook&& hook = {},
                               const Tasks& tasks = {}) const {
        const site at{sequences, mask, hook, no_rotation{}, keys, tasks};
        x = layers(ctx, x, at, layers.all());
        if constexpr (norms_output) norm.in_place(ctx, x, at);
        return x;
    }

    /// batch -> [tokens, width]
    template <class C, class Hook = no_hook>
    constexpr auto operator()(C& ctx, const id_batch<typename C::space>& batch,
                              Hook&& hook = {}) const {
        if constexpr (can_run<C, S>())
            return run(ctx, embed(ctx, batch), batch.sequences, causal{}, own_keys{}, hook);
    }

    /// How well each item follows: [rows, width] -> [rows, items]
    template <any_context C> constexpr tensor_of<C> scores(C& ctx, tensor_of<C> hidden) const {
        return ops::linear(ctx, hidden, items.weight.look());
    }
    /// What comes next: batch -> [sequences, items]
    template <any_context C>
    constexpr tensor_of<C> scores(C& ctx, const id_batch<typename C::space>& batch) const {
        return scores(ctx, ops::pool(ctx, (*this)(ctx, batch), batch.sequences, pooling::last));
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
