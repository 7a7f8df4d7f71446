// SASRec (Kang and McAuley 2018) in the post-norm form of ICLRec (Chen et al. 2022): item +
// position embeddings, a norm, causal blocks. The newest item stands at the last position. An
// item's score is its table row times the newest item's output (tied, section III-D of SASRec).
#pragma once

#include <reckon/core/batch.hpp>
#include <reckon/layers/embedding.hpp>
#include <reckon/layers/spec_check.hpp>
#include <reckon/layers/stack.hpp>
#include <reckon/models/sasrec/config.hpp>
#include <reckon/ops/pool.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

struct spec {
    using memory = heap;
    using number = float;
    using linear = dense<float>;
    using bias = with_bias;
    using table = dense<float>;
    using positions = learned_positions<position_order::to_last>;
    using norm = layer_normed;
    using norm_order = post_norm;
    using ffn = gelu_ffn;
    using sharing = share_none;
};

template <class Spec = spec, auto Size = run_time{}> struct model : sized<config, Size> {
    using S = checked<Spec, spec>;

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

    /// batch -> [tokens, width]
    template <class C, class Hook = no_hook>
    constexpr auto operator()(C& ctx, const id_batch<typename C::space>& batch,
                              Hook&& hook = {}) const {
        if constexpr (can_run<C, S>()) {
            auto x = items(ctx, batch.ids);
            positions.add_to(ctx, x, batch.sequences);
            norm.in_place(ctx, x);
            const site at{batch.sequences, causal{}, hook};
            return layers(ctx, x, at, layers.all());
        }
    }

    /// What comes next: batch -> [sequences, items]
    template <any_context C>
    constexpr tensor_of<C> scores(C& ctx, const id_batch<typename C::space>& batch) const {
        const auto newest = ops::pool(ctx, (*this)(ctx, batch), batch.sequences, pooling::last);
        return ops::linear(ctx, newest, items.weight.look());
    }
};

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
