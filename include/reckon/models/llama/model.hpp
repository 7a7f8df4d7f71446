// Llama (Touvron et al. 2023): a decoder of pre-norm blocks with RMSNorm, rotary positions, grouped
// key heads and gated feed-forward units, no biases. Its output is normed, [tokens, width];
// `logits` takes any rows of it to the vocabulary.
#pragma once

#include <reckon/cache/kv_cache.hpp>
#include <reckon/core/batch.hpp>
#include <reckon/layers/base_spec.hpp>
#include <reckon/layers/context_check.hpp>
#include <reckon/layers/last_rows.hpp>
#include <reckon/layers/spec_check.hpp>
#include <reckon/models/llama/config.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace llama {

struct spec : base_spec {
    using bias = without_bias;
    using positions = rotary<rope_layout::half_split>;
    using norm = rms_normed;
    using norm_order = pre_norm;
    using ffn = gated_ffn<activation::silu>;
};

template <class Spec = spec, auto Size = run_time{}> struct model : sized<config, Size> {
    using S = checked<Spec, spec>;

    embedding_table<typename S::table, S> tokens;
    module_of<typename S::positions, S> positions;
    stack_of<S, Size> layers;
    module_of<typename S::norm, S> norm;
    typename S::linear::template weight<S> head;  // [vocabulary, width], none if tied

    constexpr explicit model(const config& c = default_size<config, Size>())
        : sized<config, Size>(c),
          tokens(c.vocabulary, c.width),
          positions(c.rope, c.head_width),
          layers(c.layers, {c.width, c.heads, c.hidden, c.epsilon, c.key_heads, c.head_width}),
          norm(c.width, c.epsilon),
          head(c.tied ? 0 : c.vocabulary, c.width) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("tokens", self.tokens...);
        f("layers", self.layers...);
        f("norm", self.norm...);
        if (!(self.size.tied && ...)) f("head.weight", self.head...);
    }

    constexpr cache_size cached() const {
        const idx width = this->size.key_heads * this->size.head_width;
        return {this->size.layers, width, width, this->size.key_heads};
    }
    /// Vectors of the ids alone, [tokens, width].
    template <any_context C> constexpr tensor_of<C> embed_ids(C& ctx, ops::ids_of<C> ids) const {
        return tokens(ctx, ids);
    }
    /// Such vectors as they are: positions enter in the attention.
    template <any_context C>
    constexpr tensor_of<C> embed_places(C& ctx, tensor_of<C> x, const ragged& sequences,
                                        per_sequence /* first */ = {}) const {
        return dropped(ctx, x, site{sequences, causal{}}, dropout_place::embedding);
    }
    /// What the blocks read: [tokens, width].
    template <any_context C>
    constexpr tensor_of<C> embed(C& ctx, const id_batch<typename C::space>& batch,
                                 per_sequence /* first */ = {}) const {
        return embed_places(ctx, embed_ids(ctx, batch.ids), batch.sequences);
    }

    /// The mask of these texts: a decoder has but one region, and soft prompts are part of it.
    static constexpr causal mask_of(const regions&) { return {}; }
    /// Embedded rows through the blocks, behind what `keys` holds of each sequence.
    template <any_context C, mask M = causal, class Keys = own_keys, class Hook = no_hook,
              class Tasks = no_tasks>
    constexpr tensor_of<C> run(C& ctx, tensor_of<C> x, const ragged& sequences, const M& mask = {},
                               const Keys& keys = {}, Hook&& hook = {},
                               const Tasks& tasks = {}) const {
        ops::expect_positions(ctx, sequences, keys.first(), this->size.positions);
        const auto rotation = positions.of(ctx, sequences, keys.first());
        const site at{sequences, mask, hook, rotation, keys, tasks};
        x = layers(ctx, x, at, layers.all());
        norm.in_place(ctx, x, at);
        return x;
    }

    /// The last row of each sequence, [sequences, width]; of the last block little else is made.
    template <any_context C, mask M = causal, class Keys = own_keys, class Tasks = no_tasks>
    constexpr tensor_of<C> run_last(C& ctx, tensor_of<C> x, const ragged& sequences,
                                    const M& mask = {}, const Keys& keys = {},
                                    const Tasks& tasks = {}) const {
        ops::expect_positions(ctx, sequences, keys.first(), this->size.positions);
        const auto rotation_of = [&](const ragged& rows, per_sequence first) {
            return positions.of(ctx, rows, first);
        };
        x = run_last_rows(ctx, layers, x, sequences, mask, keys, tasks, rotation_of);
        norm.in_place(ctx, x, site{sequences, mask});
        return x;
    }

    /// batch -> [tokens, width]
    template <class C, class Hook = no_hook>
    constexpr auto operator()(C& ctx, const id_batch<typename C::space>& batch,
                              Hook&& hook = {}) const {
        if constexpr (can_run<C, S>())
            return run(ctx, embed(ctx, batch), batch.sequences, causal{}, own_keys{}, hook);
    }

    /// [rows, width] -> [rows, vocabulary]
    template <any_context C> constexpr tensor_of<C> logits(C& ctx, tensor_of<C> hidden) const {
        return this->size.tied ? ops::linear(ctx, hidden, tokens.weight.look())
                               : ops::linear(ctx, hidden, head.look());
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::llama
