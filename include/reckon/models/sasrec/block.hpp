// The block of SASRec's own code (Kang and McAuley 2018): queries alone are normed, residuals go on
// from what was normed.
//     q = norm_1(x),  z = norm_2(q + attention(q, keys and values of x)),  y = z + ffn(z)
#pragma once

#include <reckon/layers/block.hpp>
#include <reckon/ops/assign.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

template <class Spec> struct query_normed_block_module {
    using sizes = transformer_sizes;
    module_of<typename Spec::attention, Spec> attend;
    module_of<typename Spec::norm, Spec> norm_1;
    module_of<typename Spec::ffn, Spec> ffn;
    module_of<typename Spec::norm, Spec> norm_2;

    constexpr query_normed_block_module() = default;
    constexpr explicit query_normed_block_module(const sizes& s)
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
        auto z = norm_1(ctx, x, at);
        const auto attended = attend(ctx, z, x, at);
        norm_2.of_sum_in_place(ctx, z, dropped(ctx, attended, at, dropout_place::attention_out),
                               at);
        add_to(ctx, z, dropped(ctx, ffn(ctx, z, at), at, dropout_place::ffn_out));
        ops::assign(ctx, x, z);
        return x;
    }
};

struct query_normed_block {
    static constexpr bool is_block = true;
    template <class Spec> using module = query_normed_block_module<Spec>;
    template <class S> using requirements = transformer_block::requirements<S>;
};

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
