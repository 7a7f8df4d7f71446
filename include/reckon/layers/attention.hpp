// Attention policies. Multi-head self-attention (Vaswani et al. 2017, 3.2.2):
// out(softmax(q k^T / sqrt(d)) v), with the mask, the rotation and the keys of the site it stands
// at. Several query heads may share one head of keys and values (Ainslie et al. 2023).
#pragma once

#include <reckon/core/math.hpp>
#include <reckon/layers/adapt.hpp>
#include <reckon/layers/dropout.hpp>
#include <reckon/layers/linear.hpp>
#include <reckon/layers/site.hpp>
#include <reckon/ops/attention.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Heads of queries, of keys and values, and the width of each.
struct head_sizes {
    idx heads = 1, key_heads = 1, width = 1;
};

template <class Spec> struct self_attention {
    using linear = module_of<typename Spec::linear, Spec>;
    linear query, key, value, out;
    head_sizes size;
    float scale = 1;  // 1 / sqrt(width of a head)

    constexpr self_attention() = default;
    constexpr self_attention(idx width, const head_sizes& s)
        : query(width, s.heads * s.width),
          key(width, s.key_heads * s.width),
          value(width, s.key_heads * s.width),
          out(s.heads * s.width, width),
          size(s),
          scale(float(1 / square_root(double(s.width)))) {}

    static constexpr void visit(auto&& f, auto&... self) {
        f("query", self.query...);
        f("key", self.key...);
        f("value", self.value...);
        f("out", self.out...);
    }

    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const auto& at) const {
        auto [q, k, v] = linears(ctx, x, at, query, key, value);
        adapt(ctx, x, q, at, adapted_place::query);
        adapt(ctx, x, v, at, adapted_place::value);
        return attend(ctx, q, k, v, at, at);
    }
    /// Queries of other rows than the keys and values, but of the same places.
    template <any_context C>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> asking, tensor_of<C> x,
                                      const auto& at) const {
        return of_rows(ctx, asking, x, at, at);
    }
    /// Queries of fewer rows than the keys and values, which stand at a site of their own.
    template <any_context C>
    constexpr tensor_of<C> of_rows(C& ctx, tensor_of<C> asking, tensor_of<C> x, const auto& at,
                                   const auto& reading) const {
        auto q = query(ctx, asking, reading);
        auto [k, v] = linears(ctx, x, at, key, value);
        adapt(ctx, asking, q, reading, adapted_place::query);
        adapt(ctx, x, v, at, adapted_place::value);
        return attend(ctx, q, k, v, at, reading);
    }

  private:
    template <any_context C>
    constexpr tensor_of<C> attend(C& ctx, tensor_of<C> q, tensor_of<C> k, tensor_of<C> v,
                                  const auto& at, const auto& reading) const {
        reading.rotate(ctx, q);
        at.rotate(ctx, k);
        at.attention_inputs(ctx, q, k, v);
        const attention_options options{.heads = size.heads,
                                        .key_heads = size.key_heads,
                                        .scale = scale,
                                        .first_position = reading.keys.first_row()};
        const auto source = reading.keys.source(ctx, at.layer, at.sequences, k, v);
        const auto y = ops::attention(ctx, q, reading.sequences, source, reading.mask, options, {},
                                      dropout_at(ctx, reading, dropout_place::attention));
        return out(ctx, y, reading);
    }
};

/// softmax(q k^T / sqrt(d)) v, head by head.
struct softmax_attention {
    static constexpr bool is_attention = true;
    template <class Spec> using module = self_attention<Spec>;
};

}}}  // namespace reckon::v0::RECKON_ISA
