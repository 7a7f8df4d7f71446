// y = x * mask, the mask of training's dropout (core/dropout.hpp) at the rows of these sequences.
#pragma once

#include <reckon/core/dropout.hpp>
#include <reckon/ops/add.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// y may be x. The backward is the same product: dx = dy * mask.
struct dropout_op {
    static constexpr const char* name = "dropout";
    template <class C>
    using signature = void(dropout_mask mask, ragged sequences, input_of<C> x, output_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(dropout_kernel(tag, a...)) {
        dropout_kernel(tag, a...);
    }
};

template <any_context C>
constexpr tensor_of<C> dropout(C& ctx, tensor_of<C> x, const ragged& sequences,
                               const dropout_mask& mask) {
    expect("dropout", "x.rows", sequences.rows(), x.rows);
    auto y = ctx.make(x.rows, x.cols);
    dispatch<dropout_op>(ctx, mask, sequences, x, y);
    return recorded_onto<C>(
        ctx, y, x, passing::turned, {place_of<C>{}},
        [=](auto& c, auto dx, auto) { dispatch<dropout_op>(c, mask, sequences, dx, dx); });
}

/// A parameter with some of its numbers dropped, as an activation that can be used in its place:
/// one mask for all that read it. Without a mask it is copied all the same.
template <any_context C>
requires C::recording tensor_of<C> dropped_table(C& ctx, input_of<C> table, dropout_mask mask) {
    const auto offsets = ctx.template note<std::int32_t>(2);
    offsets(0, 0) = 0;
    offsets(0, 1) = std::int32_t(table.rows);
    mask.examples = nullptr;  // it belongs to none
    const ragged all{std::span<const std::int32_t>(offsets.data, 2)};
    auto y = ctx.make(table.rows, table.cols);
    dispatch<dropout_op>(ctx, mask, all, table, y);
    if (const auto dtable = gradient<C>(ctx, table); dtable.learns()) {
        ctx.track(y);
        ctx.record([p = ctx.place_of(y), mask, all, dtable](C& c) {
            if (!c.is_reached(*p.of)) return;
            const auto own = c.begin(p);
            dispatch<dropout_op>(c, mask, all, own, own);
            dispatch<add_backward_op>(c, own, c.begin(dtable));
            c.release(*p.of);
        });
    }
    return y;
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
