// Multi-head self-attention (Vaswani et al. 2017, 3.2.2): out(softmax(q k^T / sqrt(d)) v), with the
// mask of the site it stands at.
#pragma once

#include <reckon/core/math.hpp>
#include <reckon/layers/linear.hpp>
#include <reckon/layers/site.hpp>
#include <reckon/ops/attention.hpp>

namespace reckon::inline v0 {

template <class Spec> struct self_attention {
    using linear = part<typename Spec::linear, Spec>;
    linear query, key, value, out;
    idx heads = 1;
    float scale = 1;  // 1 / sqrt(width of a head)

    constexpr self_attention() = default;
    constexpr self_attention(idx width, idx head_count)
        : query(width, width),
          key(width, width),
          value(width, width),
          out(width, width),
          heads(head_count),
          scale(float(1 / square_root(double(width / head_count)))) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("query", self.query...);
        f("key", self.key...);
        f("value", self.value...);
        f("out", self.out...);
    }

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        const auto q = query(ctx, x), k = key(ctx, x), v = value(ctx, x);
        at.attention_inputs(ctx, q, k, v);
        const ops::key_values_of<C, typename C::element> source{k, v};
        return out(ctx, ops::attention(ctx, q, at.rows, source, at.mask,
                                       {.heads = heads, .scale = scale}));
    }
};

}  // namespace reckon::inline v0
