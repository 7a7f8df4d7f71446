// One transformer block: attention and feed-forward, each with a norm and a residual.
#pragma once

#include <reckon/layers/attention.hpp>
#include <reckon/layers/bands.hpp>
#include <reckon/layers/ffn.hpp>
#include <reckon/layers/norm.hpp>
#include <reckon/ops/add.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// The sizes every block is made from; a model's config gives them by `block_sizes(config)`.
struct block_size {
    idx width, heads, hidden;
    float epsilon;
    idx key_heads = 0;   // 0: as many as heads
    idx head_width = 0;  // 0: width / heads

    constexpr head_sizes attention() const {
        return {heads, key_heads != 0 ? key_heads : heads,
                head_width != 0 ? head_width : width / heads};
    }
};

template <class Spec> struct block {
    self_attention<Spec> attend;
    module_of<typename Spec::norm, Spec> norm_1;
    module_of<typename Spec::ffn, Spec> ffn;
    module_of<typename Spec::norm, Spec> norm_2;

    constexpr block() = default;
    constexpr explicit block(const block_size& s)
        : attend(s.width, s.attention()),
          norm_1(s.width, s.epsilon),
          ffn(s.width, s.hidden),
          norm_2(s.width, s.epsilon) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("attention", self.attend...);
        f("norm_1", self.norm_1...);
        f("ffn", self.ffn...);
        f("norm_2", self.norm_2...);
    }

    /// x [tokens, width] is overwritten at inference.
    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        const auto scope = ctx.scope();
        if constexpr (std::same_as<typename Spec::norm_order, pre_norm>) {
            const auto attended = attend(ctx, norm_1(ctx, x), at);
            const auto normed = norm_2.after_add_to(ctx, x, attended);
            by_bands(ctx, x, [&](tensor_of<C>& band, idx first) {
                add_to(ctx, band, ffn(ctx, normed.slice(first, band.rows)));
            });
        } else {
            norm_1.of_sum_in_place(ctx, x, attend(ctx, x, at));
            by_bands(ctx, x, [&](tensor_of<C>& band, idx) {
                norm_2.of_sum_in_place(ctx, band, ffn(ctx, band));
            });
        }
        return x;
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
