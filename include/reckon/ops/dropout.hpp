// y = x * mask, the mask of training's dropout (core/dropout.hpp) at the rows of these sequences.
#pragma once

#include <reckon/core/dropout.hpp>
#include <reckon/ops/dispatch.hpp>
#include <reckon/ops/recorded.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// y = x * mask, or y += x * mask. The backward is the same product: dx = dy * mask.
struct dropout_op {
    static constexpr const char* name = "dropout";
    template <class C>
    using signature = void(dropout_mask mask, ragged sequences, input_of<C> x, gradient_of<C> y);
    static auto kernel(auto tag, auto&... a) -> decltype(dropout_kernel(tag, a...)) {
        dropout_kernel(tag, a...);
    }
};

namespace detail {

template <any_context C>
constexpr tensor_of<C> recorded_dropout(C& ctx, input_of<C> x, const place_of<C>& dx,
                                        const ragged& sequences, const dropout_mask& mask) {
    auto y = ctx.make(x.rows, x.cols);
    dispatch<dropout_op>(ctx, mask, sequences, x, gradient_of<C>{y, gradient_use::first});
    return recorded<C>(ctx, y, {dx}, [=](auto& c, auto dy, auto d) {
        dispatch<dropout_op>(c, mask, sequences, dy, d);
    });
}

}  // namespace detail

template <any_context C>
constexpr tensor_of<C> dropout(C& ctx, tensor_of<C> x, const ragged& sequences,
                               const dropout_mask& mask) {
    expect("dropout", "x.rows", sequences.rows(), x.rows);
    return detail::recorded_dropout<C>(ctx, x, gradient(ctx, x), sequences, mask);
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
    return detail::recorded_dropout<C>(ctx, table, gradient<C>(ctx, table), all, mask);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
