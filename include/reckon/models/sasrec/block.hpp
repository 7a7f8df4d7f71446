// The block of SASRec's own code (Kang and McAuley 2018): queries alone are normed, residuals go on
// from what was normed.
//     q = norm_1(x),  z = norm_2(q + attention(q, keys and values of x)),  y = z + ffn(z)
#pragma once

#include <reckon/layers/block.hpp>
#include <reckon/ops/assign.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

/// The parts of a transformer block, in another order.
template <class Spec> struct query_normed_block_module : transformer_block_module<Spec> {
    using transformer_block_module<Spec>::transformer_block_module;

    /// x [tokens, width] is overwritten at inference.
    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        const auto scope = ctx.scope();
        auto z = this->norm_1(ctx, x, at);
        const auto attended = this->attend(ctx, z, x, at);
        this->norm_2.of_sum_in_place(ctx, z,
                                     dropped(ctx, attended, at, dropout_place::attention_out), at);
        auto f = this->ffn(ctx, z, at);
        adapt(ctx, z, f, at, adapted_place::ffn);
        add_to(ctx, z, dropped(ctx, f, at, dropout_place::ffn_out));
        ops::assign(ctx, x, z);
        return x;
    }
    void last_rows(auto&&...) const = delete;  // of the other order
};

struct query_normed_block {
    static constexpr bool is_block = true;
    template <class Spec> using module = query_normed_block_module<Spec>;
    template <class S> using requirements = transformer_block::requirements<S>;
};

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
