// M6, the language model of M6-Rec (Cui et al. 2022, section 2 and 3.5): one stack of pre-norm
// blocks over a text of two regions. Rows of the source region see each other, later rows see the
// source and themselves causally; learned positions run on from one region to the next. The head
// is the token table, reached through the transposed projection where the tables are narrower than
// the blocks. `edge_spec` shares one block between all layers.
#pragma once

#include <reckon/cache/kv_cache.hpp>
#include <reckon/core/batch.hpp>
#include <reckon/layers/base_spec.hpp>
#include <reckon/layers/context_check.hpp>
#include <reckon/layers/last_rows.hpp>
#include <reckon/layers/spec_check.hpp>
#include <reckon/models/m6/config.hpp>
#include <reckon/ops/linear_transposed.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace m6 {

struct spec : base_spec {
    using norm_order = pre_norm;
};
struct edge_spec : spec {
    using sharing = share_all;
};

template <class Spec = spec, auto Size = run_time{}> struct model : sized<config, Size> {
    using S = checked<Spec, spec>;

    embedding_table<typename S::table, S> tokens;      // [vocabulary, table width]
    module_of<typename S::positions, S> positions;     // [positions, table width]
    typename S::table::template weight<S> projection;  // [width, table width], or none
    stack_of<S, Size> layers;
    module_of<typename S::norm, S> norm;

    constexpr explicit model(const config& c = default_size<config, Size>())
        : sized<config, Size>(c),
          tokens(c.vocabulary, c.table_width()),
          positions(c.positions, c.table_width()),
          projection(c.factorised() ? c.width : 0, c.table_width()),
          layers(c.layers, {c.width, c.heads, c.hidden, c.epsilon}),
          norm(c.width, c.epsilon) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("tokens", self.tokens...);
        f("positions", self.positions...);
        if ((self.size.factorised() && ...)) f("projection.weight", self.projection...);
        f("layers", self.layers...);
        f("norm", self.norm...);
    }

    constexpr cache_size cached() const {
        return {this->size.layers, this->size.width, this->size.width, this->size.heads};
    }
    /// Vectors of the ids alone, [tokens, width].
    template <any_context C> constexpr tensor_of<C> embed_ids(C& ctx, ops::ids_of<C> ids) const {
        return widened(ctx, tokens(ctx, ids));
    }
    /// Adds positions to such vectors; `first`: the position of each sequence's first row.
    template <any_context C>
    constexpr tensor_of<C> embed_places(C& ctx, tensor_of<C> x, const ragged& sequences,
                                        per_sequence first = {}) const {
        add_to(ctx, x, widened(ctx, positions(ctx, sequences, first)));
        return dropped(ctx, x, site{sequences, causal{}}, dropout_place::embedding);
    }
    /// What the blocks read, [tokens, width]: both at once, widened by one product.
    template <any_context C>
    constexpr tensor_of<C> embed(C& ctx, const id_batch<typename C::space>& batch,
                                 per_sequence first = {}) const {
        auto x = tokens(ctx, batch.ids);
        positions.add_to(ctx, x, batch.sequences, first);
        return dropped(ctx, widened(ctx, x), site{batch.sequences, causal{}},
                       dropout_place::embedding);
    }

    /// Two regions behind the soft prompts (M6-Rec 1.2 and 3.2).
    static constexpr prompted<prefix_lm> mask_of(const regions& r) {
        return {r.soft_prompts, {r.source}};
    }
    /// Embedded rows through the blocks, behind what `keys` holds of each sequence.
    template <any_context C, mask M, class Keys = own_keys, class Hook = no_hook,
              class Tasks = no_tasks>
    constexpr tensor_of<C> run(C& ctx, tensor_of<C> x, const ragged& sequences, const M& mask,
                               const Keys& keys = {}, Hook&& hook = {},
                               const Tasks& tasks = {}) const {
        const site at{sequences, mask, hook, no_rotation{}, keys, tasks};
        x = layers(ctx, x, at, layers.all());
        norm.in_place(ctx, x, at);
        return x;
    }

    /// The last row of each sequence, [sequences, width]; of the last block little else is made.
    template <any_context C, mask M, class Keys = own_keys, class Tasks = no_tasks>
    constexpr tensor_of<C> run_last(C& ctx, tensor_of<C> x, const ragged& sequences, const M& mask,
                                    const Keys& keys = {}, const Tasks& tasks = {}) const {
        x = run_last_rows(ctx, layers, x, sequences, mask, keys, tasks);
        norm.in_place(ctx, x, site{sequences, mask});
        return x;
    }

    /// batch -> [tokens, width]; `source`: how many rows of each sequence are its source region.
    template <class C, class Hook = no_hook>
    constexpr auto operator()(C& ctx, const id_batch<typename C::space>& batch, per_sequence source,
                              Hook&& hook = {}) const {
        if constexpr (can_run<C, S>())
            return run(ctx, embed(ctx, batch), batch.sequences, mask_of(regions{0, source}),
                       own_keys{}, hook);
    }

    /// [rows, width] -> [rows, vocabulary]
    template <any_context C> constexpr tensor_of<C> logits(C& ctx, tensor_of<C> hidden) const {
        if (this->size.factorised())
            hidden = ops::linear_transposed(ctx, hidden, projection.look());
        return ops::linear(ctx, hidden, tokens.weight.look());
    }

  private:
    template <any_context C> constexpr tensor_of<C> widened(C& ctx, tensor_of<C> x) const {
        return this->size.factorised() ? ops::linear(ctx, x, projection.look()) : x;
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::m6
