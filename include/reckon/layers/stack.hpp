// A stack of blocks, all of them or a half-open range of layers; sharing says which block serves
// which layer.
#pragma once

#include <reckon/core/heap_array.hpp>
#include <reckon/layers/hook.hpp>
#include <reckon/layers/site.hpp>
#include <reckon/layers/spec.hpp>
#include <reckon/ops/pool.hpp>

#include <array>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Each layer has its own block.
struct share_none {
    static constexpr bool is_sharing = true;
    static constexpr idx stored(idx layers) { return layers; }
    static constexpr idx block_of(idx layer) { return layer; }
};
/// One block, stored and visited once, serves every layer (ALBERT, M6-Edge).
struct share_all {
    static constexpr bool is_sharing = true;
    static constexpr idx stored(idx layers) { return layers == 0 ? 0 : 1; }
    static constexpr idx block_of(idx) { return 0; }
};

/// Layers [begin, end).
struct layer_range {
    idx begin = 0, end = 0;
};

namespace detail {

/// A model of fixed size keeps its blocks in place ..
template <class Block, idx Count> struct blocks_in_place : std::array<Block, Count> {
    constexpr blocks_in_place(idx, const typename Block::sizes& s) {
        for (auto& b : *this) b = Block(s);
    }
};
/// .. any other on the heap.
template <class Block> struct blocks_on_heap : heap_array<Block> {
    blocks_on_heap(idx count, const typename Block::sizes& s) : heap_array<Block>(count, s) {}
};

}  // namespace detail

template <class Spec, class Blocks> struct stack {
    using sharing = typename Spec::sharing;
    using sizes = typename module_of<typename Spec::block, Spec>::sizes;
    Blocks blocks;
    idx layers;

    constexpr stack(idx layer_count, const sizes& s)
        : blocks(sharing::stored(layer_count), s), layers(layer_count) {}

    static constexpr void visit(auto&& f, auto&... self) { f(inlined, self.blocks...); }

    constexpr layer_range all() const { return {0, layers}; }

    /// x [tokens, width] is overwritten at inference. A hook that says `flow::stop` ends the run.
    template <any_context C, class M, class Hook, class... How>
    constexpr tensor_of<C> operator()(C& ctx, tensor_of<C> x, const site<M, Hook, How...>& at,
                                      layer_range range) const {
        static_assert(hook_of<Hook, C>,
                      "stack: a hook has flow layer_output(ctx, layer, x), or "
                      "attention_inputs(ctx, layer, q, k, v), or both");
        expect_that(range.begin <= range.end && range.end <= layers, "stack", "range",
                    "begin <= end <= layers", range.end);
        for (idx i = range.begin; i < range.end; ++i) {
            const auto here = at.at_layer(i);
            x = blocks[sharing::block_of(i)](ctx, x, here);
            if (here.layer_output(ctx, x) == flow::stop) break;
        }
        return x;
    }

    /// All layers, for the last row of each sequence alone: [sequences, width].
    template <any_context C>
    constexpr tensor_of<C> last_rows(C& ctx, tensor_of<C> x, const auto& at,
                                     const auto& reading) const {
        if (layers == 0) return ops::pool(ctx, x, at.sequences, pooling::last);
        x = (*this)(ctx, x, at, {0, layers - 1});
        return blocks[sharing::block_of(layers - 1)].last_rows(ctx, x, at.at_layer(layers - 1),
                                                               reading.at_layer(layers - 1));
    }
};

namespace detail {

template <class Spec, auto Size> struct stack_for {
    using type = stack<Spec, blocks_in_place<module_of<typename Spec::block, Spec>,
                                             Spec::sharing::stored(Size.layers)>>;
};
template <class Spec, run_time R> struct stack_for<Spec, R> {
    using type = stack<Spec, blocks_on_heap<module_of<typename Spec::block, Spec>>>;
};

}  // namespace detail

/// The stack of a model whose config is `Size`, or is known at run time.
template <class Spec, auto Size> using stack_of = typename detail::stack_for<Spec, Size>::type;

}}}  // namespace reckon::v0::RECKON_ISA
