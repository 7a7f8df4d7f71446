// Block policies: what a stack repeats. The transformer block is attention and feed-forward, each
// with a norm and a residual. A policy states what its blocks need of a spec (`requirements`) and
// what they are made from (`sizes` of the module).
#pragma once

#include <reckon/layers/attention.hpp>
#include <reckon/layers/dropout.hpp>
#include <reckon/layers/ffn.hpp>
#include <reckon/layers/norm.hpp>
#include <reckon/layers/row_bands.hpp>
#include <reckon/ops/add.hpp>
#include <reckon/ops/pool.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct transformer_sizes {
    idx width, heads, hidden;
    float epsilon;
    idx key_heads = 0;   // 0: as many as heads
    idx head_width = 0;  // 0: width / heads

    constexpr head_sizes attention() const {
        return {heads, key_heads != 0 ? key_heads : heads,
                head_width != 0 ? head_width : width / heads};
    }
};

template <class Spec> struct transformer_block_module {
    using sizes = transformer_sizes;
    module_of<typename Spec::attention, Spec> attend;
    module_of<typename Spec::norm, Spec> norm_1;
    module_of<typename Spec::ffn, Spec> ffn;
    module_of<typename Spec::norm, Spec> norm_2;

    constexpr transformer_block_module() = default;
    constexpr explicit transformer_block_module(const sizes& s)
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
            const auto attended = attend(ctx, norm_1(ctx, x, at), at);
            const auto normed = norm_2.after_add_to(
                ctx, x, dropped(ctx, attended, at, dropout_place::attention_out), at);
            by_bands(ctx, x, [&](tensor_of<C>& band, idx first) {
                const auto here = at.from_row(first);
                const auto z = normed.slice(first, band.rows);
                auto f = ffn(ctx, z, here);
                adapt(ctx, z, f, here, adapted_place::ffn);
                add_to(ctx, band, dropped(ctx, f, here, dropout_place::ffn_out));
            });
        } else {
            const auto attended = attend(ctx, x, at);
            norm_1.of_sum_in_place(ctx, x, dropped(ctx, attended, at, dropout_place::attention_out),
                                   at);
            by_bands(ctx, x, [&](tensor_of<C>& band, idx first) {
                const auto here = at.from_row(first);
                auto f = ffn(ctx, band, here);
                adapt(ctx, band, f, here, adapted_place::ffn);
                norm_2.of_sum_in_place(ctx, band, dropped(ctx, f, here, dropout_place::ffn_out),
                                       here);
            });
        }
        return x;
    }

    /// The last row of each sequence alone, [sequences, width]: keys and values are made of all
    /// rows, all else of those. `reading`: their site (layers/last_rows.hpp).
    template <any_context C>
    constexpr tensor_of<C> last_rows(C& ctx, tensor_of<C> x, const auto& at,
                                     const auto& reading) const {
        auto y = ops::pool(ctx, x, at.sequences, pooling::last);
        if constexpr (std::same_as<typename Spec::norm_order, pre_norm>) {
            const auto z = norm_1(ctx, x, at);
            const auto attended =
                attend.of_rows(ctx, ops::pool(ctx, z, at.sequences, pooling::last), z, at, reading);
            const auto normed = norm_2.after_add_to(
                ctx, y, dropped(ctx, attended, reading, dropout_place::attention_out), reading);
            auto f = ffn(ctx, normed, reading);
            adapt(ctx, normed, f, reading, adapted_place::ffn);
            add_to(ctx, y, dropped(ctx, f, reading, dropout_place::ffn_out));
        } else {
            const auto attended = attend.of_rows(ctx, y, x, at, reading);
            norm_1.of_sum_in_place(
                ctx, y, dropped(ctx, attended, reading, dropout_place::attention_out), reading);
            auto f = ffn(ctx, y, reading);
            adapt(ctx, y, f, reading, adapted_place::ffn);
            norm_2.of_sum_in_place(ctx, y, dropped(ctx, f, reading, dropout_place::ffn_out),
                                   reading);
        }
        return y;
    }
};

struct transformer_block {
    static constexpr bool is_block = true;
    template <class Spec> using module = transformer_block_module<Spec>;

    template <class S> struct requirements {
        static_assert(attention_policy<typename S::attention>,
                      "spec: `attention` must be an attention policy such as softmax_attention");
        static_assert(ffn_policy<typename S::ffn>,
                      "spec: `ffn` must be a feed-forward policy such as gelu_ffn, silu_ffn");
        static_assert(norm_policy<typename S::norm>,
                      "spec: `norm` must be a norm policy such as layer_normed");
        static_assert(norm_order_policy<typename S::norm_order>,
                      "spec: `norm_order` must be pre_norm or post_norm");
        static constexpr bool met = attention_policy<typename S::attention> &&
                                    ffn_policy<typename S::ffn> && norm_policy<typename S::norm> &&
                                    norm_order_policy<typename S::norm_order>;
    };
};

}}}  // namespace reckon::v0::RECKON_ISA
