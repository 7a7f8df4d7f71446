// BERT as an encoder (Devlin et al. 2019): token + position + type embeddings, a norm, and a stack
// of post-norm blocks that see their whole sequence. Its output is [tokens, width]; pooling to one
// vector a text is tasks/embed.hpp.
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/layers/embedding.hpp>
#include <reckon/layers/spec_check.hpp>
#include <reckon/layers/stack.hpp>
#include <reckon/models/bert/config.hpp>
#include <reckon/ops/add_row.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace bert {

struct spec {
    using memory = heap;
    using number = float;
    using linear = dense<float>;
    using bias = with_bias;
    using table = dense<float>;
    using positions = learned_positions<position_order::from_first>;
    using norm = layer_normed;
    using norm_order = post_norm;
    using ffn = gelu_ffn;
    using sharing = share_none;
};

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

    /// Token + position + type (all of type 0), normed: [tokens, width].
    template <any_context C>
    constexpr tensor_of<C> embed(C& ctx, const id_batch<typename C::space>& batch) const {
        auto x = tokens(ctx, batch.ids);
        positions.add_to(ctx, x, batch.sequences);
        ops::add_row_to(ctx, x, types.look().slice(0, 1));
        norm.in_place(ctx, x);
        return x;
    }

    /// batch -> [tokens, width]
    template <class C, class Hook = no_hook>
    constexpr auto operator()(C& ctx, const id_batch<typename C::space>& batch,
                              Hook&& hook = {}) const {
        if constexpr (can_run<C, S>()) {
            auto x = embed(ctx, batch);
            const site at{batch.sequences, bidirectional{}, hook};
            return layers(ctx, x, at, layers.all());
        }
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::bert
